// SPDX-License-Identifier: Apache-2.0
// The answers to POST /api/v2/log/entries when the entry is not logged. A message begins with the reference's sentence,
// because people and tools search for it, and continues with what to fix.
// Spec: https://github.com/sigstore/rekor-tiles (internal/server/service.go). The codes are those of grpc-gateway.

import { quote } from "../../../shared/http/quote.ts";
import {
  type AnswerTable,
  answerByCode,
  answerUnavailable,
  renderStatus,
  type Status,
} from "../../../shared/http/status.ts";
import type { WriterExhausted } from "../../../shared/rpc/sequencer.ts";
import { formatRfc3339 } from "../../../shared/time.ts";
import type { AddEntryError } from "../errors.ts";

const rejectRequest = (message: string): Status => ({ grpc: "INVALID_ARGUMENT", message });
const rejectInvalid = (reason: string): Status => rejectRequest(`invalid hashedrekord request: ${reason}`);
const rejectMalformed = (reason: string): Status => rejectRequest(`proto: ${reason}`);
const at = (path: string): string => (path === "" ? "the request" : path);

/** Clients of rekor-tiles look for this sentence as a whole (internal/server/service.go). */
const FROZEN_SENTENCE = "This log has been frozen, please switch to the latest log.";

/** The message for a frozen log: the reference's sentence, and the log to write to. */
export const describeFrozen = (writeTo: string | null): string =>
  writeTo === null
    ? `${FROZEN_SENTENCE} No log of this deployment accepts entries.`
    : `${FROZEN_SENTENCE} It is ${writeTo}`;

/** The message for a full log, in the words of describeFrozen. */
export const describeFull = (writeTo: string): string =>
  `The storage of this log is full, please switch to the latest log: ${writeTo}`;

export const QUOTA_MESSAGE = "the log has used up its plan's daily rows: retry after 00:00 UTC; it can still be read";

