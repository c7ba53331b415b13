// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the oidc service. Spec: RFC 6749 §5.2 (error, error_description).

import { type AnswerTable, answerByCode } from "../../shared/http/status.ts";

/** Every error of the service. */
export type OidcError =
  | { readonly code: "oidc_path_unknown" }
  | { readonly code: "oidc_method_wrong"; readonly allow: string }
  | { readonly code: "oidc_failed"; readonly requestId: string };

/** An OAuth error response. */
export interface OAuthAnswer {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ANSWERS: AnswerTable<OidcError, OAuthAnswer> = {
  oidc_path_unknown: () => ({ status: 404, error: "not_found", description: "the issuer has no such path" }),
  oidc_method_wrong: ({ allow }) => ({
    status: 405,
    error: "invalid_request",
    description: `use ${allow}`,
    headers: { allow },
  }),
  oidc_failed: ({ requestId }) => ({
    status: 503,
    error: "temporarily_unavailable",
    description: `the issuer failed; its log has request ${requestId}`,
    headers: { "retry-after": "1" },
  }),
};

/** Renders the error as a response that is never cached. */
export const renderError = (error: OidcError): Response => renderOAuthError(answerByCode(ANSWERS, error));

/** Renders an OAuth error as a response that is never cached. */
export function renderOAuthError({ status, error, description, headers = {} }: OAuthAnswer): Response {
  const body = { error, error_description: description };
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
