// SPDX-License-Identifier: Apache-2.0
// Failures of the CA → HTTP. Each message begins with the sentence that Fulcio uses, as people and tools search for it, and
// goes on with what to fix. Spec: https://github.com/sigstore/fulcio/blob/main/pkg/server/error.go

import type { LegacyRequestError } from "../../shared/fulcio/legacy-request.ts";
import type { RequestError } from "../../shared/fulcio/request.ts";
import { KEY_HASH } from "../../shared/fulcio/subject-key.ts";
import type { BodyError } from "../../shared/http/body.ts";
import { requestIdOf } from "../../shared/http/request-id.ts";
import { renderStatus, type Status, unavailable } from "../../shared/http/status.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { IssueError } from "./issuing/issue.ts";

export type CaError =
  | BodyError
  | RequestError
  | LegacyRequestError
  | IssueError
  | { readonly code: "path_unknown" }
  | { readonly code: "method_wrong" }
  | { readonly code: "ca_failed"; readonly requestId: string };

const invalid = (message: string): Status => ({ grpc: "INVALID_ARGUMENT", message });
const badRequest = (detail: string): Status => invalid(`The request could not be read: ${detail}`);
const badToken = (detail: string): Status => invalid(`There was an error processing the identity token: ${detail}`);
const badKey = (detail: string): Status =>
  invalid(`The public key supplied in the request could not be parsed: ${detail}`);
const badSignature = (detail: string): Status =>
  invalid(`The signature supplied in the request could not be verified: ${detail}`);
const logFailed = (detail: string, retryAfterSeconds: number): Status =>
  unavailable(`Error entering certificate in CTL: ${detail}`, retryAfterSeconds);

const KEYS = "ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537";
/** The longest period that the platform counts in. */
const RATE_SECONDS = 60;
/** An operator has to act; until then a retry is of little use. */
const OPERATOR_SECONDS = 60;

/** The arm of the union that has this code; an arm may have several. */
type ErrorOf<C, E = CaError> = E extends { readonly code: infer K } ? (C extends K ? E : never) : never;
type Statuses = { readonly [C in CaError["code"]]: (error: ErrorOf<C>) => Status };

