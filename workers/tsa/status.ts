// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the tsa service: {"code": <HTTP status>, "message"}, as Sigstore's timestamp
// authority sends it. Spec: https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml#definitions

import type { BodyError } from "../../shared/http/body.ts";
import { type AnswerTable, answerByCode, type HttpAnswer, renderHttpAnswer } from "../../shared/http/status.ts";
import { formatRfc3339, type UnixMs } from "../../shared/time.ts";

/** Every error of the service. */
export type TsaError =
  | { readonly code: "tsa_path_unknown" }
  | { readonly code: "tsa_method_wrong"; readonly allow: string }
  | { readonly code: "tsa_rate_limited" }
  | { readonly code: "timestamp_type_unknown" }
  | BodyError
  /** `problem` completes the sentence "the request …". */
  | { readonly code: "timestamp_query_invalid"; readonly problem: string }
  | { readonly code: "timestamp_certificate_not_valid"; readonly notBefore: UnixMs; readonly notAfter: UnixMs }
  | { readonly code: "tsa_failed"; readonly requestId: string };

const ANSWERS: AnswerTable<TsaError, HttpAnswer> = {
  tsa_path_unknown: () => ({ status: 404, message: "the timestamp authority has no such path" }),
  tsa_method_wrong: ({ allow }) => ({ status: 405, message: `use ${allow}`, headers: { allow } }),
  tsa_rate_limited: () => ({
    status: 429,
    message: "too many requests from this network: retry in ten seconds",
    headers: { "retry-after": "10" },
  }),
  timestamp_type_unknown: () => ({
    status: 415,
    message: "send content-type application/timestamp-query (DER) or application/json",
  }),
  body_incomplete: () => ({ status: 400, message: "the request ends before its body does: send it again" }),
  body_too_large: ({ maxBodyBytes }) => ({
    status: 400,
    message: `the request is larger than ${maxBodyBytes} bytes`,
  }),
  timestamp_query_invalid: ({ problem }) => ({ status: 400, message: `the request ${problem}` }),
  timestamp_certificate_not_valid: ({ notBefore, notAfter }) => ({
    status: 503,
    message:
      `the timestamping certificate is valid from ${formatRfc3339(notBefore)} to ${formatRfc3339(notAfter)} only; ` +
      "the operator must replace it",
    headers: { "retry-after": "60" },
  }),
  tsa_failed: ({ requestId }) => ({
    status: 503,
    message: `the timestamp authority failed; its log has request ${requestId}`,
    headers: { "retry-after": "1" },
  }),
};

/** Renders the error as a response that is never cached. */
export const renderError = (error: TsaError): Response => renderHttpAnswer(answerByCode(ANSWERS, error));
