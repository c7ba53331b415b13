// SPDX-License-Identifier: Apache-2.0
// Strict base64: no stray characters, and exactly one spelling for the same bytes.
// Spec: RFC 4648 §4, §5; protobuf JSON for decodeProtoBase64.

import { decode, encode } from "#base64";
import { err, ok, type Result } from "../result.ts";

/** The text is not base64 in the accepted form. */
export interface Base64Error {
  readonly code: "base64_invalid";
}

const INVALID = err({ code: "base64_invalid" } as const);

/** Encodes with the standard alphabet and padding. */
export const encodeBase64 = (bytes: Uint8Array): string => encode(bytes);

/** Decodes padded base64 of the standard alphabet; accepts only what encodeBase64 prints. Fails with base64_invalid. */
export function decodeBase64(text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  return text.length % 4 === 0 ? toResult(decode(withoutPadding(text), "base64")) : INVALID;
}

/**
 * Decodes base64 as protobuf JSON does: standard or URL-safe alphabet, with or without padding; line breaks count for
 * nothing. Unused trailing bits must be zero. Fails with base64_invalid.
 * Spec: https://protobuf.dev/programming-guides/json/; google.golang.org/protobuf/encoding/protojson
 */
export function decodeProtoBase64(text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> {
  const joined = text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]+/g, "") : text;
  const digits = withoutPadding(joined);
  if (digits.length !== joined.length && joined.length % 4 !== 0) return INVALID;
  const isUrlSafe = digits.includes("-") || digits.includes("_");
  return toResult(decode(digits, isUrlSafe ? "base64url" : "base64"));
}

function withoutPadding(text: string): string {
  if (text.endsWith("==")) return text.slice(0, -2);
  return text.endsWith("=") ? text.slice(0, -1) : text;
}

const toResult = (bytes: Uint8Array<ArrayBuffer> | null): Result<Uint8Array<ArrayBuffer>, Base64Error> =>
  bytes === null ? INVALID : ok(bytes);

/** Encodes with the URL-safe alphabet, without padding. */
export const encodeBase64Url = (bytes: Uint8Array): string =>
  withoutPadding(encode(bytes)).replaceAll("+", "-").replaceAll("/", "_");

/** Decodes what encodeBase64Url prints, and nothing else. Fails with base64_invalid. */
export const decodeBase64Url = (text: string): Result<Uint8Array<ArrayBuffer>, Base64Error> =>
  text.includes("=") ? INVALID : toResult(decode(text, "base64url"));
