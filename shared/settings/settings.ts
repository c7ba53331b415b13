// SPDX-License-Identifier: Apache-2.0
// Reads the textual part of a service's environment: names what is missing or wrong, all of it at once, and never a value.

import { err, ok, type Result } from "../result.ts";

export interface ConfigError {
  readonly code: "config_invalid";
  /** One line each: `CA_KEY is missing`, `PUBLIC_URL must start with https://`. */
  readonly problems: readonly string[];
}

/** Collects settings and their problems; `finish` gives the configuration only if there was no problem. */
export class Settings {
  readonly #env: object;
  readonly #problems: string[] = [];

  constructor(env: object) {
    this.#env = env;
  }

  /** The setting's text; a missing or empty one is a problem and gives "". */
  required(name: string): string {
    const value = this.optional(name);
    if (value === null) this.#problems.push(`${name} is missing`);
    return value ?? "";
  }

  /** The setting's text, null if it is missing or empty. */
  optional(name: string): string | null {
    const value: unknown = Reflect.get(this.#env, name);
    return typeof value === "string" && value !== "" ? value : null;
  }

  /**
   * Parses a required setting; `parse` answers with a value or with what completes "<name> …".
   * The value is read through the function given back, inside finish's `build` only: there it is known to exist.
   */
  parsed<T>(name: string, parse: (text: string) => Result<T, string>): () => T {
    const text = this.required(name);
    const result: Result<T, string> = text === "" ? err("is missing") : parse(text);
    if (!result.ok && text !== "") this.#problems.push(`${name} ${result.error}`);
    return () => {
      if (!result.ok) throw new TypeError(`${name} ${result.error}`);
      return result.value;
    };
  }

  /** For conditions across settings. */
  problem(line: string): void {
    this.#problems.push(line);
  }

  /** `build` runs only if there was no problem, so that every parsed value is there. */
  finish<T>(build: () => T): Result<T, ConfigError> {
    return this.#problems.length === 0 ? ok(build()) : err({ code: "config_invalid", problems: this.#problems });
  }
}

/**
 * Reads a service's configuration once for each environment object, as an isolate has one and keys are dear to parse. The
 * caller therefore passes the same object for every request.
 */
export function oncePerEnv<Env extends object, C>(read: (env: Env) => C): (env: Env) => C {
  const seen = new WeakMap<Env, { readonly config: C }>();
  return (env) => {
    const known = seen.get(env) ?? { config: read(env) };
    seen.set(env, known);
    return known.config;
  };
}
