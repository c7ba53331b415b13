// SPDX-License-Identifier: Apache-2.0
// How connectors reach their providers: through the deployment's one fetch for foreign addresses, with a deadline and a
// limit for each answer, in the form that oauth4webapi calls.

import { allowInsecureRequests, customFetch } from "oauth4webapi";
import { describeOutsideError, type FetchOutside, type OutsideError } from "../../../shared/http/outside.ts";

/** All requests of one step together: a person waits. */
const TIMEOUT_MS = 10_000;
/** Providers send 2 KiB; a key set of 20 keys with certificates has 60 KiB. */
const MAX_ANSWER_BYTES = 256 * 1024;

/** There was no answer. Thrown through oauth4webapi, which passes on what its fetch throws. */
export class NoAnswer extends Error {
  readonly error: OutsideError;

  constructor(error: OutsideError) {
    super(error.code);
    this.error = error;
  }

  /** Completes "<name> …". */
  get problem(): string {
    return describeOutsideError(this.error);
  }
}

/** The options of every call of oauth4webapi for one step of one sign-in. */
export interface UpstreamOptions {
  readonly [customFetch]: UpstreamFetch;
  readonly [allowInsecureRequests]: boolean;
}

type UpstreamFetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: URLSearchParams | string | null | undefined;
  },
) => Promise<Response>;

/** @param issuer where plain http is allowed, the address that the connector was configured with is so itself */
export function makeUpstreamOptions(fetchOutside: FetchOutside, issuer: string): UpstreamOptions {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  return {
    // createFetchOutside refuses plain http to any host but a loopback one of a development stack.
    [allowInsecureRequests]: issuer.startsWith("http:"),
    [customFetch]: async (url, { method, headers, body = null }) => {
      const answer = await fetchOutside(url, {
        method: method === "POST" ? "POST" : "GET",
        headers,
        ...(body === null ? {} : { body: body.toString() }),
        deadline,
        maxBytes: MAX_ANSWER_BYTES,
      });
      if (!answer.ok) throw new NoAnswer(answer.error);
      const { status, headers: answered, body: bytes } = answer.value;
      return new Response(status === 204 ? null : bytes, { status, headers: answered });
    },
  };
}
