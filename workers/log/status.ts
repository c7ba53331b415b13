// SPDX-License-Identifier: Apache-2.0
// The log service's errors as HTTP answers: grpc-gateway's JSON on /api routes, a line of text on tile and CT routes.
// Failures of the platform or of the log itself are logged with the request's id. rekor-v2/add-entry-status.ts has the
// answers to POST /api/v2/log/entries.
// Spec: RFC 9110 §15; https://c2sp.org/tlog-tiles; RFC 6962 §4

import { CACHE_CONTROL, PUBLIC_READ } from "../../shared/http/cache.ts";
import { requestIdOf } from "../../shared/http/request-id.ts";
import {
  type AnswerTable,
  answerByCode,
  type HttpAnswer,
  renderStatus,
  type Status,
} from "../../shared/http/status.ts";
import { ANSWER_FORMATS, ENTRY_KINDS, TERM_NAMES } from "../../shared/search/parameters.ts";
import { MAX_NAME_CHARS } from "../../shared/search/signer.ts";
import { formatRfc3339 } from "../../shared/time.ts";
import type { ChainRequestError, LogError, ProofQueryError } from "./errors.ts";
import { describeFrozen, describeFull, QUOTA_MESSAGE } from "./rekor-v2/add-entry-status.ts";
import { MAX_LIMIT, type SearchQueryError } from "./search/query.ts";

