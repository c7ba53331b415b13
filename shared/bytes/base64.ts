// SPDX-License-Identifier: Apache-2.0
// Base64, strict: no white space, no junk, and no second spelling of the same bytes.
// Spec: RFC 4648 §4, §5; protobuf JSON's reading of bytes in decodeProtoBase64.

import { err, ok, type Result } from "../result.ts";

export interface Base64Error {
  readonly code: "base64_invalid";
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const INVALID = 0xff;
/** ASCII code → 6-bit value. The URL-safe characters share the values of + and /. */
const VALUES = decodingTable();

function decodingTable(): Uint8Array {
  const table = new Uint8Array(128).fill(INVALID);
  for (let value = 0; value < 64; value++) table[ALPHABET.charCodeAt(value)] = value;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  // btoa takes Latin-1; chunks keep String.fromCharCode below the engine's argument limit.
  let latin1 = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    latin1 += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(latin1);
}

/** Parses padded base64 of the standard alphabet; only what encodeBase64 prints is accepted. Fails with base64_invalid. */
export function decodeBase64(text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  if (text.length % 4 !== 0 || text.includes("-") || text.includes("_")) return err({ code: "base64_invalid" });
  return decodeDigits(withoutPadding(text));
}

/**
 * Parses base64 as protobuf JSON does: standard or URL-safe alphabet, padded or not. Unused trailing bits must be zero.
 * Fails with base64_invalid. Spec: https://protobuf.dev/programming-guides/json/
 */
export function decodeProtoBase64(text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  const digits = withoutPadding(text);
  if (digits.length !== text.length && text.length % 4 !== 0) return err({ code: "base64_invalid" });
  return decodeDigits(digits);
}

function withoutPadding(text: string): string {
  if (text.endsWith("==")) return text.slice(0, -2);
  return text.endsWith("=") ? text.slice(0, -1) : text;
}

function decodeDigits(digits: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  if (digits.length % 4 === 1) return err({ code: "base64_invalid" });
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let pending = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = VALUES[digits.charCodeAt(i)] ?? INVALID;
    if (value === INVALID) return err({ code: "base64_invalid" });
    pending = ((pending << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out[at++] = (pending >> bits) & 0xff;
  }
  const unused = pending & ((1 << bits) - 1);
  return unused === 0 ? ok(out) : err({ code: "base64_invalid" });
}
