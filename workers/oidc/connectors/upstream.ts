// SPDX-License-Identifier: Apache-2.0
// Connects to providers through the deployment's one fetch for foreign addresses, with a deadline and a limit for each
// answer, in the form that oauth4webapi calls.

import { allowInsecureRequests, customFetch } from "oauth4webapi";
import { describeOutsideError, type FetchOutside } from "../../../shared/http/outside.ts";
import { member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import type { Platform } from "../platform.ts";

/** All requests of one step together: a person waits. */
const TIMEOUT_MS = 10_000;
/** Providers send 2 KiB; a key set of 20 keys with certificates has 60 KiB, and 100 teams with their texts 200. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** 100 teams of GitHub's with their organizations have 6,000. */
const MAX_ANSWER_VALUES = 16_384;

/** There was no usable answer. Thrown through oauth4webapi, which passes on what its fetch throws. */
export class NoAnswer extends Error {
  /** Completes "<name> …". Holds nothing that the provider sent. */
  readonly problem: string;

  constructor(problem: string) {
    super(problem);
    this.problem = problem;
  }
}

/** How a connector reaches its provider. */
export interface UpstreamTools extends Pick<Platform, "startDeadline" | "makeResponse"> {
  readonly fetchOutside: FetchOutside;
}

/** The options of every call of oauth4webapi for one step of one sign-in. */
export interface UpstreamOptions {
  readonly [customFetch]: UpstreamFetch;
  readonly [allowInsecureRequests]: boolean;
}

interface UpstreamInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string | null | undefined;
}

export type UpstreamFetch = (url: string, init: UpstreamInit) => Promise<Response>;

/** @param issuer where plain http is allowed, the address that the connector was configured with is so itself */
export const makeUpstreamOptions = (tools: UpstreamTools, issuer: string): UpstreamOptions => ({
  // createFetchOutside refuses plain http to any host but a loopback one of a development stack.
  [allowInsecureRequests]: issuer.startsWith("http:"),
  [customFetch]: makeUpstreamFetch(tools),
});

/** A fetch for one step of one sign-in. Rejects with NoAnswer; an answer that says it is JSON is bounded JSON. */
export function makeUpstreamFetch({ fetchOutside, startDeadline, makeResponse }: UpstreamTools): UpstreamFetch {
  const deadline = startDeadline(TIMEOUT_MS);
  return async (url, { method, headers, body = null }) => {
    const answer = await fetchOutside(url, {
      method: method === "POST" ? "POST" : "GET",
      headers,
      ...(body === null ? {} : { body: body.toString() }),
      deadline,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (!answer.ok) throw new NoAnswer(describeOutsideError(answer.error));
    const { status, headers: answered, body: bytes } = answer.value;
    const isJson = answered.get("content-type")?.includes("json") === true;
    const json = isJson && bytes.length > 0 ? parseJson(bytes, MAX_ANSWER_VALUES) : null;
    if (json !== null && !json.ok) throw new NoAnswer(`sent an answer that cannot be read (${json.error.code})`);
    // GitHub answers errors with 200. The library reads an error only with its status.
    const isError = method === "POST" && typeof member(json?.value, "error") === "string";
    const shown = isError && status === 200 ? 400 : status;
    return makeResponse(status === 204 ? null : bytes, { status: shown, headers: answered });
  };
}
