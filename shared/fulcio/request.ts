// SPDX-License-Identifier: Apache-2.0
// The body of POST /api/v2/signingCert. Clients send unknown fields and enum values; both are ignored.
// Spec: https://github.com/sigstore/fulcio/blob/main/fulcio.proto (CreateSigningCertificateRequest).

import { type JsonError, parseJson } from "../json/parse.ts";
import { bytes, type FieldError, ignore, message, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";

/** A client's request, in whichever version of the API. */
export interface SigningRequest {
  /** The identity token; "" if the request has none. */
  readonly token: string;
  readonly key: RequestedKey;
}

/** The key to certify, with its proof of possession. */
export type RequestedKey =
  /** PEM text of the key, and the key's signature over the identity. */
  | { readonly kind: "public-key"; readonly pem: string; readonly proof: Uint8Array }
  /** PEM text of a PKCS#10 request. */
  | { readonly kind: "csr"; readonly pem: Uint8Array };

/** The body is malformed, or has both a key and a signing request. */
export type RequestError = JsonError | FieldError | { readonly code: "key_and_csr" };

const decodeRequest = message(
  {
    credentials: message({ oidcIdentityToken: string }, "ignore"),
    publicKeyRequest: message(
      {
        // `algorithm` repeats what the key says, and clients spell it in many ways.
        publicKey: message({ algorithm: ignore, content: string }, "ignore"),
        proofOfPossession: bytes,
      },
      "ignore",
    ),
    certificateSigningRequest: bytes,
  },
  "ignore",
);

/**
 * Decodes the body. An empty body is the empty message; later checks of token and key report what is missing.
 * Fails with a JsonError, a FieldError, or key_and_csr if both members of the oneof are present.
 */
export function decodeSigningRequest(body: Uint8Array): Result<SigningRequest, RequestError> {
  const json = body.length === 0 ? ok({}) : parseJson(body);
  if (!json.ok) return json;
  const request = decodeRequest(json.value, "");
  if (!request.ok) return request;
  const { credentials, publicKeyRequest, certificateSigningRequest: csr } = request.value;
  if (publicKeyRequest !== undefined && csr !== undefined) return err({ code: "key_and_csr" });
  return ok({
    token: credentials?.oidcIdentityToken ?? "",
    key:
      csr !== undefined && csr.length > 0
        ? { kind: "csr", pem: csr }
        : {
            kind: "public-key",
            pem: publicKeyRequest?.publicKey?.content ?? "",
            proof: publicKeyRequest?.proofOfPossession ?? new Uint8Array(0),
          },
  });
}
