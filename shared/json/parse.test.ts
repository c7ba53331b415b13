// SPDX-License-Identifier: Apache-2.0
// Texts from the grammar of RFC 8259 §2 to §8.

import { describe, expect, test, vi } from "vitest";
import { parseJson, parseJsonExact } from "./parse.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("parseJson accepts", () => {
  test.each<[string, string, unknown]>([
    ["a scalar at the top (§2)", "1", 1],
    ["null", "null", null],
    ["white space around each token (§2)", ' \t\r\n{ "a" : [ 1 , 2 ] }\n', { a: [1, 2] }],
    ["every escape (§7)", String.raw`"\"\\\/\b\f\n\r\té"`, '"\\/\b\f\n\r\té'],
    ["a surrogate pair (§7)", String.raw`"𝄞"`, "𝄞"],
    ["raw characters beyond ASCII", '"𝄞é"', "𝄞é"],
    ["numbers (§6)", "[0, -0, 1.5, -1E+2, 1e-2]", [0, -0, 1.5, -100, 0.01]],
    ["an empty member name", '{"": 1}', { "": 1 }],
    ["one name in two objects", '[{"a": 1}, {"a": 2}]', [{ a: 1 }, { a: 2 }]],
    ["one name at two depths", '{"a": {"a": 1}}', { a: { a: 1 } }],
    ["a name that is also a value", '{"a": "a", "b": "a"}', { a: "a", b: "a" }],
    ["structural characters inside strings", String.raw`{"{\"a\":": "}],[\\"}`, { '{"a":': "}],[\\" }],
    ["names that differ in case", '{"a": 1, "A": 2}', { a: 1, A: 2 }],
  ])("%s", (_what, text, value) => {
    expect(parseJson(utf8(text))).toEqual({ ok: true, value });
  });

  test("32 levels of arrays or objects", () => {
    expect(parseJson(utf8(nested(32))).ok).toBe(true);
    expect(parseJson(utf8(`${'{"a":'.repeat(32)}1${"}".repeat(32)}`)).ok).toBe(true);
  });

  test("a member named __proto__ as an ordinary member", () => {
    const parsed = parseJson(utf8('{"__proto__": 1}'));
    expect(parsed.ok && Object.keys(Object(parsed.value))).toEqual(["__proto__"]);
  });
});

