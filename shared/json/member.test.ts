// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { hasTextMembers, isList, isObject, items, member } from "./member.ts";

test.each([
  ["an object", {}, true],
  ["an object without a prototype", Object.create(null), true],
  ["an array", [], false],
  ["null", null, false],
  ["undefined", undefined, false],
  ["a string", "{}", false],
  ["a number", 1, false],
])("isObject of %s is %3$s", (_name, value, expected) => {
  expect(isObject(value)).toBe(expected);
});

test.each([
  ["a member", { a: 1 }, "a", 1],
  ["a null member", { a: null }, "a", null],
  ["an absent member", { a: 1 }, "b", undefined],
  ["an inherited name", {}, "constructor", undefined],
  ["a member named __proto__", JSON.parse('{"__proto__": 1}'), "__proto__", 1],
  ["the length of an array", [1], "length", undefined],
  ["an index of an array", [1], "0", undefined],
  ["the length of a string", "text", "length", undefined],
  ["null", null, "a", undefined],
])("member reads %s", (_name, value, name, expected) => {
  expect(member(value, name)).toBe(expected);
});

test.each([
  ["a list", { a: [1, null] }, [1, null]],
  ["an absent member", {}, []],
  ["an object", { a: { length: 1, 0: 1 } }, []],
  ["text", { a: "text" }, []],
  ["a member of null", null, []],
])("items of %s", (_name, value, expected) => {
  expect(items(value, "a")).toEqual(expected);
});

test.each([
  ["a list", [1, null], true],
  ["an empty list", [], true],
  ["an object with a length", { length: 0 }, false],
  ["text", "[]", false],
  ["null", null, false],
])("isList of %s is %3$s", (_name, value, expected) => {
  expect(isList(value)).toBe(expected);
});

test.each([
  ["an object of texts", { a: "", b: "b" }, true],
  ["an empty object", {}, true],
  ["an object with a number", { a: "", b: 1 }, false],
  ["an object with null", { a: null }, false],
  ["a list of texts", ["a"], false],
  ["text", "a", false],
])("hasTextMembers of %s is %3$s", (_name, value, expected) => {
  expect(hasTextMembers(value)).toBe(expected);
});
