// SPDX-License-Identifier: Apache-2.0
// Wraps the platform's bindings.

type Method = (...args: readonly unknown[]) => unknown;

/** Returns a proxy of `target` with some of its members replaced. */
export function override<T extends object>(target: T, replaced: Readonly<Partial<Record<keyof T, unknown>>>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      // The platform's methods must be called on the original object.
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
}
