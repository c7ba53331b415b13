// SPDX-License-Identifier: Apache-2.0
// Parses X.509 v3 certificates by schema and encodes them from parts. Verifies nothing; chain.ts does.
// Spec: RFC 5280 §4.1.

import { type DerError, type DerReader, decodeDer } from "../der/reader.ts";
import { bitString, certificateTime, context, integer, sequence, smallInteger } from "../der/writer.ts";
import type { Result } from "../result.ts";
import type { UnixMs } from "../time.ts";
import { type DistinguishedName, readName } from "./name.ts";

/** One extension of a certificate. */
export interface Extension {
  /** Dotted decimal. */
  readonly oid: string;
  readonly critical: boolean;
  /** The contents of extnValue. */
  readonly value: Uint8Array;
}

/** A parsed certificate. Its names and key are kept as they were, and were not checked except the subject. */
export interface Certificate {
  readonly der: Uint8Array;
  /** The bytes that the issuer signed, exactly as in `der`. */
  readonly tbs: Uint8Array;
  /** INTEGER contents, with the sign octet if there is one. */
  readonly serial: Uint8Array;
  /** Name, DER, exactly as in `der`, because names are compared as bytes. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly subjectName: DistinguishedName;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** SubjectPublicKeyInfo, DER, exactly as in `der`. */
  readonly spki: Uint8Array;
  readonly extensions: readonly Extension[];
  /** AlgorithmIdentifier, DER; the same inside and outside the TBS. */
  readonly signatureAlgorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** Far above the 25 of our own leaves. */
const MAX_EXTENSIONS = 64;

/** Parses exactly one certificate without trailing bytes; rejects duplicate extensions. Fails with der_invalid. */
export function parseCertificate(der: Uint8Array): Result<Certificate, DerError> {
  return decodeDer(der, (reader) =>
    reader.sequence((outer) => {
      const tbs = outer.raw();
      const signatureAlgorithm = outer.raw();
      const signature = outer.bitString();
      const fields = unwrap(
        decodeDer(tbs, (inner) => inner.sequence(readTbs)),
        outer,
      );
      if (!sameBytes(fields.signatureAlgorithm, signatureAlgorithm)) outer.fail("signature algorithms differ");
      return { ...fields, der, tbs, signature };
    }),
  );
}

function readTbs(reader: DerReader): Omit<Certificate, "der" | "tbs" | "signature"> {
  const version = reader.within(0xa0, (inner) => inner.smallInteger());
  if (version !== 2) reader.fail("not a v3 certificate");
  const serial = reader.integer();
  const signatureAlgorithm = reader.raw();
  const issuer = reader.raw();
  const { notBefore, notAfter } = reader.sequence((v) => ({ notBefore: v.time(), notAfter: v.time() }));
  const subject = reader.raw();
  const subjectName = unwrap(decodeDer(subject, readName), reader);
  const spki = reader.raw();
  const extensions = reader.optional(0xa3, (r) => r.within(0xa3, readExtensions)) ?? [];
  return { serial, signatureAlgorithm, issuer, notBefore, notAfter, subject, subjectName, spki, extensions };
}

/** Reads Extensions (the SEQUENCE OF). */
export function readExtensions(reader: DerReader): readonly Extension[] {
  const extensions = reader.listOf(0x30, MAX_EXTENSIONS, (list) =>
    list.sequence((extension) => ({
      oid: extension.oid(),
      // DER omits a DEFAULT, so FALSE must not be encoded. Go accepts it, and so do we.
      critical: extension.optional(0x01, (r) => r.boolean()) ?? false,
      value: extension.octetString(),
    })),
  );
  if (new Set(extensions.map(({ oid }) => oid)).size !== extensions.length) reader.fail("duplicate extension");
  return extensions;
}

function unwrap<T>(result: Result<T, DerError>, reader: DerReader): T {
  return result.ok ? result.value : reader.fail(result.error.reason);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The fields of a TBSCertificate. */
export interface TbsFields {
  /** Unsigned magnitude, 1 to 20 octets, not zero. */
  readonly serial: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: Uint8Array;
  /** Name, DER: byte for byte the subject of the issuing certificate. */
  readonly issuer: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  /** Each an Extension, DER (extensions.ts encodes them), in the order in which they are written. */
  readonly extensions: readonly Uint8Array[];
}

/** Encodes a v3 TBSCertificate. */
export function encodeTbs(fields: TbsFields): Uint8Array<ArrayBuffer> {
  return sequence(
    context(0, smallInteger(2)),
    integer(fields.serial),
    fields.signatureAlgorithm,
    fields.issuer,
    sequence(certificateTime(fields.notBefore), certificateTime(fields.notAfter)),
    fields.subject,
    fields.spki,
    context(3, sequence(...fields.extensions)),
  );
}

/** Encodes a Certificate from its signed parts. */
export function encodeCertificate(
  tbs: Uint8Array,
  signatureAlgorithm: Uint8Array,
  signature: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return sequence(tbs, signatureAlgorithm, bitString(signature));
}
