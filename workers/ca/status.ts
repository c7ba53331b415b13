// SPDX-License-Identifier: Apache-2.0
// The HTTP response for each error of the CA. A message begins with Fulcio's sentence, because people and tools search
// for it, and then says what to fix. Spec: https://github.com/sigstore/fulcio/blob/main/pkg/server/error.go

import { KEY_HASH } from "../../shared/fulcio/subject-key.ts";
import { quote } from "../../shared/http/quote.ts";
import { requestIdOf } from "../../shared/http/request-id.ts";
import {
  type AnswerTable,
  answerByCode,
  answerUnavailable,
  renderStatus,
  type Status,
} from "../../shared/http/status.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { CaError } from "./errors.ts";

const rejectInvalid = (message: string): Status => ({ grpc: "INVALID_ARGUMENT", message });
const rejectRequest = (detail: string): Status => rejectInvalid(`The request could not be read: ${detail}`);
const rejectToken = (detail: string): Status =>
  rejectInvalid(`There was an error processing the identity token: ${detail}`);
const rejectKey = (detail: string): Status =>
  rejectInvalid(`The public key supplied in the request could not be parsed: ${detail}`);
const rejectSignature = (detail: string): Status =>
  rejectInvalid(`The signature supplied in the request could not be verified: ${detail}`);
const logFailed = (detail: string, retryAfterSeconds: number): Status =>
  answerUnavailable(`Error entering certificate in CTL: ${detail}`, retryAfterSeconds);

const KEYS = "ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537";
/** The longest period over which Cloudflare counts. */
const RATE_SECONDS = 60;
/** Retry-After where an operator has to act first. */
const OPERATOR_SECONDS = 60;

