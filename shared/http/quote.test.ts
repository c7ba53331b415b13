// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { expect, test } from "vitest";
import { quote } from "./quote.ts";

test.each([
  ["plain text", "https://issuer.example", '"https://issuer.example"'],
  ["quotes and line breaks", 'a"b\n', String.raw`"a\"b\n"`],
  ["an escape sequence of a terminal", "\u001b[31m\u009b0m", String.raw`"\u001b[31m\u{9b}0m"`],
  ["marks that reorder text", "a\u202eb\u2066", String.raw`"a\u{202e}b\u{2066}"`],
  ["200 characters", "x".repeat(200), `"${"x".repeat(200)}"`],
  ["201 characters", "x".repeat(201), `"${"x".repeat(199)}…"`],
])("quotes %s", (_what, text, quoted) => {
  expect(quote(text)).toBe(quoted);
});

test("quotes every text with visible characters, and few of them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      expect(quote(text)).toMatch(/^"[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{0,2000}"$/u);
    }),
  );
});
