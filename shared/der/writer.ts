// SPDX-License-Identifier: Apache-2.0
// Writes DER: knows the encoding rules and no structures. Spec: X.690 §8, §10, §11.

import { compare } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import type { UnixMs } from "../time.ts";

type Der = Uint8Array<ArrayBuffer>;

/** Encodes one tag-length-value with a definite, minimal length; at most 2^32−1 bytes of contents. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Der {
  let length = 0;
  for (const part of contents) length += part.length;
  const header = [tag, ...lengthOctets(length)];
  const encoded = new Uint8Array(header.length + length);
  encoded.set(header);
  let offset = header.length;
  for (const part of contents) {
    encoded.set(part, offset);
    offset += part.length;
  }
  return encoded;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

/** Encodes a SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Der => tlv(0x30, ...parts);

/** Encodes a SET with the parts in the given order; for a SET with one element. */
export const set = (...parts: readonly Uint8Array[]): Der => tlv(0x31, ...parts);

/** Encodes a SET OF: the parts sorted by their encodings, as DER requires (X.690 §11.6). */
export const setOf = (parts: readonly Uint8Array[]): Der => tlv(0x31, ...parts.toSorted(compare));

/** Encodes an OCTET STRING. */
export const octetString = (...contents: readonly Uint8Array[]): Der => tlv(0x04, ...contents);

/** Encodes a BIT STRING. The low `unusedBits` bits of the last byte do not count and must be zero. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Der => tlv(0x03, Uint8Array.of(unusedBits), bytes);

/** Encodes a UTF8String. */
export const utf8String = (text: string): Der => tlv(0x0c, encodeUtf8(text));

export const TRUE: Der = Uint8Array.of(0x01, 0x01, 0xff);
export const NULL: Der = Uint8Array.of(0x05, 0x00);

/** Encodes an INTEGER from an unsigned big-endian magnitude; leading zeros are allowed. */
export function integer(magnitude: Uint8Array): Der {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  if (digits.length === 0) return tlv(0x02, Uint8Array.of(0));
  return (digits[0] ?? 0) >= 0x80 ? tlv(0x02, Uint8Array.of(0), digits) : tlv(0x02, digits);
}

/** Encodes an INTEGER from 0 to 127, such as a version. */
export const smallInteger = (value: number): Der => tlv(0x02, Uint8Array.of(value));

/** Encodes [number] constructed: EXPLICIT tagging, or IMPLICIT over a constructed type. */
export const context = (number: number, ...parts: readonly Uint8Array[]): Der => tlv(0xa0 | number, ...parts);

/** Encodes [number] IMPLICIT over a primitive type. */
export const contextPrimitive = (number: number, contents: Uint8Array): Der => tlv(0x80 | number, contents);

/** Encodes an OBJECT IDENTIFIER from dotted decimal; meant for constants, so it does not check them. */
export function oid(dotted: string): Der {
  const known = encodedOids.get(dotted);
  if (known !== undefined) return known;
  const encoded = encodeOid(dotted);
  encodedOids.set(dotted, encoded);
  return encoded;
}

/** The constants of this code, each encoded once; nobody else's OID is written. */
const encodedOids = new Map<string, Der>();

function encodeOid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tlv(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) octets.unshift((rest % 128) | 0x80);
  return octets;
}

/** Encodes a GeneralizedTime with whole seconds, `YYYYMMDDHHMMSSZ`. */
export const generalizedTime = (time: UnixMs): Der => tlv(0x18, encodeUtf8(compactTime(time)));

/** Encodes a UTCTime with whole seconds, `YYMMDDHHMMSSZ`; only for years before 2050. */
const utcTime = (time: UnixMs): Der => tlv(0x17, encodeUtf8(compactTime(time).slice(2)));

/** Encodes a certificate's time: UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export const certificateTime = (time: UnixMs): Der =>
  new Date(time).getUTCFullYear() < 2050 ? utcTime(time) : generalizedTime(time);

function compactTime(time: UnixMs): string {
  return `${new Date(time).toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
}
