// SPDX-License-Identifier: Apache-2.0
// The default branch of an exhaustive switch.

/** Fails the type check when a switch misses a case, and throws when a value slips past the types. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`);
}
