// SPDX-License-Identifier: Apache-2.0
// Bindings of the platform with something put in between.

type Method = (...args: readonly unknown[]) => unknown;

/** `target` with some of its members replaced; all others are its own. */
export function withMethods<T extends object>(target: T, replaced: Readonly<Partial<Record<keyof T, unknown>>>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      // The platform's methods insist on their own object.
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
}
