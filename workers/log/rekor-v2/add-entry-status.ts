// SPDX-License-Identifier: Apache-2.0
// What a client is told when its entry is not logged: the reference's sentence first, then what to fix.
// Spec: https://github.com/sigstore/rekor-tiles (internal/server/service.go); DESIGN's codes are grpc-gateway's.

import { type AnswerTable, answerByCode, type Status, unavailable } from "../../../shared/http/status.ts";
import type { AddEntryError } from "../errors.ts";

const refused = (message: string): Status => ({ grpc: "INVALID_ARGUMENT", message });
const invalid = (reason: string): Status => refused(`invalid hashedrekord request: ${reason}`);
const malformed = (reason: string): Status => refused(`proto: ${reason}`);
const at = (path: string): string => (path === "" ? "the request" : path);

/** The reference's sentence (internal/server/service.go), and where to go. */
export const frozenMessage = (writeTo: string | null): string =>
  writeTo === null
    ? "This log has been frozen, and no other log of this deployment takes entries."
    : `This log has been frozen, please switch to the latest log: ${writeTo}`;

const MAX_QUOTED_CHARS = 64;

const STATUSES: AnswerTable<AddEntryError, Status> = {
  body_too_large: () => refused("http: request body too large"),
  json_invalid: () => malformed("syntax error: the request body is not well-formed JSON in UTF-8"),
  json_duplicate_member: () => malformed("syntax error: a member name is repeated in one object"),
  json_too_deep: () => malformed("syntax error: the request is nested too deeply"),
  field_unknown: ({ path }) => malformed(`unknown field ${quotedLast(path)}${where(path)}`),
  field_repeated: ({ path }) => malformed(`field ${path} is already set, or excludes another one that is`),
  field_type: ({ path }) => malformed(`invalid value for field ${at(path)}: wrong JSON type`),
  field_bytes: ({ path }) => malformed(`invalid value for bytes field ${path}: not base64`),
  field_enum: ({ path }) => malformed(`invalid value for enum field ${path}`),
  field_too_many: ({ path }) => malformed(`too many elements in field ${path}: at most 10`),
  entry_kind_missing: () =>
    refused("invalid type, must be hashedrekord: send hashedRekordRequestV002 or dsseRequestV002"),
  entry_signature_missing: () => invalid("missing signature"),
  entry_verifier_missing: () => invalid("missing verifier: send a publicKey or an x509Certificate"),
  entry_verifier_empty: () => invalid("invalid verifier: rawBytes is missing"),
  entry_digest_missing: () => invalid("missing digest"),
  entry_digest_length: ({ hash, expectedBytes, actualBytes }) =>
    invalid(`digest length (${actualBytes}) does not match expected size (${expectedBytes}) for algorithm ${hash}`),
  entry_certificate_invalid: () =>
    invalid(
      "parsing verifier: x509Certificate.rawBytes must be one X.509 v3 certificate in DER, without trailing data",
    ),
  public_key_invalid: () =>
    invalid("parsing verifier: the public key must be a SubjectPublicKeyInfo in DER (not PEM, not PKCS#1)"),
  public_key_weak: () =>
    invalid(
      "parsing verifier: the key is insecure: RSA needs 2048, 3072 or 4096 bits, no small factor and exponent 65537, ECDSA at least P-256",
    ),
  public_key_unsupported: () =>
    invalid(
      "unsupported entry algorithm: keys are ECDSA P-256, P-384, P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits",
    ),
  entry_key_details_unsupported: ({ keyDetails, accepted }) =>
    invalid(`unsupported signature algorithm ${keyDetails}: this log accepts ${accepted.join(", ")}`),
  entry_key_details_mismatch: ({ keyDetails, expected }) =>
    invalid(`keyDetails is ${keyDetails}, but the key sent is one of ${expected}`),
  entry_envelope_signatures: ({ count }) => invalid(`the envelope has ${count} signatures, it must have exactly one`),
  entry_signature_invalid: () =>
    invalid(
      "verifying signature: it is not the verifier's over this digest (ECDSA in ASN.1 DER, RSA in PKCS#1 v1.5, Ed25519ph)",
    ),
  entry_too_large: ({ maxBytes }) => invalid(`the entry is too large: its canonical body may have ${maxBytes} bytes`),
  attestation_subjects_too_many: ({ maxSubjects, maxDigests }) =>
    invalid(
      `the attestation has too many subjects: at most ${maxSubjects}, with ${maxDigests} different digests in all`,
    ),
  policy_key_not_listed: ({ accept, fingerprint }) =>
    invalid(`write policy "${accept}" of this log does not list the public key with SHA-256 ${fingerprint}`),
  policy_certificate_foreign: ({ accept }) =>
    invalid(
      `write policy "${accept}" of this log takes certificates of its own CA only, and this one was not issued by it`,
    ),
  policy_certificate_purpose: ({ accept }) =>
    invalid(
      `write policy "${accept}" of this log takes signing certificates only: codeSigning purpose and an embedded SCT list`,
    ),
  log_busy: ({ retryAfterSeconds }) =>
    unavailable("the log is busy: send the same entry again, it is logged at most once", retryAfterSeconds),
  log_starting: () => unavailable("the log is starting: send the entry again"),
  witnesses_missing: ({ retryAfterSeconds }) =>
    unavailable(
      "the entry is in the log, but not enough witnesses have cosigned its tree yet: send the same entry again",
      retryAfterSeconds,
    ),
  log_refusing: () => unavailable("the log takes no entries until its operator has looked at it; reads go on", 60),
  log_frozen: ({ writeTo }) => ({
    grpc: "UNIMPLEMENTED",
    http: 405,
    message: frozenMessage(writeTo),
    headers: { allow: "" },
  }),
  clock_behind: () => unavailable("the log's clock is behind its last entry: send the entry again later", 10),
  entry_unproven: ({ leafIndex }) =>
    unavailable(`the entry is in the log at index ${leafIndex}, but its proof cannot be read now: send it again`),
};

/** The answer to an entry that was not logged, or whose proof could not be made. */
export const entryStatus = (error: AddEntryError): Status => answerByCode(STATUSES, error);

/** The unknown name itself comes from the caller: as a JSON string, and not all of a long one. */
function quotedLast(path: string): string {
  return JSON.stringify(path.slice(path.lastIndexOf(".") + 1).slice(0, MAX_QUOTED_CHARS));
}

function where(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot === -1 ? "" : ` in ${path.slice(0, dot)}`;
}
