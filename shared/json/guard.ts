// SPDX-License-Identifier: Apache-2.0
// Guards for stored JSON: a table with a guard for each member, from which the compiler infers nothing that is not
// checked.

import { isList, member } from "./member.ts";

/** Whether a JSON value is a T. */
export type Guard<T> = (json: unknown) => json is T;
/** A guard for each member: the compiler rejects one that is missing, or that lets another type through. */
export type Guards<T> = { readonly [K in keyof T]: Guard<T[K]> };

export const isText: Guard<string> = (json) => typeof json === "string";
export const isFlag: Guard<boolean> = (json) => typeof json === "boolean";

/** Whether a JSON value is null or what the guard accepts. */
export const acceptNull =
  <T>(isRight: Guard<T>): Guard<T | null> =>
  (json): json is T | null =>
    json === null || isRight(json);

/** Whether a JSON value is a list of what the guard accepts. */
export const acceptList =
  <T>(isRight: Guard<T>): Guard<readonly T[]> =>
  (json): json is readonly T[] =>
    isList(json) && json.every((item) => isRight(item));

/** Whether a JSON value has these members. */
export const checkMembers =
  <T>(guards: Guards<T>): Guard<T> =>
  (json): json is T =>
    findWrongMember(guards, json) === null;

/** The first member that is missing or wrong, null if there is none. */
export function findWrongMember<T>(guards: Guards<T>, json: unknown): string | null {
  const wrong = Object.entries<Guard<unknown>>(guards).find(([name, isRight]) => !isRight(member(json, name)));
  return wrong?.[0] ?? null;
}
