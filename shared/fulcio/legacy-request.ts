// SPDX-License-Identifier: Apache-2.0
// The body of POST /api/v1/signingCert: the same parts as in version 2 under other names. The key is bytes, PEM text or
// a bare SPKI; the proof is called a signed email address, whatever it signs.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio_legacy.proto (CreateSigningCertificateRequest)

import { encodePem } from "../bytes/pem.ts";
import { decodeUtf8 } from "../bytes/utf8.ts";
import { type JsonError, parseJson } from "../json/parse.ts";
import { bytes, type FieldError, ignore, message } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";
import type { RequestedKey } from "./request.ts";

/** The body is malformed, or its key is not text. */
export type LegacyRequestError = JsonError | FieldError | { readonly code: "public_key_pem_invalid" };

const decodeRequest = message(
  {
    publicKey: message({ algorithm: ignore, content: bytes }, "ignore"),
    signedEmailAddress: bytes,
    certificateSigningRequest: bytes,
  },
  "ignore",
);

/** A dash: the first byte of PEM text, but of no SPKI. */
const DASH = 0x2d;

/**
 * Decodes the body. Like the reference, rejects a request without key and signing request before looking at its token.
 * Fails with a JsonError, a FieldError or public_key_pem_invalid.
 */
export function decodeLegacyRequest(body: Uint8Array): Result<RequestedKey, LegacyRequestError> {
  const json = body.length === 0 ? ok({}) : parseJson(body);
  if (!json.ok) return json;
  const request = decodeRequest(json.value, "");
  if (!request.ok) return request;
  const { publicKey, signedEmailAddress, certificateSigningRequest: csr } = request.value;
  if (csr !== undefined && csr.length > 0) return ok({ kind: "csr", pem: csr });
  const content = publicKey?.content ?? new Uint8Array(0);
  const pem = content[0] === DASH ? decodeUtf8(content) : ok(encodePem("PUBLIC KEY", content));
  if (content.length === 0 || !pem.ok) return err({ code: "public_key_pem_invalid" });
  return ok({ kind: "public-key", pem: pem.value, proof: signedEmailAddress ?? new Uint8Array(0) });
}
