// SPDX-License-Identifier: Apache-2.0
// The answers of the Rekor v1 API that are no result: `{"code","message"}`, and 404 without a body.
// Spec: https://github.com/sigstore/rekor/blob/main/openapi.yaml (Error), pkg/api/error.go

import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { type HttpAnswer, httpStatusOf } from "../../../shared/http/status.ts";
import type { EntryProblem } from "../../../shared/rekor-v1/problem.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { AddEntryError, LogError } from "../errors.ts";
import { entryStatus } from "../rekor-v2/add-entry-status.ts";
import { httpAnswerOf, logFailure } from "../status.ts";
import { respondJson } from "./respond.ts";

/** A request that does not have the form of the API. */
export interface QueryProblem {
  readonly code: "v1_query_invalid";
  readonly status: 400 | 422;
  /** The reference's number of the rule; the status where it has none. */
  readonly number: number;
  readonly message: string;
}

/** Makes the problem of a request that breaks a rule of the API's schema. */
export const breaksSchema = (number: number, message: string): QueryProblem => ({
  code: "v1_query_invalid",
  status: 422,
  number,
  message,
});

/** Makes the problem of a request that asks for something impossible. */
export const asksImpossible = (message: string): QueryProblem => ({
  code: "v1_query_invalid",
  status: 400,
  number: 400,
  message,
});

/** Answers a request that does not have the form of the API. */
export const renderQueryProblem = ({ status, number, message }: QueryProblem): Response =>
  respondJson({ code: number, message }, { status });

/** Answers an entry that is not accepted. */
export function renderEntryProblem(problem: EntryProblem): Response {
  switch (problem.code) {
    case "v1_entry_malformed":
      return respondJson({ code: problem.number, message: problem.reason }, { status: 422 });
    case "v1_entry_invalid":
    case "v1_kind_unsupported":
      return renderAnswer({ status: 400, message: `error processing entry: ${problem.reason}` });
    default:
      return unreachable(problem);
  }
}

/** Answers an entry that was not logged, or that was logged but cannot be proven. */
export function renderAddError(request: Request, error: AddEntryError): Response {
  const status = entryStatus(error);
  logFailure(request, error, status.grpc === "UNAVAILABLE" ? "error" : "warn");
  const message = status.grpc === "INVALID_ARGUMENT" ? `error processing entry: ${status.message}` : status.message;
  return renderAnswer({ status: httpStatusOf(status), message, headers: status.headers ?? {} });
}

/** Answers a read that failed. */
export const renderReadError = (request: Request, error: LogError): Response =>
  renderAnswer(httpAnswerOf(request, error));

/** 404 without a body, by which clients know that the log does not have an entry. */
export const answerNoEntry = (): Response =>
  new Response(null, { status: 404, headers: { "cache-control": "no-store" } });

/** Whether a path is one of this API. */
export const isV1Api = (pathname: string): boolean =>
  /^\/+(?:rekor-v1\/)?api\/v1\/(?:log|index)(?:\/|$)/.test(pathname);

/** 404 of a host without such a log. A client that was given its address as that of a Rekor v1 log asks here. */
export const answerWithoutLog = ({ href }: PublicUrl): Response =>
  renderAnswer({
    status: 404,
    message: `the log here is Rekor v2, and this is a path of Rekor v1; sign with the signing config, ${href}/signing_config.json`,
  });

const renderAnswer = ({ status, message, headers = {} }: HttpAnswer): Response =>
  respondJson({ code: status, message }, { status, headers });
