// SPDX-License-Identifier: Apache-2.0
// The subjectAltName of a signing certificate, which holds its identity, since its subject is empty.
// Spec: RFC 5280 §4.2.1.6; https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md (otherName of a user name).

import { encodeUtf8 } from "../bytes/utf8.ts";
import { type DerError, type DerReader, decodeDer } from "../der/reader.ts";
import { context, contextPrimitive, oid, sequence, utf8String } from "../der/writer.ts";
import { ok, type Result } from "../result.ts";
import type { Certificate } from "./certificate.ts";
import { encodeExtension, findExtension, OID } from "./extensions.ts";

/** One name of a certificate. */
export interface SubjectAltName {
  /** rfc822Name, uniformResourceIdentifier, or the otherName `name!domain`. */
  readonly kind: "email" | "uri" | "username";
  readonly value: string;
}

const OID_USERNAME = "1.3.6.1.4.1.57264.1.7";

/** GeneralName: rfc822Name and URI are IMPLICIT IA5String, otherName is an IMPLICIT SEQUENCE (RFC 5280 §4.2.1.6). */
const TAG = { otherName: 0xa0, email: 0x81, uri: 0x86 } as const;

/** More names than any code-signing certificate in use has. */
const MAX_NAMES = 64;

/**
 * Encodes the whole Extension with this one name, critical because the subject is empty (RFC 5280 §4.1.2.6).
 * Throws RangeError (a caller's bug) if an email address or URI is not ASCII, which IA5String requires.
 */
export function encodeSubjectAltName(name: SubjectAltName): Uint8Array<ArrayBuffer> {
  return encodeExtension(OID.subjectAltName, true, sequence(encodeGeneralName(name)));
}

function encodeGeneralName({ kind, value }: SubjectAltName): Uint8Array {
  if (kind === "username") return context(0, oid(OID_USERNAME), context(0, utf8String(value)));
  const bytes = encodeUtf8(value);
  if (bytes.some((byte) => byte > 0x7f)) throw new RangeError(`a subjectAltName of kind ${kind} must be ASCII`);
  return contextPrimitive(kind === "email" ? 1 : 6, bytes);
}

/**
 * Reads a certificate's email addresses, URIs and user names in order. Names of other kinds are ignored; a certificate
 * without the extension has none. Fails with der_invalid.
 */
export function readSubjectAltNames(certificate: Certificate): Result<readonly SubjectAltName[], DerError> {
  const extension = findExtension(certificate, OID.subjectAltName);
  if (extension === null) return ok([]);
  const names = decodeDer(extension, (reader) => reader.listOf(0x30, MAX_NAMES, readGeneralName));
  return names.ok ? ok(names.value.filter((name) => name !== null)) : names;
}

function readGeneralName(reader: DerReader): SubjectAltName | null {
  switch (reader.nextTag) {
    case TAG.email:
      return { kind: "email", value: ia5Text(reader, TAG.email) };
    case TAG.uri:
      return { kind: "uri", value: ia5Text(reader, TAG.uri) };
    case TAG.otherName:
      return reader.within(TAG.otherName, readOtherName);
    default:
      reader.raw();
      return null;
  }
}

function ia5Text(reader: DerReader, tag: number): string {
  const bytes = reader.contents(tag);
  if (bytes.some((byte) => byte > 0x7f)) reader.fail("a general name is not ASCII");
  return String.fromCharCode(...bytes);
}

/** OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY DEFINED BY type-id } */
function readOtherName(reader: DerReader): SubjectAltName | null {
  if (reader.oid() === OID_USERNAME) return { kind: "username", value: reader.within(0xa0, (value) => value.text()) };
  reader.raw();
  return null;
}
