// SPDX-License-Identifier: Apache-2.0
// Sequences from RFC 3629 §3 (table), §4 (ABNF) and §6 (byte order mark).

import { expect, test } from "vitest";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

test.each([
  ["no bytes", "", ""],
  ["the last of one byte", "7f", "\u007f"],
  ["the first of two bytes", "c2 80", "\u0080"],
  ["the last of two bytes", "df bf", "\u07ff"],
  ["the first of three bytes", "e0 a0 80", "\u0800"],
  ["a byte order mark, which stays", "ef bb bf 61", "\ufeffa"],
  ["the first of four bytes", "f0 90 80 80", "\u{10000}"],
  ["the last code point", "f4 8f bf bf", "\u{10ffff}"],
  ["NUL", "00", "\u0000"],
])("decodeUtf8 accepts %s", (_what, bytes, text) => {
  expect(decodeUtf8(hex(bytes))).toEqual({ ok: true, value: text });
  expect(encodeUtf8(text)).toEqual(hex(bytes));
});

test.each([
  ["a continuation byte alone", "80"],
  ["a truncated sequence", "e2 82"],
  ["an overlong NUL", "c0 80"],
  ["an overlong slash of three bytes", "e0 80 af"],
  ["an overlong sequence of four bytes", "f0 8f bf bf"],
  ["a surrogate", "ed a0 80"],
  ["a surrogate pair (CESU-8)", "ed a0 81 ed b0 80"],
  ["beyond the last code point", "f4 90 80 80"],
  ["a byte that never occurs", "ff"],
])("decodeUtf8 rejects %s", (_what, bytes) => {
  expect(decodeUtf8(hex(bytes))).toEqual({ ok: false, error: { code: "utf8_invalid" } });
});
