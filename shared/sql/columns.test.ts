// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { blob, decodeColumn, integer, text, textOrNull, word } from "./columns.ts";

const STATES = ["open", "closed"] as const;
const decodeCounts = (json: unknown): readonly unknown[] | null => (Array.isArray(json) ? json : null);

describe("columns", () => {
  it.each([
    [integer({ a: -3 }, "a"), -3],
    [text({ a: "" }, "a"), ""],
    [textOrNull({ a: "x" }, "a"), "x"],
    [textOrNull({ a: null }, "a"), null],
    [word({ a: "closed" }, "a", STATES), "closed"],
    [blob({ a: Uint8Array.of(1, 2).buffer }, "a"), Uint8Array.of(1, 2)],
    [decodeColumn({ a: "[1]" }, "a", decodeCounts), [1]],
  ])("reads %j", (read, value) => expect(read).toEqual(value));

  it.each([
    ["a fraction", integer, 1.5],
    ["an integer beyond 2^53", integer, 2 ** 53],
    ["NULL as an integer", integer, null],
    ["a missing column", text, undefined],
    ["a number as text", text, 1],
    ["NULL as text", text, null],
    ["a missing column as text or NULL", textOrNull, undefined],
    ["a word that is not listed", (row: object, a: string) => word({ ...row }, a, STATES), "ajar"],
    ["a word's prefix", (row: object, a: string) => word({ ...row }, a, STATES), "clos"],
    ["text as a blob", blob, "x"],
    ["text that is not JSON", (row: object, a: string) => decodeColumn({ ...row }, a, decodeCounts), "["],
    ["JSON of another form", (row: object, a: string) => decodeColumn({ ...row }, a, decodeCounts), "{}"],
  ] as const)("rejects %s, and names the column", (_, read, value) => {
    expect(() => read(value === undefined ? {} : { a: value }, "a")).toThrow(/^a is/);
  });
});
