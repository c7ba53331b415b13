// SPDX-License-Identifier: Apache-2.0
// Strict base64: no white space, no stray characters, and exactly one spelling for the same bytes.
// Spec: RFC 4648 §4, §5; protobuf JSON for decodeProtoBase64.

import { err, ok, type Result } from "../result.ts";

/** The text is not base64 in the accepted form. */
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

/** Encodes with the standard alphabet and padding. */
export function encodeBase64(bytes: Uint8Array): string {
  // btoa takes Latin-1. Chunks keep the argument count of String.fromCharCode below the engine's limit. Spread syntax
  // walks an iterator, which is ten times slower.
  let latin1 = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    latin1 += Reflect.apply(String.fromCharCode, null, bytes.subarray(at, at + 8192));
  }
  return btoa(latin1);
}

/** Decodes padded base64 of the standard alphabet; accepts only what encodeBase64 prints. Fails with base64_invalid. */
export function decodeBase64(text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  if (text.length % 4 !== 0 || text.includes("-") || text.includes("_")) return err({ code: "base64_invalid" });
  return decodeDigits(withoutPadding(text));
}

/**
 * Decodes base64 as protobuf JSON does: standard or URL-safe alphabet, with or without padding. Unused trailing bits
 * must be zero. Fails with base64_invalid. Spec: https://protobuf.dev/programming-guides/json/
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
  const rest = digits.length % 4;
  if (rest === 1) return err({ code: "base64_invalid" });
  const out = new Uint8Array(Math.floor((digits.length * 3) / 4));
  const wholeGroups = digits.length - rest;
  let at = 0;
  for (let i = 0; i < wholeGroups; i += 4) {
    const bits = group(digits, i);
    if (bits < 0) return err({ code: "base64_invalid" });
    out[at++] = bits >> 16;
    out[at++] = bits >> 8;
    out[at++] = bits;
  }
  if (rest === 0) return ok(out);
  // Two digits hold one byte and four unused bits; three hold two bytes and two unused bits. "A" adds zero bits.
  const bits = group(digits + "A".repeat(4 - rest), wholeGroups);
  if (bits < 0 || (bits & (rest === 2 ? 0xffff : 0xff)) !== 0) return err({ code: "base64_invalid" });
  out[at++] = bits >> 16;
  if (rest === 3) out[at] = bits >> 8;
  return ok(out);
}

/** Returns the 24 bits of four digits, or a negative number if one of them is not a digit. */
function group(digits: string, at: number): number {
  const [a, b, c, d] = [value(digits, at), value(digits, at + 1), value(digits, at + 2), value(digits, at + 3)];
  return (a | b | c | d) > 63 ? -1 : (a << 18) | (b << 12) | (c << 6) | d;
}

const value = (digits: string, at: number): number => VALUES[digits.charCodeAt(at)] ?? INVALID;
