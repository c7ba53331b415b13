// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the trust service: {"code": <HTTP status>, "message"}.

import { type AnswerTable, answerByCode, type HttpAnswer, renderHttpAnswer } from "../../shared/http/status.ts";

/** Every error of the service. */
export type TrustError =
  | { readonly code: "trust_path_unknown" }
  | { readonly code: "trust_method_wrong"; readonly allow: string }
  | { readonly code: "tuf_absent" }
  /** Must be 404: clients request the next root until they get this status. */
  | { readonly code: "tuf_path_unknown" }
  | { readonly code: "tuf_refused"; readonly problems: readonly string[] }
  | { readonly code: "trust_failed"; readonly requestId: string };

const ANSWERS: AnswerTable<TrustError, HttpAnswer> = {
  trust_path_unknown: () => ({ status: 404, message: "there is no such trust document" }),
  trust_method_wrong: ({ allow }) => ({ status: 405, message: `use ${allow}`, headers: { allow } }),
  tuf_absent: () => ({
    status: 404,
    message: "this deployment has no TUF repository: its trust file has none for its PUBLIC_URL",
  }),
  tuf_path_unknown: () => ({ status: 404, message: "the TUF repository has no such file" }),
  tuf_refused: ({ problems }) => ({
    status: 503,
    message: `the TUF repository of this deployment cannot be served: ${problems.join(" ")}`,
    headers: { "retry-after": "60" },
  }),
  trust_failed: ({ requestId }) => ({
    status: 503,
    message: `the trust service failed; its log has request ${requestId}`,
    headers: { "retry-after": "1" },
  }),
};

/** Renders the error as a response that is never cached. */
export const renderError = (error: TrustError): Response => renderHttpAnswer(answerByCode(ANSWERS, error));
