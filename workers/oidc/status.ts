// SPDX-License-Identifier: Apache-2.0
// Failures of the oidc service → HTTP. Spec: RFC 6749 §5.2 (error, error_description).

import { unreachable } from "../../shared/unreachable.ts";

export type OidcError =
  | { readonly code: "oidc_path_unknown" }
  | { readonly code: "oidc_method_wrong"; readonly allow: string }
  | { readonly code: "token_host_not_loopback" }
  | { readonly code: "token_type_not_json" }
  | { readonly code: "token_body_too_large"; readonly maxBodyBytes: number }
  /** `problem` completes "the request …". */
  | { readonly code: "token_request_invalid"; readonly problem: string }
  | { readonly code: "oidc_failed"; readonly requestId: string };

interface Answer {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The error as a response that no cache keeps. */
export function renderError(failure: OidcError): Response {
  const { status, error, description, headers = {} } = answerTo(failure);
  const body = { error, error_description: description };
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

function answerTo(failure: OidcError): Answer {
  switch (failure.code) {
    case "oidc_path_unknown":
      return { status: 404, error: "not_found", description: "the issuer has no such path" };
    case "oidc_method_wrong": {
      const headers = { allow: failure.allow };
      return { status: 405, error: "invalid_request", description: `use ${failure.allow}`, headers };
    }
    case "token_host_not_loopback": {
      const description = "the development issuer answers only on a loopback host";
      return { status: 403, error: "access_denied", description };
    }
    case "token_type_not_json":
      return { status: 415, error: "invalid_request", description: "send content-type: application/json" };
    case "token_body_too_large": {
      const description = `the request is larger than ${failure.maxBodyBytes} bytes`;
      return { status: 413, error: "invalid_request", description };
    }
    case "token_request_invalid":
      return { status: 400, error: "invalid_request", description: `the request ${failure.problem}` };
    case "oidc_failed": {
      const description = `the issuer failed; the log has request ${failure.requestId}`;
      return { status: 503, error: "temporarily_unavailable", description, headers: { "retry-after": "1" } };
    }
    default:
      return unreachable(failure);
  }
}
