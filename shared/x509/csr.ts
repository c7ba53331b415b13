// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests. Only their key is used: the subject and the requested extensions must be well-formed
// and are otherwise ignored. Spec: RFC 2986 §4; RFC 7468 §7 (labels).

import { decodePem } from "../bytes/pem.ts";
import { decodeUtf8 } from "../bytes/utf8.ts";
import type { HashAlgorithm } from "../crypto/hash.ts";
import type { PublicKey } from "../crypto/public-key.ts";
import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { readName } from "./name.ts";
import { readSignatureAlgorithm, type SignatureAlgorithm, verifySigned } from "./signature-algorithm.ts";

/** A request whose signature has not been verified. */
export interface CertificateRequest {
  /** CertificationRequestInfo: the bytes that the requester signed. */
  readonly info: Uint8Array;
  /** SubjectPublicKeyInfo, DER; not checked here. */
  readonly spki: Uint8Array;
  readonly algorithm: {
    /** Dotted decimal. */
    readonly oid: string;
    /** Null if we cannot verify this algorithm. */
    readonly known: SignatureAlgorithm | null;
  };
  readonly signature: Uint8Array;
}

/** The request is malformed, of an unknown algorithm, or not signed by its key. */
export type CsrError =
  | { readonly code: "csr_invalid" }
  | { readonly code: "csr_algorithm_unrecognized"; readonly oid: string }
  | { readonly code: "csr_signature_invalid" };

/** Old Windows tools write `NEW CERTIFICATE REQUEST`. */
const LABELS = new Set(["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]);
/** More attributes and values than any tool requests. */
const MAX_ATTRIBUTES = 16;

/** Parses PEM text with exactly one request and no trailing bytes; does not verify it. Fails with csr_invalid. */
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
  const algorithm = reader.sequence(readSignatureAlgorithm);
  return { info, spki: spki.value, algorithm, signature: reader.bitString() };
}

/**
 * CertificationRequestInfo ::= SEQUENCE { version, subject Name, subjectPKInfo, attributes [0] IMPLICIT SET OF
 * Attribute }
 */
function readInfo(reader: DerReader): Uint8Array {
  if (reader.smallInteger() !== 0) reader.fail("not a version 1 request");
  readName(reader);
  const spki = reader.raw();
  // Some tools omit an empty set of attributes, although it is not OPTIONAL.
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

/**
 * Verifies the request's signature with `key`, the key in the request; returns the hash that it used.
 * Fails with csr_algorithm_unrecognized or csr_signature_invalid.
 */
export async function verifyCertificateRequest(
  request: CertificateRequest,
  key: PublicKey,
): Promise<Result<HashAlgorithm, CsrError>> {
  const { oid, known } = request.algorithm;
  if (known === null) return err({ code: "csr_algorithm_unrecognized", oid });
  return (await verifySigned(known, key, request.info, request.signature))
    ? ok(known.hash)
    : err({ code: "csr_signature_invalid" });
}
