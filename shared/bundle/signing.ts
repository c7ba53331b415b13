// SPDX-License-Identifier: Apache-2.0
// The messages of a signer: what it asks of a CA, a timestamp authority and a signature log, and the bundle that it
// makes of their answers. Signs nothing and sends nothing; it runs in a page as in a terminal.
// Spec: sigstore/fulcio fulcio.proto (CreateSigningCertificate); RFC 3161 §2.4.1; rekor-v2-spec.md;
// sigstore_bundle.proto

import { sha256 } from "#sha256";
import { decodeBase64Url, encodeBase64 } from "../bytes/base64.ts";
import { decodePem, encodePem } from "../bytes/pem.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { integer, NULL, octetString, oid, sequence, smallInteger } from "../der/writer.ts";
import { isObject, items, member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { IN_TOTO_PAYLOAD_TYPE } from "../rekor/dsse.ts";
import { err, ok, type Result } from "../result.ts";
import { SHA256 } from "../tsa/oids.ts";
import { MEDIA_TYPE } from "./offer.ts";

/**
 * The text whose signature proves to a CA that the signer has the key: the address in the token, or its subject. Null
 * if this is no token. The CA verifies the token; here nobody does.
 */
export function challengeOf(token: string): string | null {
  const payload = decodeBase64Url(token.split(".")[1] ?? "");
  const claims = payload.ok ? parseJson(payload.value) : payload;
  if (!claims.ok) return null;
  const [email, subject] = [member(claims.value, "email"), member(claims.value, "sub")];
  const challenge = typeof email === "string" && email !== "" ? email : subject;
  return typeof challenge === "string" && challenge !== "" ? challenge : null;
}

/** The values that a CA gets in a request. */
export interface CertificateRequest {
  readonly token: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** The signature over the challenge, DER. */
  readonly proof: Uint8Array;
}

/** The body of POST /api/v2/signingCert. */
export const toCertificateRequest = ({ token, spki, proof }: CertificateRequest): object => ({
  credentials: { oidcIdentityToken: token },
  publicKeyRequest: {
    publicKey: { algorithm: "ECDSA", content: encodePem("PUBLIC KEY", spki) },
    proofOfPossession: encodeBase64(proof),
  },
});

/** Reads the leaf, DER, from the CA's answer. The error completes "the CA …". */
export function readLeaf(answer: unknown): Result<Uint8Array, string> {
  const chain = member(member(answer, "signedCertificateEmbeddedSct"), "chain");
  const [pem] = items(chain, "certificates");
  const blocks = typeof pem === "string" ? decodePem(pem) : null;
  const der = blocks?.ok === true ? blocks.value[0]?.der : undefined;
  return der === undefined ? err("issued no certificate with an embedded SCT") : ok(der);
}

/** A TimeStampReq over the SHA-256 of a signature, DER. @param nonce random, 8 bytes or more */
export function encodeTimestampQuery(signature: Uint8Array, nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  const imprint = sequence(sequence(oid(SHA256), NULL), octetString(sha256(signature)));
  return sequence(smallInteger(1), imprint, integer(nonce));
}

/** A signature by a P-256 key, and the certificate of that key. */
export interface Signed {
  /** SHA-256 of the file, or of the PAE of an envelope. */
  readonly digest: Uint8Array;
  /** DER. */
  readonly signature: Uint8Array;
  readonly leaf: Uint8Array;
}

/** The body of POST /api/v2/log/entries. */
export const toEntryRequest = ({ digest, signature, leaf }: Signed): object => ({
  hashedRekordRequestV002: {
    digest: encodeBase64(digest),
    signature: {
      content: encodeBase64(signature),
      verifier: { x509Certificate: { rawBytes: encodeBase64(leaf) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
    },
  },
});

/** The answers of the services. */
export interface Evidence {
  /** TransparencyLogEntry, as the log answered. */
  readonly entry: unknown;
  /** TimeStampResp, DER. */
  readonly timestamp: Uint8Array;
}

/**
 * Makes the bundle, in version 0.3.
 * @param statement the payload of an attestation; null for a signature over a file
 */
export function toBundleJson(signed: Signed, { entry, timestamp }: Evidence, statement: Uint8Array | null): object {
  const signature = encodeBase64(signed.signature);
  const content =
    statement === null
      ? {
          messageSignature: {
            messageDigest: { algorithm: "SHA2_256", digest: encodeBase64(signed.digest) },
            signature,
          },
        }
      : {
          dsseEnvelope: {
            payload: encodeBase64(statement),
            payloadType: IN_TOTO_PAYLOAD_TYPE,
            signatures: [{ sig: signature, keyid: "" }],
          },
        };
  return {
    mediaType: MEDIA_TYPE,
    verificationMaterial: {
      certificate: { rawBytes: encodeBase64(signed.leaf) },
      tlogEntries: [withoutNulls(entry)],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: encodeBase64(timestamp) }] },
    },
    ...content,
  };
}

/** A member that is null is absent in protobuf JSON; some clients read it as a value all the same. */
function withoutNulls(entry: unknown): unknown {
  return isObject(entry) ? Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)) : entry;
}

/** Makes an in-toto statement about one file. Spec: https://github.com/in-toto/attestation/tree/main/spec/v1 */
export function encodeStatement(
  subject: { readonly name: string; readonly sha256: string },
  predicateType: string,
  predicate: unknown,
): Uint8Array {
  const { name, sha256: hex } = subject;
  const subjects = [{ name, digest: { sha256: hex } }];
  const type = "https://in-toto.io/Statement/v1";
  return encodeUtf8(JSON.stringify({ _type: type, subject: subjects, predicateType, predicate }));
}