const STATUSES: AnswerTable<AddEntryError, Status> = {
  body_incomplete: () => rejectRequest("unexpected EOF: the request ends before its body does; send it again"),
  body_too_large: () => rejectRequest("http: request body too large"),
  json_invalid: () => rejectMalformed("syntax error: the request body is not well-formed JSON in UTF-8"),
  json_duplicate_member: () => rejectMalformed("syntax error: a member name is repeated in one object"),
  json_too_deep: () => rejectMalformed("syntax error: the request is nested too deeply"),
  json_too_many_values: () =>
    rejectMalformed("syntax error: the request has too many values, or names that are too long"),
  field_unknown: ({ path }) => rejectMalformed(`unknown field ${quoteLast(path)}${describePlace(path)}`),
  field_repeated: ({ path }) => rejectMalformed(`field ${path} is already set, or conflicts with a field that is set`),
  field_type: ({ path }) => rejectMalformed(`invalid value for field ${at(path)}: wrong JSON type`),
  field_text: ({ path }) => rejectMalformed(`invalid value for string field ${path}: half a surrogate pair`),
  field_bytes: ({ path }) => rejectMalformed(`invalid value for bytes field ${path}: not base64`),
  field_enum: ({ path }) => rejectMalformed(`invalid value for enum field ${path}`),
  field_too_many: ({ path }) => rejectMalformed(`too many elements in field ${path}: at most 10`),
  entry_kind_missing: () =>
    rejectRequest("invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"),
  entry_signature_missing: () => rejectInvalid("missing signature"),
  entry_verifier_missing: () => rejectInvalid("missing verifier: send a publicKey or an x509Certificate"),
  entry_verifier_empty: () => rejectInvalid("invalid verifier: rawBytes is missing"),
  entry_digest_missing: () => rejectInvalid("missing digest"),
  entry_digest_length: ({ hash, expectedBytes, actualBytes }) =>
    rejectInvalid(
      `digest length (${actualBytes}) does not match expected size (${expectedBytes}) for algorithm ${hash}`,
    ),
  entry_certificate_invalid: () =>
    rejectInvalid(
      "parsing verifier: x509Certificate.rawBytes must be one X.509 v3 certificate in DER without trailing data",
    ),
  public_key_invalid: () =>
    rejectInvalid("parsing verifier: the public key must be a SubjectPublicKeyInfo in DER (not PEM, not PKCS#1)"),
  public_key_weak: () =>
    rejectInvalid(
      "parsing verifier: the key is insecure: RSA keys must have 2048, 3072 or 4096 bits, exponent 65537 and no small factor; ECDSA keys must be on P-256 or a larger curve",
    ),
  public_key_unsupported: () =>
    rejectInvalid(
      "unsupported entry algorithm: use ECDSA P-256, P-384 or P-521, Ed25519, or RSA with 2048, 3072 or 4096 bits",
    ),
  entry_key_details_unsupported: ({ keyDetails, accepted }) =>
    rejectInvalid(`unsupported signature algorithm ${keyDetails}: this log accepts ${accepted.join(", ")}`),
  entry_key_details_mismatch: ({ keyDetails, expected }) =>
    rejectInvalid(`keyDetails is ${keyDetails}, but must be ${expected} for this key`),
  entry_envelope_signatures: ({ count }) => rejectInvalid(`the envelope must have exactly one signature, not ${count}`),
  entry_signature_invalid: () =>
    rejectInvalid(
      "verifying signature: it does not verify over this digest with the verifier's key (ECDSA in ASN.1 DER, RSA in PKCS#1 v1.5, Ed25519ph)",
    ),
  entry_too_large: ({ maxBytes }) =>
    rejectInvalid(`the entry is too large: its canonical body must be at most ${maxBytes} bytes`),
  policy_key_not_listed: ({ accept, fingerprint }) =>
    rejectInvalid(`write policy "${accept}" rejects the public key with SHA-256 ${fingerprint}: it is not listed`),
  policy_certificate_foreign: ({ accept }) =>
    rejectInvalid(
      `write policy "${accept}" accepts only certificates of this log's own CA, which did not issue this one`,
    ),
  policy_certificate_retired: ({ retiredAt }) =>
    rejectInvalid(
      `the key of the CA that issued this certificate was retired at ${formatRfc3339(retiredAt)}: get a new certificate`,
    ),
  policy_certificate_purpose: ({ accept }) =>
    rejectInvalid(
      `write policy "${accept}" accepts only signing certificates: purpose codeSigning and an embedded SCT list`,
    ),
  log_busy: ({ retryAfterSeconds }) =>
    answerUnavailable("the log is busy: retry with the same entry, which is logged at most once", retryAfterSeconds),
  log_starting: () => answerUnavailable("the log is starting: retry"),
  witnesses_missing: ({ retryAfterSeconds }) =>
    answerUnavailable(
      "the entry is logged, but too few witnesses have cosigned its tree: retry with the same entry to get its proof",
      retryAfterSeconds,
    ),
  log_refusing: () =>
    answerUnavailable("the log refuses entries until its operator intervenes; it can still be read", 60),
  log_frozen: ({ writeTo }) => ({
    grpc: "UNIMPLEMENTED",
    http: 405,
    message: describeFrozen(writeTo),
    headers: { allow: "" },
  }),
  entry_in_other_form: ({ leafIndex }) => ({
    grpc: "ALREADY_EXISTS",
    message: `an equivalent entry already exists at index ${leafIndex}: its ECDSA signature, or that on its certificate, is the other one of (r, s) and (r, n - s)`,
  }),
  writer_exhausted: describeExhausted,
  log_full: ({ writeTo }) =>
    writeTo === null
      ? answerUnavailable(
          "the log's storage is full, and there is no other log: its operator must open one (SHARDS)",
          3600,
        )
      : { grpc: "UNIMPLEMENTED", http: 405, message: describeFull(writeTo), headers: { allow: "" } },
  log_over_quota: ({ retryAfterSeconds }) => answerUnavailable(QUOTA_MESSAGE, retryAfterSeconds),
  clock_behind: () => answerUnavailable("the log's clock is behind its last entry: retry later", 10),
  entry_unproven: ({ leafIndex }) =>
    answerUnavailable(`the entry is logged at index ${leafIndex}, but its proof is unavailable: retry`),
};

/** Describes a budget that is used up. A budget of no entries means that the certificate expired too long ago. */
function describeExhausted({ kind, entries, until, retryAfterSeconds }: WriterExhausted): Status {
  const time = formatRfc3339(until);
  if (entries === 0) {
    return rejectInvalid(`the certificate has expired, and was accepted until ${time}: sign with a new certificate`);
  }
  if (kind === "key") {
    return {
      grpc: "RESOURCE_EXHAUSTED",
      message: `the log has ${entries} entries of this key, and accepts no more until ${time}`,
      headers: { "retry-after": String(retryAfterSeconds) },
    };
  }
  return rejectInvalid(
    `the log has ${entries} entries of this certificate, and accepts no more: sign with a new certificate`,
  );
}

/** The answer to an entry that was not logged, or that was logged but cannot be proven. */
export const entryStatus = (error: AddEntryError): Status => answerByCode(STATUSES, error);

/**
 * Renders an error for the client. A frozen log answers in text, as the reference does whatever was sent: its Go client
 * reports "unexpected response: 405 " and the body, and callers look for the sentence right after that.
 */
export function renderEntryError(error: AddEntryError): Response {
  const status = entryStatus(error);
  const rendered = renderStatus(status);
  if (error.code !== "log_frozen") return rendered;
  const headers = new Headers(rendered.headers);
  headers.set("content-type", "text/plain; charset=utf-8");
  return new Response(`${status.message}\n`, { status: rendered.status, headers });
}

/** The last part of a path, which is the caller's text. */
const quoteLast = (path: string): string => quote(path.slice(path.lastIndexOf(".") + 1));

function describePlace(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot === -1 ? "" : ` in ${path.slice(0, dot)}`;
}
