// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error that a client of the oidc service gets as JSON.
// Spec: RFC 6749 §5.2 (error, error_description); RFC 8628 §3.5

import { type AnswerTable, answerByCode } from "../../shared/http/status.ts";
import type { TokenRequestError } from "../../shared/oauth/request/token-request.ts";
import type { CodeRefusal, PollRefusal } from "../../shared/rpc/grants.ts";

/** Every error that is not a page. */
export type OidcError =
  | { readonly code: "oidc_path_unknown" }
  | { readonly code: "oidc_method_wrong"; readonly allow: string }
  | { readonly code: "oidc_failed"; readonly requestId: string }
  | { readonly code: "token_sign_in_off" }
  | { readonly code: "device_flow_off" }
  | { readonly code: "device_table_full" }
  | { readonly code: "tokens_limited" }
  /** `problem` completes "the request …". */
  | { readonly code: "token_form_invalid"; readonly problem: string }
  | TokenRequestError
  | CodeRefusal
  | PollRefusal;

/** An OAuth error response. */
export interface OAuthAnswer {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const refuse = (error: string, description: string, status = 400): OAuthAnswer => ({ status, error, description });
const refuseGrant = (description: string): OAuthAnswer => refuse("invalid_grant", description);

const RETRY_LATER = { "retry-after": "10" };
const START_AGAIN = "start again";
const CODE_OVER = "the code is unknown, already used, or expired: codes last a minute";

const ANSWERS: AnswerTable<OidcError, OAuthAnswer> = {
  oidc_path_unknown: () => refuse("not_found", "the issuer has no such path", 404),
  oidc_method_wrong: ({ allow }) => ({ ...refuse("invalid_request", `use ${allow}`, 405), headers: { allow } }),
  oidc_failed: ({ requestId }) => ({
    ...refuse("temporarily_unavailable", `the issuer failed; its log has request ${requestId}`, 503),
    headers: { "retry-after": "1" },
  }),
  token_sign_in_off: () => refuse("unauthorized_client", "nobody can sign in here: this deployment has no connector"),
  device_flow_off: () => refuse("unauthorized_client", "sign-ins by a code of another device are switched off here"),
  device_table_full: () => ({
    ...refuse("slow_down", "too many programs wait for a sign-in: try again later", 429),
    headers: RETRY_LATER,
  }),
  // A waiting device knows `slow_down` and ends on anything that it does not know. Others show the description.
  tokens_limited: () => ({
    ...refuse("slow_down", "too many requests from this network: retry in ten seconds", 429),
    headers: RETRY_LATER,
  }),
  token_form_invalid: ({ problem }) => refuse("invalid_request", `the request ${problem}`),
  token_request_refused: ({ error, description }) => refuse(error, description, error === "invalid_client" ? 401 : 400),
  // An attacker learns nothing from the difference.
  code_unknown: () => refuseGrant(CODE_OVER),
  code_used: () => refuseGrant(CODE_OVER),
  code_of_another_client: () => refuseGrant(CODE_OVER),
  code_redirect_wrong: () => refuseGrant("redirect_uri is not that of the authorization request"),
  code_verifier_wrong: () => refuseGrant("code_verifier is not that of the authorization request"),
  authorization_pending: () => refuse("authorization_pending", "nobody has confirmed the code yet"),
  slow_down: () => refuse("slow_down", "poll every five seconds"),
  access_denied: () => refuse("access_denied", "the sign-in was refused in the browser"),
  expired_token: () => refuse("expired_token", `the code expired before anybody confirmed it: ${START_AGAIN}`),
  device_of_another_client: () => refuseGrant("another client asked for this device code"),
  device_verifier_wrong: () => refuseGrant("code_verifier is not that of the device request"),
};

/** Renders the error as a response that is never cached. */
export const renderError = (error: OidcError): Response => renderOAuthError(answerByCode(ANSWERS, error));

/** Renders an OAuth error as a response that is never cached. */
export function renderOAuthError({ status, error, description, headers = {} }: OAuthAnswer): Response {
  const body = { error, error_description: description };
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}