describe("parseJson rejects", () => {
  test.each<[string, string]>([
    ["an empty text", ""],
    ["white space alone", " \n"],
    ["two values", "1 2"],
    ["a byte order mark (§8.1)", "\uFEFF{}"],
    ["a trailing comma", "[1,]"],
    ["a missing comma", "[1 2]"],
    ["a missing value", '{"a":}'],
    ["a missing closing brace", '{"a": 1'],
    ["a closing brace too many", "{}}"],
    ["an unquoted name", "{a: 1}"],
    ["single quotes", "'a'"],
    ["a comment", "/**/1"],
    ["a leading zero (§6)", "01"],
    ["a plus sign (§6)", "+1"],
    ["a fraction without an integer part", ".5"],
    ["a fraction without digits", "1."],
    ["hexadecimal", "0x1"],
    ["NaN", "NaN"],
    ["Infinity", "Infinity"],
    ["a capitalized literal (§3)", "True"],
    ["an unknown escape", String.raw`"\x41"`],
    ["an unfinished escape", String.raw`"\u00"`],
    ["a raw control character (§7)", '"\u0000"'],
    ["a raw newline in a string (§7)", '"\n"'],
    ["an unfinished string", '"a'],
    ["a no-break space", "\u00a01"],
  ])("%s with json_invalid", (_what, text) => {
    expect(parseJson(utf8(text))).toEqual({ ok: false, error: { code: "json_invalid" } });
  });

  test.each([
    ["a truncated sequence", [0x22, 0xc3, 0x22]],
    ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
    ["an encoded surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["UTF-16", [0x7b, 0x00, 0x7d, 0x00]],
  ])("bytes that are not UTF-8 (%s) with json_invalid", (_what, bytes) => {
    expect(parseJson(Uint8Array.from(bytes))).toEqual({ ok: false, error: { code: "json_invalid" } });
  });

  test.each([
    ["twice the same name", '{"a": 1, "a": 1}'],
    ["a name and its escaped spelling", String.raw`{"a": 1, "\u0061": 2}`],
    ["two escaped spellings", String.raw`{"\/": 1, "/": 2}`],
    ["twice the empty name", '{"": 1, "": 2}'],
    ["twice __proto__", '{"__proto__": 1, "__proto__": 2}'],
    ["a repeated name deep inside", '[[{"x": {"a": 1, "b": [{}], "a": 2}}]]'],
    ["a repeated name with white space before the colon", '{"a" \t: 1, "a"\r\n: 2}'],
  ])("%s with json_duplicate_member", (_what, text) => {
    expect(parseJson(utf8(text))).toEqual({ ok: false, error: { code: "json_duplicate_member" } });
  });

  test.each([
    ["33 levels", nested(33)],
    ["100,000 open brackets", "[".repeat(100_000)],
    ["100,000 levels", nested(100_000)],
    ["33 levels of objects and arrays in turn", `${'[{"a":'.repeat(17)}1${"}]".repeat(17)}`],
  ])("%s with json_too_deep", (_what, text) => {
    expect(parseJson(utf8(text))).toEqual({ ok: false, error: { code: "json_too_deep" } });
  });
});

describe("the number of values", () => {
  const MIB = 2 ** 20;
  const TOO_MANY = { ok: false, error: { code: "json_too_many_values" } };
  const longName = (i: number): string => `"${i}${String.raw`\u0041`.repeat(1700)}" :1`;

  test.each([
    ["4096 numbers", `[${"0,".repeat(4094)}0]`],
    ["4096 members with their values", `{${Array.from({ length: 4095 }, (_, i) => `"k${i}":"v"`).join()}}`],
    ["one string of 4 MiB", `"${"A".repeat(4 * MIB)}"`],
    ["a name of 64 KiB", `{"${"A".repeat(65_536)}":1}`],
    [
      "1,000 names of 60 characters",
      `{${Array.from({ length: 1000 }, (_, i) => `"${String(i).padStart(60, "n")}":1`).join()}}`,
    ],
    ["a string with 10,000 escaped quotes", `"${String.raw`\"`.repeat(10_000)}"`],
    ["an indented text of 2,000 lines", `[${"\n                          1,".repeat(1999)}1]`],
  ])("accepts %s", (_what, text) => {
    expect(parseJson(utf8(text)).ok).toBe(true);
  });

  /** Each would take an isolate of 128 MB tenths of a second, or its memory, if it were built before it is counted. */
  const EXPENSIVE: readonly (readonly [string, string])[] = [
    ["4097 numbers", `[${"0,".repeat(4096)}0]`],
    ["4 MiB of empty objects", `[${"{},".repeat(MIB)}{}]`],
    ["4 MiB of members", `{${Array.from({ length: 400_000 }, (_, i) => `"k${i}":0`).join()}}`],
    ["4 MiB of empty strings", `[${'"",'.repeat(MIB)}""]`],
    ["4 MiB of quotes alone", '"'.repeat(4 * MIB)],
    ["4 MiB of escaped quotes", `"${String.raw`\"`.repeat(2 * MIB)}"`],
    ["4 MiB of backslashes", `"${"\\".repeat(4 * MIB)}"`],
    ["4 MiB of commas", `[${",".repeat(4 * MIB)}`],
    ["4 MiB of white space", " ".repeat(4 * MIB)],
    ["4 MiB of digits", "1".repeat(4 * MIB)],
    ["a member name of 4 MiB", `{"${"A".repeat(4 * MIB)}":1}`],
    ["an escaped member name of 4 MiB", `{"${String.raw`\u0041`.repeat((4 * MIB) / 6)}":1}`],
    ["400 escaped member names of 10 KiB", `{${Array.from({ length: 400 }, (_, i) => longName(i)).join()}}`],
  ];

  test.each(EXPENSIVE)("rejects %s before it builds anything", (_what, text) => {
    const parsed = vi.spyOn(JSON, "parse");
    try {
      const result = parseJson(utf8(text));
      expect(result.ok || result.error.code).toBe("json_too_many_values");
      expect(parsed).not.toHaveBeenCalled();
    } finally {
      parsed.mockRestore();
    }
  });

  test("counts up to the caller's limit", () => {
    expect(parseJson(utf8("[1,2,3]"), 4).ok).toBe(true);
    expect(parseJson(utf8("[1,2,3,4]"), 3)).toEqual(TOO_MANY);
    expect(parseJson(utf8(`[${"0,".repeat(50_000)}0]`), 100_000).ok).toBe(true);
  });
});

describe("parseJsonExact", () => {
  test.each<[string, unknown]>([
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9007199254740993", -9_007_199_254_740_993n],
    ["18446744073709551615", 18_446_744_073_709_551_615n],
    ["1e400", Number.POSITIVE_INFINITY],
    ["9007199254740993.0", 9_007_199_254_740_992],
    ['"9007199254740993"', "9007199254740993"],
  ])("reads %s", (text, value) => {
    expect(parseJsonExact(utf8(text))).toEqual({ ok: true, value });
    expect(parseJsonExact(utf8(`{"a": [${text}]}`))).toEqual({ ok: true, value: { a: [value] } });
  });

  test("rejects what parseJson rejects", () => {
    expect(parseJsonExact(utf8("01"))).toEqual({ ok: false, error: { code: "json_invalid" } });
    expect(parseJsonExact(utf8('{"a":1,"a":1}'))).toEqual({ ok: false, error: { code: "json_duplicate_member" } });
    expect(parseJsonExact(utf8(nested(33)))).toEqual({ ok: false, error: { code: "json_too_deep" } });
  });
});
