// SPDX-License-Identifier: Apache-2.0
// The deployment that doctor looks at from outside. Each route is read once, so that all checks see the same answer.

import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, type Result } from "../../shared/result.ts";
import { type Answer, get, healthOf } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import type { Advice } from "./advice.ts";

/** A deployment, seen from outside. */
export interface Site {
  readonly publicUrl: PublicUrl;
  readonly advice: Advice;
  /** Reads a route, or returns what was read before. The error is the reason of the network. */
  readonly read: (path: string) => Promise<Result<Answer, string>>;
  /** Reads the problems that /healthz names, one line each; empty if it cannot be read. */
  readonly problems: () => Promise<readonly string[]>;
}

/** Opens a deployment. */
export function openSite(publicUrl: PublicUrl, advice: Advice): Site {
  const answers = new Map<string, Promise<Result<Answer, string>>>();
  const read = (path: string): Promise<Result<Answer, string>> => {
    const known = answers.get(path) ?? get(`${publicUrl.href}${path}`);
    answers.set(path, known);
    return known;
  };
  const readProblems = async (): Promise<readonly string[]> => {
    const answer = await read(PATHS.health);
    const health = answer.ok ? healthOf(answer.value) : answer;
    return health.ok ? health.value.problems : [];
  };
  return { publicUrl, advice, read, problems: readProblems };
}

/** Reads a route by one of the parsers of status/observe.ts. The error names the route. */
export async function readAs<T>(
  { read }: Site,
  path: string,
  parse: (answer: Answer) => Result<T, string>,
): Promise<Result<T, string>> {
  const answer = await read(path);
  const parsed = answer.ok ? parse(answer.value) : answer;
  return parsed.ok ? parsed : err(`${path} ${parsed.error}`);
}

/** An answer with status 200, as it is. */
export const requireSuccess = (answer: Answer): Result<Answer, string> =>
  answer.status === 200 ? { ok: true, value: answer } : err(`answers ${answer.status}`);

/** The text of an answer and its type, for a person. */
export const describeAnswer = ({ status, headers }: Answer): string =>
  `${status} ${headers.get("content-type") ?? "without a type"}`;
