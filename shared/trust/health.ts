// SPDX-License-Identifier: Apache-2.0
// The trust service's report on itself to the rest of its deployment: the problems that /healthz shows and the expiries
// that /metrics counts down.

import { isObject, member } from "../json/member.ts";

/**
 * Only requests from the service's own deployment get here: no public route leads to this path
 * (workers/front/routes.ts).
 */
export const TRUST_HEALTH_PATH = "/trust/health";

/** The report of the trust service. */
export interface TrustHealth {
  /** Sentences that say what is wrong and what to do; empty while all is well. */
  readonly problems: readonly string[];
  readonly expiries: readonly TrustExpiry[];
}

interface TrustExpiry {
  readonly what: string;
  /** RFC 3339. */
  readonly expires: string;
  /** Negative once it has expired. */
  readonly secondsLeft: number;
}

/** Sends a request to the trust service of the same deployment. */
export type AskTrust = (request: Request) => Response | Promise<Response>;

/**
 * Fetches the report. Rejects if the trust service fails or its response is not a TrustHealth. @param publicUrl
 * PublicUrl.href
 */
export async function readTrustHealth(publicUrl: string, ask: AskTrust): Promise<TrustHealth> {
  const response = await ask(new Request(`${publicUrl}${TRUST_HEALTH_PATH}`));
  if (!response.ok) throw new Error(`the trust service answers ${response.status}: ${await readMessage(response)}`);
  const health = decodeHealth(await response.json());
  if (health === null) throw new Error("the trust service answers with something other than its health");
  return health;
}

function decodeHealth(json: unknown): TrustHealth | null {
  const problems = member(json, "problems");
  const expiries = member(json, "expiries");
  return isListOf(problems, isText) && isListOf(expiries, isExpiry) ? { problems, expiries } : null;
}

const isListOf = <T>(value: unknown, isItem: (item: unknown) => item is T): value is readonly T[] =>
  Array.isArray(value) && value.every(isItem);

const isText = (value: unknown): value is string => typeof value === "string";

const isExpiry = (value: unknown): value is TrustExpiry =>
  isObject(value) && isText(value["what"]) && isText(value["expires"]) && typeof value["secondsLeft"] === "number";

async function readMessage(response: Response): Promise<string> {
  const message = member(await response.json().catch(() => null), "message");
  return typeof message === "string" ? message : "no reason";
}