const STATUSES: AnswerTable<CaError, Status> = {
  path_unknown: () => ({ grpc: "NOT_FOUND", message: "Not Found" }),
  method_wrong: () => ({ grpc: "UNIMPLEMENTED", message: "Method Not Allowed" }),
  ca_failed: ({ requestId }) =>
    answerUnavailable(`error communicating with CA backend: its log has request ${requestId}`),

  body_too_large: ({ maxBodyBytes }) =>
    rejectInvalid(`http: request body too large: send at most ${maxBodyBytes} bytes`),
  body_incomplete: () => rejectRequest("unexpected EOF: it ends before its body does; send it again"),
  json_invalid: () => rejectRequest("the body is not JSON"),
  json_duplicate_member: () => rejectRequest("an object in the body has a duplicate member"),
  json_too_deep: () => rejectRequest("the body is nested too deeply"),
  json_too_many_values: () => rejectRequest("the body has too many values, or names that are too long"),
  field_unknown: ({ path }) => rejectRequest(`${path} is an unknown field`),
  field_repeated: ({ path }) => rejectRequest(`${path} appears twice`),
  field_type: ({ path }) => rejectRequest(`${path === "" ? "the body" : path} has the wrong JSON type`),
  field_text: ({ path }) => rejectRequest(`${path} has half a surrogate pair, which is no Unicode text`),
  field_bytes: ({ path }) => rejectRequest(`${path} is not base64`),
  field_enum: ({ path }) => rejectRequest(`${path} has an unknown value`),
  field_too_many: ({ path }) => rejectRequest(`${path} has too many items`),
  key_and_csr: () => rejectRequest("send either publicKeyRequest or certificateSigningRequest, not both"),

  rate_limited: ({ who }) => ({
    grpc: "RESOURCE_EXHAUSTED",
    message:
      who === "client"
        ? "too many requests from this network; try again later"
        : "too many certificates for this identity; try again later, or sign more with each certificate",
    headers: { "retry-after": String(RATE_SECONDS) },
  }),

  token_used: () =>
    rejectToken(
      "it has already been used, and each token of its issuer is valid for one certificate; request a new one",
    ),
  token_revoked: () =>
    rejectToken(
      "it is revoked, because the code that yielded it was used a second time: somebody may have read it; sign in again",
    ),
  token_missing: () =>
    rejectToken("the request has none; send it as `Authorization: Bearer TOKEN` or in credentials.oidcIdentityToken"),
  token_too_large: ({ maxBytes }) => rejectToken(`it is larger than ${maxBytes} bytes`),
  token_malformed: ({ part }) =>
    rejectToken(
      part === "form"
        ? "it is not a signed JWT: three parts of unpadded base64url, separated by dots"
        : `its ${part} is not a valid JSON object`,
    ),
  token_algorithm: ({ allowed }) => rejectToken(`its alg must be one of ${allowed.join(", ")}`),
  token_critical_header: () => rejectToken("its header requires an extension (crit) that is not supported"),
  token_audience: ({ expected }) =>
    rejectToken(`its audience (aud) must be ${expected.map(quote).join(" or ")}; request a token for that audience`),
  token_expired: ({ exp, now }) =>
    rejectToken(
      `it expired at ${formatRfc3339(unixMs(Math.floor(exp * 1000)))}, and the time is ${formatRfc3339(now)}; request a new one`,
    ),
  token_not_yet_valid: ({ nbf, now }) =>
    rejectToken(
      `it is not valid before ${formatRfc3339(unixMs(Math.floor(nbf * 1000)))}, and the time is ${formatRfc3339(now)}`,
    ),
  token_key_unknown: () => rejectToken("its kid names none of its issuer's keys"),
  token_signature_invalid: () => rejectToken("its signature does not verify with its issuer's keys"),
  issuer_unknown: ({ issuer }) =>
    rejectToken(`its issuer ${quote(issuer)} is not accepted here; /api/v2/configuration lists the accepted issuers`),
  issuer_loopback: ({ issuer }) =>
    rejectToken(
      `its issuer ${quote(issuer)} is a loopback address, which only a development stack (npm start) accepts`,
    ),
  issuer_keys_unavailable: ({ issuer, retryAfterSeconds }) =>
    answerUnavailable(
      `There was an error processing the identity token: could not fetch the keys of its issuer ${quote(issuer)}; try again`,
      retryAfterSeconds,
    ),
  claim_missing: ({ claim }) => rejectToken(`its claim ${claim} is missing or empty`),
  claim_invalid: ({ claim, expected }) => rejectToken(`its claim ${claim} must be ${expected}`),
  policy_refused: ({ condition }) => rejectToken(`this deployment's policy rejects the token: claim ${condition}`),
  email_unverified: () =>
    rejectToken("its claim email_verified is not true: the issuer does not vouch for the e-mail address"),
  email_invalid: () => rejectToken("its claim email is not an e-mail address"),
  email_not_ascii: () => rejectToken("its claim email has non-ASCII characters, which a certificate cannot hold"),
  identity_too_large: ({ maxBytes }) =>
    rejectToken(`its claims produce a name and extensions of more than ${maxBytes} bytes in total`),
  subject_alt_name_invalid: () => rejectToken("its claims do not form a URI that a certificate can hold"),

  public_key_pem_invalid: () =>
    rejectKey("publicKeyRequest.publicKey.content must be one PEM block, PUBLIC KEY or RSA PUBLIC KEY"),
  public_key_invalid: () => rejectKey("it is not a DER SubjectPublicKeyInfo with a valid key"),
  public_key_unsupported: () => rejectKey(`unsupported public key type; use ${KEYS}`),
  public_key_weak: () => rejectInvalid(`The public key supplied in the request is insecure: use ${KEYS}`),
  proof_missing: () => rejectSignature("publicKeyRequest.proofOfPossession is missing"),
  proof_invalid: () =>
    rejectSignature(
      "proofOfPossession must be the key's signature over the token's email, or its sub if it has no email",
    ),
  csr_invalid: () =>
    rejectInvalid(
      "The certificate signing request could not be parsed: it must be the base64 of one PEM block, CERTIFICATE REQUEST (PKCS#10)",
    ),
  csr_algorithm_unrecognized: ({ oid }) => rejectInvalid(`unrecognized signature algorithm: ${oid}`),
  csr_signature_invalid: () => rejectSignature("the certificate signing request is not signed by the key in it"),
  csr_hash_not_permitted: ({ kind, hash }) =>
    rejectInvalid(`signing algorithm not permitted: ${kind}, ${hash}; sign the request with ${KEY_HASH[kind]}`),

  ca_certificate_not_valid: ({ notBefore, notAfter }) =>
    answerUnavailable(
      `error communicating with CA backend: the CA certificate is valid from ${formatRfc3339(notBefore)} to ${formatRfc3339(notAfter)}, which does not cover a certificate issued now; the operator must replace it`,
      OPERATOR_SECONDS,
    ),
  log_busy: ({ retryAfterSeconds }) => logFailed("the certificate log is busy; try again", retryAfterSeconds),
  log_starting: () => logFailed("the certificate log is starting; try again", 1),
  witnesses_missing: ({ retryAfterSeconds }) =>
    logFailed("the certificate log is waiting for its witnesses; try again", retryAfterSeconds),
  log_refusing: ({ reason }) => logFailed(`the certificate log refuses to write: ${reason}`, OPERATOR_SECONDS),
  log_frozen: () =>
    logFailed("every certificate log of this CA is frozen; the operator must open another", OPERATOR_SECONDS),
  entry_in_other_form: ({ leafIndex }) =>
    logFailed(`the certificate log has this certificate at ${leafIndex}, in another form`, OPERATOR_SECONDS),
  // The log counts signatures only.
  writer_exhausted: () => logFailed("the certificate log counts its writers", OPERATOR_SECONDS),
  log_full: () =>
    logFailed("the certificate log of this CA is full; the operator must open another (SHARDS)", OPERATOR_SECONDS),
  log_over_quota: ({ retryAfterSeconds }) =>
    logFailed("the certificate log has used up its plan's daily rows; try again after 00:00 UTC", retryAfterSeconds),
  clock_behind: () => logFailed("the certificate log's clock is behind its last timestamp", OPERATOR_SECONDS),
  entry_too_large: ({ maxBytes }) =>
    rejectToken(`its claims produce an entry of more than ${maxBytes} bytes for the certificate log`),
};

/** Returns the status of an error. */
export const statusOf = (error: CaError): Status => answerByCode(STATUSES, error);

/** Renders the error as a response, and logs it under the request's id if the operator has to know about it. */
export function renderError(error: CaError, request: Request): Response {
  const status = statusOf(error);
  if (status.grpc === "UNAVAILABLE") console.error(JSON.stringify({ ...error, requestId: requestIdOf(request) }));
  return renderStatus(status);
}
