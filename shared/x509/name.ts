// SPDX-License-Identifier: Apache-2.0
// Distinguished names with the attributes that a private CA needs: O and CN. Spec: RFC 5280 §4.1.2.4.

import type { DerReader } from "../der/reader.ts";
import { oid, sequence, set, utf8String } from "../der/writer.ts";

const ORGANIZATION = "2.5.4.10";
const COMMON_NAME = "2.5.4.3";
/** More attributes than any name of a signing certificate has. */
const MAX_ATTRIBUTES = 16;

/** A name's organization and common name; an absent one is "". */
export interface DistinguishedName {
  readonly organization: string;
  readonly commonName: string;
}

/** Encodes a Name: O then CN, each in its own RDN, as UTF8String. */
export function encodeName({ organization, commonName }: DistinguishedName): Uint8Array<ArrayBuffer> {
  return sequence(
    set(sequence(oid(ORGANIZATION), utf8String(organization))),
    set(sequence(oid(COMMON_NAME), utf8String(commonName))),
  );
}

/** The Name without RDNs: the subject of every leaf, whose identity is in the subjectAltName. */
export const EMPTY_NAME = sequence();

/** Reads a Name; attributes other than O and CN are ignored. */
export function readName(reader: DerReader): DistinguishedName {
  const attributes = reader
    .listOf(0x30, MAX_ATTRIBUTES, (rdns) => rdns.listOf(0x31, MAX_ATTRIBUTES, readAttribute))
    .flat();
  const valueOf = (type: string): string => attributes.find((attribute) => attribute.type === type)?.value ?? "";
  return { organization: valueOf(ORGANIZATION), commonName: valueOf(COMMON_NAME) };
}

function readAttribute(reader: DerReader): { readonly type: string; readonly value: string } {
  return reader.sequence((attribute) => {
    const type = attribute.oid();
    const isText = [0x0c, 0x13, 0x16].includes(attribute.nextTag);
    return { type, value: isText ? attribute.text() : skip(attribute) };
  });
}

function skip(reader: DerReader): string {
  reader.raw();
  return "";
}
