// SPDX-License-Identifier: Apache-2.0
// Failures of the log service → HTTP: grpc-gateway's JSON on /api routes, a line of text on tile and CT routes. What the platform
// or the log itself failed at is logged with the request's id. add-entry-status.ts has the answers to POST /api/v2/log/entries.
// Spec: RFC 9110 §15; https://c2sp.org/tlog-tiles; RFC 6962 §4

import { CACHE_CONTROL, PUBLIC_READ } from "../../shared/http/cache.ts";
import { requestIdOf } from "../../shared/http/request-id.ts";
import { type AnswerTable, answerByCode, renderStatus, type Status } from "../../shared/http/status.ts";
import { MAX_LIMIT, type SearchQueryError } from "./api/search-query.ts";
import type { ChainRequestError, LogError, ProofQueryError } from "./errors.ts";
import { frozenMessage } from "./rekor-v2/add-entry-status.ts";

interface Answer {
  /** Of the text form; JSON has the one that its gRPC code stands for. */
  readonly http: 400 | 404 | 405 | 413 | 429 | 503;
  readonly grpc: Status["grpc"];
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const badRequest = (message: string): Answer => ({ http: 400, grpc: "INVALID_ARGUMENT", message });
const notFound = (message: string): Answer => ({ http: 404, grpc: "NOT_FOUND", message });
const tooLarge = (message: string): Answer => ({ http: 413, grpc: "INVALID_ARGUMENT", message });
const later = (message: string, seconds = 1): Answer => ({
  http: 503,
  grpc: "UNAVAILABLE",
  message,
  headers: { "retry-after": String(seconds) },
});

/** The error as grpc-gateway's JSON. */
export function refuseJson(request: Request, error: LogError): Response {
  const { grpc, message, headers } = answered(request, error);
  return renderStatus({ grpc, message, headers: { ...PUBLIC_READ, ...headers } });
}

/** The error as a line of text. */
export function refuseText(request: Request, error: LogError): Response {
  const { http, message, headers } = answered(request, error);
  const common = { ...PUBLIC_READ, "content-type": "text/plain; charset=utf-8", "cache-control": CACHE_CONTROL.none };
  return new Response(`${message}\n`, { status: http, headers: { ...common, ...headers } });
}

function answered(request: Request, error: LogError): Answer {
  const answer = answerByCode(ANSWERS, error);
  // withFailures has logged the exception behind service_failed.
  if (answer.http === 503 && error.code !== "service_failed") logFailure(request, error, "error");
  return answer;
}

/** One line of JSON for the operator: the code, what belongs to it, and the request's id. Long texts are cut. */
export function logFailure(request: Request, error: { readonly code: string }, level: "warn" | "error"): void {
  const { pathname } = new URL(request.url);
  const line = { ...error, requestId: requestIdOf(request), method: request.method, path: pathname };
  console[level](
    JSON.stringify(line, (_, value: unknown) => (typeof value === "string" ? value.slice(0, 500) : value)),
  );
}

const tooMany = (what: string): Answer => ({
  http: 429,
  grpc: "RESOURCE_EXHAUSTED",
  message: `too many ${what} from this address: wait ten seconds`,
  headers: { "retry-after": "10" },
});

const damaged = (): Answer => later("this part of the log cannot be read now; its operator has been told", 60);

const LOG_NAMES = "log must be signature, certificate, or the name of a log: /api/logs lists them";

const ANSWERS: AnswerTable<LogError, Answer> = {
  // What the routes do not know.
  path_unknown: () => notFound("Not Found"),
  method_wrong: ({ allow }) => ({
    http: 405,
    grpc: "UNIMPLEMENTED",
    message: "Method Not Allowed",
    headers: { allow },
  }),
  service_failed: ({ requestId }) => later(`the log failed to answer; its own log has request ${requestId}`),

  // Reading.
  tile_path_invalid: () => notFound("Not Found: no tile of this log has this path"),
  issuer_unknown: () => notFound("Not Found: no accepted certificate has this SHA-256 (lower-case hex of its DER)"),
  beyond_head: () => notFound("Not Found: the log does not reach so far yet"),
  entry_index_invalid: () => badRequest("the index must be a decimal number of 0 to 9007199254740991"),
  entry_log_unknown: () => badRequest(LOG_NAMES),
  bundle_index_invalid: () => badRequest("the bundle's index must be a decimal number of 0 to 9007199254740991"),
  proof_query_invalid: ({ problem }) => badRequest(PROOF_PROBLEMS[problem]),
  reads_limited: () => tooMany("reads of the newest entries"),
  object_missing: damaged,
  object_damaged: damaged,
  record_damaged: damaged,
  proof_mismatch: damaged,

  // Searching.
  search_query_invalid: ({ parameter }) => badRequest(SEARCH_PROBLEMS[parameter]),
  search_unavailable: () =>
    later("the search index cannot be reached now; signing and reading the logs go on: search again in a minute", 60),

  // Submitting a chain.
  writes_limited: () => tooMany("chains"),
  body_too_large: ({ maxBodyBytes }) => tooLarge(`the request is larger than ${maxBodyBytes} bytes`),
  chain_request_invalid: ({ problem }) => badRequest(CHAIN_PROBLEMS[problem]),
  submitted_chain_empty: () => badRequest("the chain is empty: send the certificate and those above it, leaf first"),
  submitted_certificate_invalid: () => badRequest("the first certificate of the chain is not an X.509 v3 certificate"),
  submitted_chain_untrusted: () =>
    badRequest("the certificate was not issued by the CA of this log: get-roots has the root that is accepted"),
  submitted_chain_out_of_order: ({ place }) =>
    badRequest(`certificate ${place} of the chain is not the next one up to the accepted root, or is one too many`),
  submitted_entry_type_wrong: ({ expected }) =>
    badRequest(
      expected === "x509_entry"
        ? "this is a precertificate: send it to add-pre-chain"
        : "this is not a precertificate, it has no poison extension: send it to add-chain",
    ),
  submitted_poison_invalid: () => badRequest("the poison extension must be critical, with ASN.1 NULL as its value"),
  submitted_purpose_wrong: () => badRequest("the certificate lacks the extended key usage codeSigning"),

  // Appending.
  log_busy: ({ retryAfterSeconds }) =>
    later("the log is busy: send the same chain again, it is logged at most once", retryAfterSeconds),
  log_starting: () => later("the log is starting: send the chain again"),
  witnesses_missing: ({ retryAfterSeconds }) =>
    later("the log waits for its witnesses: send the same chain again, it is logged at most once", retryAfterSeconds),
  log_refusing: () => later("the log takes no entries until its operator has looked at it; reads go on", 60),
  log_frozen: ({ writeTo }) => ({
    http: 405,
    grpc: "UNIMPLEMENTED",
    message: frozenMessage(writeTo),
    // RFC 9110 §15.5.6 demands the header; nothing is allowed.
    headers: { allow: "" },
  }),
  clock_behind: () => later("the log's clock is behind its last entry: send the chain again later", 10),
  entry_too_large: ({ maxBytes }) => tooLarge(`the entry is larger than ${maxBytes} bytes`),
};

const PROOF_PROBLEMS: Readonly<Record<ProofQueryError["problem"], string>> = {
  unknown: "unknown parameter: inclusion has index, size and log, consistency has from, to and log",
  repeated: "a parameter is given twice",
  number: "index (or from) must be given; it and size (or to) are decimal numbers of 0 to 9007199254740991",
  index_above_size: "index must be lower than size: a tree of n entries has the indexes 0 to n - 1",
  from_above_to: "from must not be larger than to",
  log: LOG_NAMES,
};

const SEARCH_PROBLEMS: Readonly<Record<SearchQueryError["parameter"], string>> = {
  term: "give exactly one of digest=sha256:<hex>, email=<address>, publicKey=<hex SHA-256 of the SubjectPublicKeyInfo>",
  unknown: "unknown parameter: there are digest, email, publicKey, log, limit and cursor",
  repeated: "a parameter is given twice",
  digest:
    "digest must be sha256:<64 hex digits>, or sha384, sha512, sha1 or gitCommit with as many digits as they have",
  email: "email must be a whole address: name@host",
  publicKey: "publicKey must be the SHA-256 of the key's SubjectPublicKeyInfo in DER, as 64 hex digits",
  log: "log must be the name of a log: /api/logs lists them",
  limit: `limit must be a number of 1 to ${MAX_LIMIT}`,
  cursor: "the cursor does not belong to this search: take nextCursor of the answer before, with the same parameters",
};

const CHAIN_PROBLEMS: Readonly<Record<ChainRequestError["problem"], string>> = {
  json: "the request is not well-formed JSON",
  members: 'the request must be {"chain": [base64 of a DER certificate, ...]} and nothing else',
  base64: "a certificate of the chain is not padded base64 of the standard alphabet",
  too_many: "the chain is too long: at most 8 certificates",
};
