// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the monitor service that is no page: {"code": <HTTP status>, "message"}.

import { type AnswerTable, answerByCode, type HttpAnswer, renderHttpAnswer } from "../../shared/http/status.ts";

/** Every error that is not a page. */
export type MonitorError =
  | { readonly code: "monitor_path_unknown" }
  | { readonly code: "monitor_method_wrong"; readonly allow: string }
  | { readonly code: "monitor_limited" }
  | { readonly code: "monitor_failed"; readonly requestId: string };

const ANSWERS: AnswerTable<MonitorError, HttpAnswer> = {
  monitor_path_unknown: () => ({ status: 404, message: "the monitor has no such path" }),
  monitor_method_wrong: ({ allow }) => ({ status: 405, message: `use ${allow}`, headers: { allow } }),
  monitor_limited: () => ({
    status: 429,
    message: "too many requests from this network: retry in ten seconds",
    headers: { "retry-after": "10" },
  }),
  monitor_failed: ({ requestId }) => ({
    status: 503,
    message: `the monitor failed; its log has request ${requestId}`,
    headers: { "retry-after": "1" },
  }),
};

/** Renders the error as a response that is never cached. */
export const renderError = (error: MonitorError): Response => renderHttpAnswer(answerByCode(ANSWERS, error));
