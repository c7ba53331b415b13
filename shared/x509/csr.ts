// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests. Only the key is taken from them: subject and requested extensions must be well-formed and are
// otherwise ignored. Spec: RFC 2986 §4; RFC 7468 §7 (labels).

import { decodePem } from "../bytes/pem.ts";
import { decodeUtf8 } from "../bytes/utf8.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import type { PublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { readName } from "./name.ts";

export interface CertificateRequest {
  /** CertificationRequestInfo: the bytes that the requester signed. */
  readonly info: Uint8Array;
  /** SubjectPublicKeyInfo, DER; not checked here. */
  readonly spki: Uint8Array;
  /** The algorithm's OID in dotted decimals. */
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

export type CsrError =
  | { readonly code: "csr_invalid" }
  | { readonly code: "csr_algorithm_unrecognized"; readonly oid: string }
  | { readonly code: "csr_signature_invalid" };

/** `NEW CERTIFICATE REQUEST` is what old Windows tools write. */
const LABELS = new Set(["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]);
/** More attributes and values than any tool asks for. */
const MAX_ATTRIBUTES = 16;

/** Which keys an algorithm is for, and its hash. PSS is not among them: it would be a second scheme for the same key. */
const ALGORITHMS: Readonly<Record<string, { readonly family: string; readonly hash: HashAlgorithm }>> = {
  "1.2.840.10045.4.3.2": { family: "ecdsa", hash: "SHA-256" },
  "1.2.840.10045.4.3.3": { family: "ecdsa", hash: "SHA-384" },
  "1.2.840.10045.4.3.4": { family: "ecdsa", hash: "SHA-512" },
  "1.2.840.113549.1.1.11": { family: "rsa", hash: "SHA-256" },
  "1.2.840.113549.1.1.12": { family: "rsa", hash: "SHA-384" },
  "1.2.840.113549.1.1.13": { family: "rsa", hash: "SHA-512" },
  "1.3.101.112": { family: "ed25519", hash: "SHA-512" },
};

/** Parses PEM text with exactly one request, no trailing bytes. The signature is not verified. Fails with csr_invalid. */
export function parseCertificateRequest(pem: Uint8Array): Result<CertificateRequest, CsrError> {
  const text = decodeUtf8(pem);
  const blocks = text.ok ? decodePem(text.value) : text;
  if (!blocks.ok) return err({ code: "csr_invalid" });
  const [block, ...more] = blocks.value;
  if (block === undefined || more.length > 0 || !LABELS.has(block.label)) return err({ code: "csr_invalid" });
  const request = decodeDer(block.der, (reader) => reader.sequence(readRequest));
  return request.ok ? request : err({ code: "csr_invalid" });
}

/** CertificationRequest ::= SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING } */
function readRequest(reader: DerReader): CertificateRequest {
  const info = reader.raw();
  const spki = decodeDer(info, (inner) => inner.sequence(readInfo));
  if (!spki.ok) return reader.fail(spki.error.reason);
  const algorithm = reader.sequence(readAlgorithm);
  return { info, spki: spki.value, algorithm, signature: reader.bitString() };
}

/** CertificationRequestInfo ::= SEQUENCE { version, subject Name, subjectPKInfo, attributes [0] IMPLICIT SET OF Attribute } */
function readInfo(reader: DerReader): Uint8Array {
  if (reader.smallInteger() !== 0) reader.fail("not a version 1 request");
  readName(reader);
  const spki = reader.raw();
  // Some tools leave out an empty set of attributes, though it is not OPTIONAL.
  reader.optional(0xa0, (r) => r.listOf(0xa0, MAX_ATTRIBUTES, readAttribute));
  return spki;
}

/** Attribute ::= SEQUENCE { type OBJECT IDENTIFIER, values SET OF ANY } */
function readAttribute(reader: DerReader): void {
  reader.sequence((attribute) => {
    attribute.oid();
    attribute.listOf(0x31, MAX_ATTRIBUTES, (values) => values.raw());
  });
}

function readAlgorithm(reader: DerReader): string {
  const oid = reader.oid();
  // NULL for RSA, nothing for the others (RFC 5758 §3.2, RFC 8410 §3); parameters of algorithms we do not know are passed over.
  if (ALGORITHMS[oid]?.family === "rsa") reader.null();
  else if (ALGORITHMS[oid] === undefined && !reader.done) reader.raw();
  return oid;
}

/**
 * Verifies the request's signature with `key`, which is the one in it, and gives the hash that was used.
 * Fails with csr_algorithm_unrecognized or csr_signature_invalid.
 */
export async function verifyCertificateRequest(
  request: CertificateRequest,
  key: PublicKey,
): Promise<Result<HashAlgorithm, CsrError>> {
  const algorithm = ALGORITHMS[request.algorithm];
  if (algorithm === undefined) return err({ code: "csr_algorithm_unrecognized", oid: request.algorithm });
  const isKeys = key.kind.startsWith(algorithm.family);
  return isKeys && (await verifyMessage(key, algorithm.hash, request.info, request.signature))
    ? ok(algorithm.hash)
    : err({ code: "csr_signature_invalid" });
}
