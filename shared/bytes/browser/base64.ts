// SPDX-License-Identifier: Apache-2.0
// Base64 without node:buffer.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const INVALID = 0xff;
/** ASCII code → 6-bit value. The URL-safe characters share the values of + and /. */
const VALUES = createDecodingTable();

function createDecodingTable(): Uint8Array {
  const table = new Uint8Array(128).fill(INVALID);
  for (let value = 0; value < 64; value++) table[ALPHABET.charCodeAt(value)] = value;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
}

/** Encodes with the standard alphabet and padding. */
export function encode(bytes: Uint8Array): string {
  // btoa takes Latin-1. Chunks keep the argument count of String.fromCharCode below the engine's limit. Spread syntax
  // walks an iterator, which is ten times slower.
  let latin1 = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    latin1 += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + 8192));
  }
  return btoa(latin1);
}

/** Decodes unpadded digits of one alphabet; null for anything else, and for unused bits that are not zero. */
export function decode(digits: string, alphabet: "base64" | "base64url"): Uint8Array<ArrayBuffer> | null {
  if (alphabet === "base64" ? /[-_]/.test(digits) : /[+/]/.test(digits)) return null;
  const rest = digits.length % 4;
  if (rest === 1) return null;
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  const wholeGroups = digits.length - rest;
  let at = 0;
  for (let i = 0; i < wholeGroups; i += 4) {
    const bits = group(digits, i);
    if (bits < 0) return null;
    out[at++] = bits >> 16;
    out[at++] = bits >> 8;
    out[at++] = bits;
  }
  if (rest === 0) return out;
  // Two digits hold one byte and four unused bits; three hold two bytes and two unused bits. "A" adds zero bits.
  const bits = group(digits + "A".repeat(4 - rest), wholeGroups);
  if (bits < 0 || (bits & (rest === 2 ? 0xffff : 0xff)) !== 0) return null;
  out[at++] = bits >> 16;
  if (rest === 3) out[at] = bits >> 8;
  return out;
}

/** Returns the 24 bits of four digits, or a negative number if one of them is not a digit. */
function group(digits: string, at: number): number {
  const [a, b, c, d] = [value(digits, at), value(digits, at + 1), value(digits, at + 2), value(digits, at + 3)];
  return (a | b | c | d) > 63 ? -1 : (a << 18) | (b << 12) | (c << 6) | d;
}

const value = (digits: string, at: number): number => VALUES[digits.charCodeAt(at)] ?? INVALID;
