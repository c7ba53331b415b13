// SPDX-License-Identifier: Apache-2.0
// Reads JSON values of unknown shape without casts.

/** A JSON object whose members have not been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object; arrays and null are not. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the value's own member `name`; undefined if the value is not an object or has no such member of its own. */
export const member = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** Returns the items of a member that is a list; none if it is absent or something else. */
export function items(value: unknown, name: string): readonly unknown[] {
  const list = member(value, name);
  return Array.isArray(list) ? list : [];
}

/** Whether a JSON value is a list, of items that have not been checked. */
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Whether a JSON value is an object whose members are strings. */
export function hasTextMembers(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && isTexts(Object.values(value));
}

/** Whether a JSON value is a list of strings. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether a JSON value is a whole number from zero on that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
