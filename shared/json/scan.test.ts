// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { expect, test } from "vitest";
import { findMembers } from "./scan.ts";

const find = (text: string, maxVisits = 10_000): object => Object.fromEntries(findMembers(text, ["a", "b"], maxVisits));

test.each<[string, string, object]>([
  ["members of any kind", '{"a": [1, {"b": 2}], "b" :"x"}', { a: ' [1, {"b": 2}]', b: '"x"' }],
  ["no member of an inner object", '{"c": {"a": 1}, "d": [{"b": 2}]}', {}],
  ["no value that looks like a name", '{"c": "a", "d": "b"}', {}],
  ["no structure inside strings", String.raw`{"c": "\",\"a\":1,", "b": "}\\"}`, { b: String.raw` "}\\"` }],
  ["nothing in an array", '["a", 1]', {}],
  ["nothing in a scalar", '"a"', {}],
  ["nothing in an unfinished member", '{"a": [1, 2', {}],
  ["what is before the damage", '{"a": 1, "b": 2', { a: " 1" }],
  ["nothing in an unfinished string", '{"a": "x', {}],
])("finds %s", (_what, text, found) => {
  expect(find(text)).toEqual(found);
});

test("reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.json({ maxDepth: 3 }), fc.json(), (a, b, c) => {
      const found = Object.entries(find(JSON.stringify({ c: JSON.parse(c), a: JSON.parse(a), b: JSON.parse(b) })));
      expect(found.map(([name, text]) => [name, JSON.parse(String(text))])).toEqual([
        ["a", JSON.parse(a)],
        ["b", JSON.parse(b)],
      ]);
    }),
  );
});

test("stops at the limit, and at the last member", () => {
  const filler = "[".repeat(1000);
  expect(find(`{"c": ${filler}, "a": 1, "b": 2}`, 500)).toEqual({});
  expect(find(`{"a": 1, "b": 2, "c": ${filler}`, 500)).toEqual({ a: " 1", b: " 2" });
});
