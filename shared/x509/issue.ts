// SPDX-License-Identifier: Apache-2.0
// Encodes the three forms of a leaf certificate from one list of extensions: the precertificate, the form the log
// signs, and the final certificate. They differ only in the last extension, so the SCT of the first holds for the last
// by construction.
// Spec: RFC 6962 §3.1, §3.2, §3.3; https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md

import type { DerError } from "../der/reader.ts";
import type { Result } from "../result.ts";
import type { UnixMs } from "../time.ts";
import { type Certificate, encodeTbs, type TbsFields } from "./certificate.ts";
import {
  authorityKeyIdentifier,
  extendedKeyUsage,
  KEY_USAGE,
  keyIdentifier,
  keyUsage,
  OID,
  POISON,
  subjectKeyIdentifier,
  subjectKeyIdentifierOf,
} from "./extensions.ts";
import { EMPTY_NAME } from "./name.ts";
import { encodeSubjectAltName, type SubjectAltName } from "./subject-alt-name.ts";

/** The variable parts of a leaf. */
export interface LeafFields {
  /** 20 octets, positive: RFC 5280 §4.1.2.2 allows no more and no negative numbers. */
  readonly serial: Uint8Array;
  readonly notBefore: UnixMs;
  readonly notAfter: UnixMs;
  /** The client's key, SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly subjectAltName: SubjectAltName;
  /** Extensions, DER, that follow the subjectAltName. */
  readonly extensions: readonly Uint8Array[];
  /** AlgorithmIdentifier of the issuer's signature, DER. */
  readonly signatureAlgorithm: Uint8Array;
}

/** A TBSCertificate in its three forms, DER. */
export interface Leaf {
  readonly precertificateTbs: Uint8Array<ArrayBuffer>;
  /** The form that the log signs: no poison, no SCT list. */
  readonly loggedTbs: Uint8Array<ArrayBuffer>;
  readonly finalTbs: (sctList: Uint8Array) => Uint8Array<ArrayBuffer>;
}

const USAGE = [keyUsage(KEY_USAGE.digitalSignature), extendedKeyUsage(OID.codeSigning, false)];

/**
 * Encodes a code-signing leaf under `issuer`, with the extensions in the order in which Go writes them. Throws
 * TypeError (a caller's bug) if the key is not an SPKI or the issuer has no subject key identifier; both were checked
 * on arrival.
 */
export function encodeLeaf(issuer: Certificate, leaf: LeafFields): Leaf {
  const extensions = [
    ...USAGE,
    subjectKeyIdentifier(unwrap(keyIdentifier(leaf.spki))),
    authorityKeyIdentifier(unwrap(subjectKeyIdentifierOf(issuer))),
    encodeSubjectAltName(leaf.subjectAltName),
    ...leaf.extensions,
  ];
  const fields: Omit<TbsFields, "extensions"> = { ...leaf, issuer: issuer.subject, subject: EMPTY_NAME };
  return {
    precertificateTbs: encodeTbs({ ...fields, extensions: [...extensions, POISON] }),
    loggedTbs: encodeTbs({ ...fields, extensions }),
    finalTbs: (sctList) => encodeTbs({ ...fields, extensions: [...extensions, sctList] }),
  };
}

function unwrap(identifier: Result<Uint8Array, DerError>): Uint8Array {
  if (!identifier.ok) throw new TypeError(identifier.error.reason);
  return identifier.value;
}

/**
 * Makes a serial number from 20 random octets. The top bit is cleared to keep it positive, the next is set to keep its
 * length.
 */
export function toSerial(random: Uint8Array): Uint8Array<ArrayBuffer> {
  const serial = new Uint8Array(random);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