const STATUSES: Statuses = {
  path_unknown: () => ({ grpc: "NOT_FOUND", message: "Not Found" }),
  method_wrong: () => ({ grpc: "UNIMPLEMENTED", message: "Method Not Allowed" }),
  ca_failed: ({ requestId }) => unavailable(`error communicating with CA backend: its log has request ${requestId}`),

  body_too_large: ({ maxBodyBytes }) => invalid(`http: request body too large: send at most ${maxBodyBytes} bytes`),
  json_invalid: () => badRequest("the body is not JSON"),
  json_duplicate_member: () => badRequest("an object in the body has a member twice"),
  json_too_deep: () => badRequest("the body is nested too deeply"),
  field_unknown: ({ path }) => badRequest(`${path} is not known`),
  field_repeated: ({ path }) => badRequest(`${path} stands there twice`),
  field_type: ({ path }) => badRequest(`${path === "" ? "the body" : path} has the wrong JSON type`),
  field_bytes: ({ path }) => badRequest(`${path} is not base64`),
  field_enum: ({ path }) => badRequest(`${path} has an unknown value`),
  field_too_many: ({ path }) => badRequest(`${path} has too many items`),
  key_and_csr: () => badRequest("publicKeyRequest and certificateSigningRequest exclude each other; send one of them"),

  rate_limited: ({ who }) => ({
    grpc: "RESOURCE_EXHAUSTED",
    message:
      who === "client"
        ? "too many requests from this address; try again later"
        : "too many certificates for this identity; try again later, or sign more with each",
    headers: { "retry-after": String(RATE_SECONDS) },
  }),

  token_used: () =>
    badToken("it has been used, and its issuer's tokens are good for one certificate here; request a new one"),
  token_missing: () =>
    badToken("there is none; send it as `Authorization: Bearer TOKEN` or in credentials.oidcIdentityToken"),
  token_too_large: ({ maxBytes }) => badToken(`it is larger than ${maxBytes} bytes`),
  token_malformed: ({ part }) =>
    badToken(
      part === "form"
        ? "it is not a signed JWT: three parts of unpadded base64url, separated by dots"
        : `its ${part} is not the JSON object it should be`,
    ),
  token_algorithm: ({ allowed }) => badToken(`its alg is not one of ${allowed.join(", ")}`),
  token_critical_header: () => badToken("its header demands an extension (crit) that is not supported"),
  token_audience: ({ expected }) =>
    badToken(`it is not for the audience ${expected.map(quote).join(" or ")}; request one whose aud is that`),
  token_expired: ({ exp, now }) =>
    badToken(`it expired at ${formatRfc3339(unixMs(exp * 1000))}, and it is ${formatRfc3339(now)}; request a new one`),
  token_not_yet_valid: ({ nbf, now }) =>
    badToken(`it is not valid before ${formatRfc3339(unixMs(nbf * 1000))}, and it is ${formatRfc3339(now)}`),
  token_key_unknown: () => badToken("its issuer has no key with its kid"),
  token_signature_invalid: () => badToken("its signature does not verify with its issuer's keys"),
  issuer_unknown: ({ issuer }) =>
    badToken(`its issuer ${quote(issuer)} is not accepted here; /api/v2/configuration lists those that are`),
  issuer_loopback: ({ issuer }) =>
    badToken(`its issuer ${quote(issuer)} is a loopback address, which only a development stack (npm start) accepts`),
  issuer_keys_unavailable: ({ issuer, retryAfterSeconds }) =>
    unavailable(
      `There was an error processing the identity token: the keys of its issuer ${quote(issuer)} cannot be had now; try again`,
      retryAfterSeconds,
    ),
  claim_missing: ({ claim }) => badToken(`its claim ${claim} is missing or empty`),
  claim_invalid: ({ claim, expected }) => badToken(`its claim ${claim} must be ${expected}`),
  policy_refused: ({ condition }) => badToken(`this deployment gives its owner no certificate: its claim ${condition}`),
  email_unverified: () =>
    badToken("its claim email_verified is not true: the issuer does not vouch for the e-mail address"),
  email_invalid: () => badToken("its claim email is not an e-mail address"),
  email_not_ascii: () => badToken("its claim email has characters outside ASCII, which a certificate cannot hold"),
  identity_too_large: ({ maxBytes }) =>
    badToken(`its claims make a name and extensions of more than ${maxBytes} bytes together`),
  subject_alt_name_invalid: () => badToken("its claims do not make a URI that a certificate can hold"),

  public_key_pem_invalid: () =>
    badKey("publicKeyRequest.publicKey.content must be one PEM block PUBLIC KEY (or RSA PUBLIC KEY)"),
  public_key_invalid: () => badKey("it is not a DER SubjectPublicKeyInfo with a valid key"),
  public_key_unsupported: () => badKey(`unsupported public key type; use ${KEYS}`),
  public_key_weak: () => invalid(`The public key supplied in the request is insecure: use ${KEYS}`),
  proof_missing: () => badSignature("publicKeyRequest.proofOfPossession is missing"),
  proof_invalid: () =>
    badSignature("proofOfPossession must be the key's signature over the token's email (or, without one, its sub)"),
  csr_invalid: () =>
    invalid(
      "The certificate signing request could not be parsed: it must be base64 of one PEM block CERTIFICATE REQUEST (PKCS#10)",
    ),
  csr_algorithm_unrecognized: ({ oid }) => invalid(`unrecognized signature algorithm: ${oid}`),
  csr_signature_invalid: () => badSignature("the certificate signing request is not signed by the key in it"),
  csr_hash_not_permitted: ({ kind, hash }) =>
    invalid(`signing algorithm not permitted: ${kind}, ${hash}; sign the request with ${KEY_HASH[kind]}`),

  ca_certificate_not_valid: ({ notBefore, notAfter }) =>
    unavailable(
      `error communicating with CA backend: the CA certificate is valid from ${formatRfc3339(notBefore)} to ${formatRfc3339(notAfter)}, which does not hold a certificate of now; the operator must replace it`,
      OPERATOR_SECONDS,
    ),
  log_busy: ({ retryAfterSeconds }) => logFailed("the certificate log is busy; try again", retryAfterSeconds),
  log_starting: () => logFailed("the certificate log is starting; try again", 1),
  witnesses_missing: ({ retryAfterSeconds }) =>
    logFailed("the certificate log waits for its witnesses; try again", retryAfterSeconds),
  log_refusing: ({ reason }) => logFailed(`the certificate log does not accept entries: ${reason}`, OPERATOR_SECONDS),
  log_frozen: () =>
    logFailed("the certificate logs that this CA knows are frozen; the operator must open another", OPERATOR_SECONDS),
  clock_behind: () => logFailed("the clock is behind the certificate log's last timestamp", OPERATOR_SECONDS),
  entry_too_large: ({ maxBytes }) =>
    badToken(`its claims make an entry of more than ${maxBytes} bytes for the certificate log`),
};

/** What a token says is quoted and cut: it is somebody else's text. */
const quote = (text: string): string => JSON.stringify(text.slice(0, 200));

/** The status of an error. */
export function statusOf(error: CaError): Status {
  // The table has a function for each code and this is the one for `error.code`; the types cannot say so of a union.
  const render = STATUSES[error.code] as (error: CaError) => Status;
  return render(error);
}

/** The error as a response. What an operator has to know about leaves a log line, under the id of the request. */
export function renderError(error: CaError, request: Request): Response {
  const status = statusOf(error);
  if (status.grpc === "UNAVAILABLE") console.error(JSON.stringify({ ...error, requestId: requestIdOf(request) }));
  return renderStatus(status);
}
