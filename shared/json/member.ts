// SPDX-License-Identifier: Apache-2.0
// Access to JSON values of unknown shape, without a cast.

/** A JSON object whose members have not been checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object; arrays and null are not. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the value's own member `name`, or undefined if the value is not an object or lacks it; inherited names do not count. */
export const member = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
