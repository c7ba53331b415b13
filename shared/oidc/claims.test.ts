// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { claimAt, claimOf, readIntegerClaim, readScalarClaim, readTextAt, readTextClaim } from "./claims.ts";

const MISSING = { ok: false, error: { code: "claim_missing", claim: "a" } };
const invalid = (expected: string): object => ({ ok: false, error: { code: "claim_invalid", claim: "a", expected } });
const NO_CONTROLS = invalid("text without control characters");

describe("readTextClaim", () => {
  test.each(["x", " ", "Zoë", "𝄞", "a\u00a0b", "x".repeat(2048)])("accepts %j", (text) => {
    expect(readTextClaim({ a: text }, "a")).toEqual({ ok: true, value: text });
    expect(readScalarClaim({ a: text }, "a")).toEqual({ ok: true, value: text });
  });

  test.each<[string, unknown, object]>([
    ["an empty text", "", MISSING],
    ["null", null, MISSING],
    ["a list", ["x"], invalid("a string")],
    ["an object", { x: 1 }, invalid("a string")],
    ["a fraction", 1.5, invalid("a string")],
    ["2^53", 2 ** 53, invalid("a string")],
    ["2049 characters", "x".repeat(2049), invalid("at most 2048 characters long")],
    ["NUL", "a\u0000b", NO_CONTROLS],
    ["a line feed", "a\nb", NO_CONTROLS],
    ["DEL", "a\u007f", NO_CONTROLS],
    ["a C1 control character", "a\u0085", NO_CONTROLS],
    ["a lone surrogate", "a\ud800", NO_CONTROLS],
  ])("and readScalarClaim reject %s", (_what, value, error) => {
    expect(readTextClaim({ a: value }, "a")).toEqual(error);
    expect(readScalarClaim({ a: value }, "a")).toEqual(error);
  });

  test.each([1, 0, -1, true, false])("rejects %j, which readScalarClaim accepts", (value) => {
    expect(readTextClaim({ a: value }, "a")).toEqual(invalid("a string"));
    expect(readScalarClaim({ a: value }, "a")).toEqual({ ok: true, value: String(value) });
  });

  test.each(["constructor", "toString", "__proto__"])("finds no claim under the inherited name %s", (claim) => {
    expect(claimOf({}, claim)).toBeUndefined();
    expect(readTextClaim({}, claim)).toEqual({ ok: false, error: { code: "claim_missing", claim } });
  });
});

describe("readIntegerClaim", () => {
  test.each([0, -1, 9_007_199_254_740_991])("accepts %j", (value) => {
    expect(readIntegerClaim({ a: value }, "a")).toEqual({ ok: true, value });
  });

  test.each<[unknown, object]>([
    [undefined, MISSING],
    [null, MISSING],
    ["1", invalid("an integer")],
    ["", invalid("an integer")],
    [1.5, invalid("an integer")],
    [2 ** 53, invalid("an integer")],
    [true, invalid("an integer")],
    [[1], invalid("an integer")],
  ])("rejects %j", (value, error) => {
    expect(readIntegerClaim({ a: value }, "a")).toEqual(error);
  });
});

describe("a nested claim", () => {
  const claims = { a: { "b.c": "x", list: ["y"], empty: "" }, text: "z" };

  test.each<[readonly string[], unknown]>([
    [["a", "b.c"], "x"],
    [[], claims],
    [["a", "b", "c"], undefined],
    [["a", "list", "0"], undefined],
    [["text", "length"], undefined],
    [["none", "b"], undefined],
    [["a", "constructor"], undefined],
  ])("at %j is found or missing", (path, value) => {
    expect(claimAt(claims, path)).toEqual(value);
  });

  test("is read as text, and an error names the path", () => {
    expect(readTextAt(claims, ["a", "b.c"])).toEqual({ ok: true, value: "x" });
    expect(readTextAt(claims, ["a", "empty"])).toEqual({
      ok: false,
      error: { code: "claim_missing", claim: "a.empty" },
    });
    expect(readTextAt(claims, ["a", "list"])).toMatchObject({ error: { code: "claim_invalid", claim: "a.list" } });
  });
});
