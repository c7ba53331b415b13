// SPDX-License-Identifier: Apache-2.0
// Failures of the trust room → HTTP: {"code": <HTTP status>, "message"}.

import { unreachable } from "../../shared/unreachable.ts";

export type TrustError =
  | { readonly code: "trust_path_unknown" }
  | { readonly code: "trust_method_wrong"; readonly allow: string }
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
    case "trust_failed": {
      const message = `the keys of the logs cannot be read now; the trust room's log has request ${failure.requestId}`;
      return { status: 503, message, headers: { "retry-after": "1" } };
    }
    default:
      return unreachable(failure);
  }
}
