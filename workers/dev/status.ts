// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the development issuer. Spec: RFC 6749 §5.2 (error, error_description).

import type { BodyError } from "../../shared/http/body.ts";
import { type AnswerTable, answerByCode } from "../../shared/http/status.ts";
import { type OAuthAnswer, renderOAuthError } from "../oidc/status.ts";

/** Why a token request is rejected. */
export type DevTokenError =
  | { readonly code: "token_host_not_loopback" }
  | { readonly code: "token_type_not_json" }
  | BodyError
  /** `problem` completes the sentence "the request …". */
  | { readonly code: "token_request_invalid"; readonly problem: string };

const ANSWERS: AnswerTable<DevTokenError, OAuthAnswer> = {
  token_host_not_loopback: () => ({
    status: 403,
    error: "access_denied",
    description: "the development issuer answers only on a loopback host",
  }),
  token_type_not_json: () => ({
    status: 415,
    error: "invalid_request",
    description: "send content-type: application/json",
  }),
  body_incomplete: () => ({
    status: 400,
    error: "invalid_request",
    description: "the request ends before its body does: send it again",
  }),
  body_too_large: ({ maxBodyBytes }) => ({
    status: 413,
    error: "invalid_request",
    description: `the request is larger than ${maxBodyBytes} bytes`,
  }),
  token_request_invalid: ({ problem }) => ({
    status: 400,
    error: "invalid_request",
    description: `the request ${problem}`,
  }),
};

/** Renders the error as a response that is never cached. */
export const reject = (error: DevTokenError): Response => renderOAuthError(answerByCode(ANSWERS, error));