interface Answer {
  /** Status of the text form. The JSON form has the status of its gRPC code. */
  readonly http: 400 | 404 | 405 | 413 | 429 | 503;
  readonly grpc: Status["grpc"];
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const rejectRequest = (message: string): Answer => ({ http: 400, grpc: "INVALID_ARGUMENT", message });
const answerNotFound = (message: string): Answer => ({ http: 404, grpc: "NOT_FOUND", message });
const answerTooLarge = (message: string): Answer => ({ http: 413, grpc: "INVALID_ARGUMENT", message });
const answerLater = (message: string, seconds = 1): Answer => ({
  http: 503,
  grpc: "UNAVAILABLE",
  message,
  headers: { "retry-after": String(seconds) },
});

/** Renders the error as grpc-gateway's JSON. Logs it if it is a failure of the platform or of the log (503). */
export function renderJsonError(request: Request, error: LogError): Response {
  const { grpc, message, headers } = answerAndLog(request, error);
  return renderStatus({ grpc, message, headers: { ...PUBLIC_READ, ...headers } });
}

/** Renders the error as a line of text. Logs it like renderJsonError. */
export function renderTextError(request: Request, error: LogError): Response {
  const { http, message, headers } = answerAndLog(request, error);
  const common = { ...PUBLIC_READ, "content-type": "text/plain; charset=utf-8", "cache-control": CACHE_CONTROL.none };
  return new Response(`${message}\n`, { status: http, headers: { ...common, ...headers } });
}

/** The answer for an API whose JSON has the HTTP status as its code. Logs it like renderJsonError. */
export function httpAnswerOf(request: Request, error: LogError): HttpAnswer {
  const { http: status, message, headers } = answerAndLog(request, error);
  return { status, message, ...(headers === undefined ? {} : { headers }) };
}

function answerAndLog(request: Request, error: LogError): Answer {
  const answer = answerByCode(ANSWERS, error);
  // catchFailures has logged the exception behind service_failed.
  if (answer.http === 503 && error.code !== "service_failed") logFailure(request, error, "error");
  return answer;
}

/**
 * Logs one line of JSON for the operator: the error and the request's id, method and path. Cuts strings at 500
 * characters.
 */
export function logFailure(request: Request, error: { readonly code: string }, level: "warn" | "error"): void {
  const { pathname } = new URL(request.url);
  const line = { ...error, requestId: requestIdOf(request), method: request.method, path: pathname };
  console[level](
    JSON.stringify(line, (_, value: unknown) => (typeof value === "string" ? value.slice(0, 500) : value)),
  );
}

const answerTooMany = (requests: string): Answer => ({
  http: 429,
  grpc: "RESOURCE_EXHAUSTED",
  message: `too many ${requests} from this network: retry in ten seconds`,
  headers: { "retry-after": "10" },
});

const answerDamaged = (): Answer =>
  answerLater("this part of the log cannot be read; the operator has been notified", 60);

const LOG_NAMES = "log must be signature, certificate or the name of a log; /api/logs lists the names";

const ANSWERS: AnswerTable<LogError, Answer> = {
  // Routing.
  path_unknown: () => answerNotFound("Not Found"),
  method_wrong: ({ allow }) => ({
    http: 405,
    grpc: "UNIMPLEMENTED",
    message: "Method Not Allowed",
    headers: { allow },
  }),
  service_failed: ({ requestId }) =>
    answerLater(`the log service failed; its Worker's log has the cause under request ${requestId}`),

  // Reading.
  tile_path_invalid: () => answerNotFound("Not Found: this is not the path of a tile of this log"),
  issuer_unknown: () =>
    answerNotFound("Not Found: no issuer of an entry has this SHA-256 (lower-case hex, over its DER)"),
  beyond_head: () => answerNotFound("Not Found: the tree is not that large yet"),
  entry_index_invalid: () => rejectRequest("the index must be a decimal number from 0 to 9007199254740991"),
  entry_log_unknown: () => rejectRequest(LOG_NAMES),
  bundle_index_invalid: () => rejectRequest("the bundle index must be a decimal number from 0 to 9007199254740991"),
  proof_query_invalid: ({ problem }) => rejectRequest(PROOF_PROBLEMS[problem]),
  reads_limited: () => answerTooMany("reads of the newest entries"),
  object_missing: answerDamaged,
  object_damaged: answerDamaged,
  record_damaged: answerDamaged,
  proof_mismatch: answerDamaged,

  // Searching.
  search_query_invalid: ({ parameter }) => rejectRequest(SEARCH_PROBLEMS[parameter]),
  search_unavailable: () =>
    answerLater("the search index is unavailable; signing and reading still work: retry in a minute", 60),

  attestation_invalid: ({ problem }) => rejectRequest(ATTESTATION_PROBLEMS[problem]),
  attestation_unknown: () =>
    answerNotFound(
      "no entry of this deployment has a signature over this envelope; a new entry is indexed within seconds: retry",
    ),

  // Submitting a chain of certificates.
  writes_limited: () => answerTooMany("submissions"),
  body_incomplete: () => rejectRequest("the request ends before its body does: send it again"),
  body_too_large: ({ maxBodyBytes }) => answerTooLarge(`the request body must be at most ${maxBodyBytes} bytes`),
  chain_request_invalid: ({ problem }) => rejectRequest(CHAIN_PROBLEMS[problem]),
  submitted_chain_empty: () => rejectRequest("the chain is empty: send the certificate followed by its issuers"),
  submitted_certificate_invalid: () => rejectRequest("the first element of the chain is not an X.509 v3 certificate"),
  submitted_chain_untrusted: () =>
    rejectRequest("the certificate was not issued by a CA that this log accepts; get-roots lists the accepted roots"),
  submitted_issuer_retired: ({ retiredAt }) =>
    rejectRequest(`the key of the CA that issued the certificate was retired at ${formatRfc3339(retiredAt)}`),
  submitted_chain_out_of_order: ({ place }) =>
    rejectRequest(
      `certificate ${place} of the chain must be the issuer of the one before it, and no certificate may follow the root`,
    ),
  submitted_entry_type_wrong: ({ expected }) =>
    rejectRequest(
      expected === "x509_entry"
        ? "this is a precertificate: send it to add-pre-chain"
        : "this certificate has no poison extension, so it is not a precertificate: send it to add-chain",
    ),
  submitted_poison_invalid: () =>
    rejectRequest("the poison extension must be critical and its value must be ASN.1 NULL"),
  submitted_purpose_wrong: () => rejectRequest("the certificate must have the extended key usage codeSigning"),

  // Appending.
  log_busy: ({ retryAfterSeconds }) =>
    answerLater("the log is busy: retry with the same chain, which is logged at most once", retryAfterSeconds),
  log_starting: () => answerLater("the log is starting: retry"),
  witnesses_missing: ({ retryAfterSeconds }) =>
    answerLater(
      "too few witnesses have cosigned the new tree: retry with the same chain, which is logged at most once",
      retryAfterSeconds,
    ),
  log_refusing: () => answerLater("the log refuses entries until its operator intervenes; it can still be read", 60),
  log_frozen: ({ writeTo }) => ({
    http: 405,
    grpc: "UNIMPLEMENTED",
    message: describeFrozen(writeTo),
    // RFC 9110 §15.5.6 requires the header. An empty list means that no method is allowed.
    headers: { allow: "" },
  }),
  submitted_certificate_expired: ({ notAfter }) =>
    rejectRequest(`the certificate expired at ${formatRfc3339(notAfter)}, too long ago to be logged`),
  entry_in_other_form: ({ leafIndex }) =>
    rejectRequest(
      `the log has this certificate at index ${leafIndex} in another form, and takes each certificate once`,
    ),
  // Only the signature log counts its writers (rekor-v2/add-entry-status.ts).
  writer_exhausted: () => answerLater("the log counts its writers"),
  log_full: ({ writeTo }) =>
    writeTo === null
      ? answerLater("the log's storage is full, and there is no other log: its operator must open one (SHARDS)", 3600)
      : { http: 405, grpc: "UNIMPLEMENTED", message: describeFull(writeTo), headers: { allow: "" } },
  log_over_quota: ({ retryAfterSeconds }) => answerLater(QUOTA_MESSAGE, retryAfterSeconds),
  clock_behind: () => answerLater("the log's clock is behind its last entry: retry later", 10),
  entry_too_large: ({ maxBytes }) => answerTooLarge(`the entry must be at most ${maxBytes} bytes`),
};

const PROOF_PROBLEMS: Readonly<Record<ProofQueryError["problem"], string>> = {
  unknown: "unknown parameter: inclusion takes index, size and log; consistency takes from, to and log",
  repeated: "a parameter is repeated",
  number: "index (or from) is required; it and size (or to) must be decimal numbers from 0 to 9007199254740991",
  index_above_size: "index must be less than size: a tree of n entries has the indexes 0 to n - 1",
  from_above_to: "from must be at most to",
  log: LOG_NAMES,
};

const TERM_LIST = TERM_NAMES.join(", ");
const FINGERPRINT = "64 hex digits, with or without colons and sha256:";
const WHOLE = `at most ${MAX_NAME_CHARS} characters; * is not a wildcard`;

const SEARCH_PROBLEMS: Readonly<Record<SearchQueryError["parameter"], string>> = {
  term: `give at least one of ${TERM_LIST}; or log, kind, since or until alone`,
  unknown: `unknown parameter: known are ${TERM_LIST}, kind, log, since, until, limit, cursor and format`,
  repeated: "a parameter is repeated",
  digest:
    "digest must be sha256:<64 hex digits>, or sha384, sha512, sha1 or gitCommit with the number of digits of that hash; bare hex and sha512-<base64> are fine too",
  identity: `identity must be a whole name of a certificate, ${WHOLE}: write under= for the beginning of a URL, issuer= for all names of an issuer`,
  email:
    "email must be a complete address, name@host, and * is not a wildcard; for a URI or a user name write identity=",
  publicKey: `publicKey must be the SHA-256 of the key's SubjectPublicKeyInfo in DER (${FINGERPRINT}), or a key or certificate in PEM`,
  certificate: `certificate must be the SHA-256 of its DER (${FINGERPRINT}), or the certificate in PEM`,
  signature: "signature must be base64 of at least 64 bytes, or sha256: and the 64 hex digits of their SHA-256",
  leaf: "leaf must be 64 hex digits, the leaf hash of an entry, or a UUID of Rekor, which has 80",
  issuer: `issuer must be the whole URL of an OpenID issuer, ${WHOLE}`,
  repository: "repository must be owner/name for GitHub, or the URL of a repository; * is not a wildcard",
  repositoryId: "repositoryId must be the number that the forge gives the repository",
  owner: "owner must be a name for GitHub, or the URL of a user, an organization or a group; * is not a wildcard",
  ownerId: "ownerId must be the number that the forge gives the owner",
  workflow: "workflow must be owner/name/.github/workflows/file.yml, or the URL of the file; * is not a wildcard",
  ref: "ref must be a whole Git ref such as refs/heads/main, the name of a branch or tag, or refs/tags/ for all tags; * is not a wildcard",
  under: "under must be the beginning of a URL, with scheme, host and the slash after it: https://github.com/owner/",
  runner: "runner must be a kind of machine in the forge's word: github-hosted, gitlab-hosted, self-hosted",
  visibility: "visibility must be public, private or internal, as the repository was when it was signed",
  commit: "commit must be a whole commit ID of 40 or 64 hex digits: git rev-parse prints it",
  run: "run must be the URL of a run: https://github.com/owner/name/actions/runs/1234",
  predicateType: `predicateType must be a whole URI, ${WHOLE}`,
  kind: `kind must be one of ${ENTRY_KINDS.join(", ")}`,
  log: "log must be the name of a log; /api/logs lists the names",
  since: "since must be a date such as 2026-01-31, in UTC, or an RFC 3339 time",
  until: "until must be a date such as 2026-01-31, in UTC, or an RFC 3339 time",
  limit: `limit must be a number from 1 to ${MAX_LIMIT}`,
  cursor: "cursor must be the nextCursor of the previous page, sent with the same parameters",
  format: `format must be one of ${ANSWER_FORMATS.join(", ")}`,
};

const ATTESTATION_PROBLEMS: Readonly<
  Record<Extract<LogError, { readonly code: "attestation_invalid" }>["problem"], string>
> = {
  json: "the request body is not well-formed JSON",
  envelope: "the request body must be a DSSE envelope, with payload and payloadType, or a Sigstore bundle that has one",
  subjects: "the payload is not an in-toto statement whose subjects have digests in hex",
};

const CHAIN_PROBLEMS: Readonly<Record<ChainRequestError["problem"], string>> = {
  json: "the request body is not well-formed JSON",
  members: 'the request body must be {"chain": [base64 of a DER certificate, ...]} and nothing else',
  base64: "a certificate of the chain is not standard base64 with padding",
  too_many: "the chain must have at most 8 certificates",
};
