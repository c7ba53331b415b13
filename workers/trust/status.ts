// SPDX-License-Identifier: Apache-2.0
// Failures of the trust service → HTTP: {"code": <HTTP status>, "message"}.

import { unreachable } from "../../shared/unreachable.ts";

export type TrustError =
  | { readonly code: "trust_path_unknown" }
  | { readonly code: "trust_method_wrong"; readonly allow: string }
  | { readonly code: "tuf_absent" }
  /** Clients look for the next root until there is none: this has to be 404 and nothing else. */
  | { readonly code: "tuf_path_unknown" }
  | { readonly code: "tuf_refused"; readonly problems: readonly string[] }
  | { readonly code: "trust_failed"; readonly requestId: string };

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error as a response that no cache keeps. */
export function renderError(failure: TrustError): Response {
  const { status, message, headers = {} } = answerTo(failure);
  return Response.json({ code: status, message }, { status, headers: { "cache-control": "no-store", ...headers } });
}

function answerTo(failure: TrustError): Answer {
  switch (failure.code) {
    case "trust_path_unknown":
      return { status: 404, message: "there is no such trust document" };
    case "trust_method_wrong":
      return { status: 405, message: `use ${failure.allow}`, headers: { allow: failure.allow } };
    case "tuf_absent":
      return {
        status: 404,
        message: "this deployment has no TUF repository: its trust file holds none for its PUBLIC_URL",
      };
    case "tuf_path_unknown":
      return { status: 404, message: "the TUF repository has no such file" };
    case "tuf_refused": {
      const message = `the TUF repository of this deployment cannot be served: ${failure.problems.join(" ")}`;
      return { status: 503, message, headers: { "retry-after": "60" } };
    }
    case "trust_failed": {
      const message = `the trust service cannot answer now; the trust service's log has request ${failure.requestId}`;
      return { status: 503, message, headers: { "retry-after": "1" } };
    }
    default:
      return unreachable(failure);
  }
}
