// SPDX-License-Identifier: Apache-2.0
// Error responses of the Fulcio and Rekor routes: grpc-gateway's JSON, with the HTTP status it gives each code.
// Spec: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto

import type { ConfigError } from "../settings/settings.ts";

/** The member of the union `E` with the code `C`. Unlike Extract, this also finds one whose `code` is a union. */
type ErrorOf<E, C> = E extends { readonly code: infer Codes } ? (C extends Codes ? E : never) : never;

/** One function per error code: the compiler rejects a table in which a code is missing. */
export type AnswerTable<E extends { readonly code: string }, Answer> = {
  readonly [C in E["code"]]: (error: ErrorOf<E, C>) => Answer;
};

/** Returns the answer that `table` gives for `error`. */
export function answerByCode<E extends { readonly code: string }, Answer>(
  table: AnswerTable<E, Answer>,
  error: E,
): Answer {
  const code: E["code"] = error.code;
  // AnswerTable pairs each code with its own arm. TypeScript cannot follow that through an index by a union of codes.
  const answer = table[code] as (error: E) => Answer;
  return answer(error);
}

/** gRPC code → number and HTTP status. */
const GRPC = {
  INVALID_ARGUMENT: { number: 3, http: 400 },
  DEADLINE_EXCEEDED: { number: 4, http: 504 },
  NOT_FOUND: { number: 5, http: 404 },
  ALREADY_EXISTS: { number: 6, http: 409 },
  RESOURCE_EXHAUSTED: { number: 8, http: 429 },
  UNIMPLEMENTED: { number: 12, http: 501 },
  INTERNAL: { number: 13, http: 500 },
  UNAVAILABLE: { number: 14, http: 503 },
} as const;

/** A response to an error. */
export interface Status {
  readonly grpc: keyof typeof GRPC;
  /** Set where the reference uses another HTTP status than grpc-gateway's for the code. */
  readonly http?: 405 | 415;
  /** Tells the caller what to fix. Never contains a token, a key or an upstream body. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The HTTP status of a response. */
export const httpStatusOf = ({ grpc, http }: Status): number => http ?? GRPC[grpc].http;

/** Renders `{"code","message","details":[]}` with the HTTP status of the code; never cached. */
export function renderStatus({ grpc, http, message, headers = {} }: Status): Response {
  const { number, http: mapped } = GRPC[grpc];
  return Response.json(
    { code: number, message, details: [] },
    { status: http ?? mapped, headers: { "cache-control": "no-store", ...headers } },
  );
}

/** A response to an error of the services whose JSON has the HTTP status as its code. */
export interface HttpAnswer {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Renders `{"code": <HTTP status>, "message"}`; never cached. */
export const renderHttpAnswer = ({ status, message, headers = {} }: HttpAnswer): Response =>
  Response.json({ code: status, message }, { status, headers: { "cache-control": "no-store", ...headers } });

/** 503 with Retry-After, for a platform failure that a retry may cure. */
export const answerUnavailable = (message: string, retryAfterSeconds = 1): Status => ({
  grpc: "UNAVAILABLE",
  message,
  headers: { "retry-after": String(retryAfterSeconds) },
});

/**
 * 415 of a request whose body is compressed; null for any other. No service decompresses: a small body could become
 * any size. The header says what would be accepted (RFC 9110 §15.5.16).
 */
export function rejectEncodedBody({ method, headers }: Request): Status | null {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (method === "GET" || method === "HEAD" || encoding === "" || encoding === "identity") return null;
  return {
    grpc: "INVALID_ARGUMENT",
    http: 415,
    message: "this service does not accept Content-Encoding; send the body uncompressed",
    headers: { "accept-encoding": "identity" },
  };
}

/** How the message of that 503 begins; `sigedge doctor` tells it from others by this. */
export const NOT_CONFIGURED = "this deployment is not configured";

/** 503 of a service whose environment is incomplete; names every missing or wrong setting. */
export const rejectUnconfigured = ({ problems }: ConfigError): Status =>
  answerUnavailable(`${NOT_CONFIGURED}: ${problems.join("; ")}`, 60);
