// SPDX-License-Identifier: Apache-2.0
// Reads the settings and bindings of one service from its environment. Names everything that is missing or wrong at
// once, and never a value.

import { err, ok, type Result } from "../result.ts";
import { type Bindings, type BindingsEnv, isOptional } from "./binding.ts";
import { joinParts } from "./parts.ts";
import type { Parsed, Setting, SettingRows } from "./setting.ts";

export interface ConfigError {
  readonly code: "config_invalid";
  /** One line each: `CA_KEY is missing`, `PUBLIC_URL must start with https://`. */
  readonly problems: readonly string[];
}

type Name<Rows> = keyof Rows & string;
type Parser<T> = (text: string) => Result<T, string>;

/** Says that a required setting is missing, and what to do if its row knows. */
export const describeMissing = (name: string, row: Setting | undefined): string =>
  `${name} is missing${row?.whenMissing === undefined ? "" : `: ${row.whenMissing}`}`;

/** Collects settings and their problems. `finish` builds the configuration if there is no problem. */
export class Settings<Rows extends SettingRows = SettingRows> {
  readonly #rows: SettingRows;
  readonly #env: object;
  readonly #problems: string[] = [];

  /** @param rows the service's declared settings: they say which are split into parts, and how each is parsed */
  constructor(env: object, rows: Rows) {
    this.#rows = rows;
    this.#env = env;
  }

  /** The setting's text. A missing or empty setting is a problem and yields "". */
  readRequired(name: Name<Rows>): string {
    const value = this.read(name);
    if (value === null) this.#problems.push(describeMissing(name, this.#rows[name]));
    return value ?? "";
  }

  /** The setting's text, all its parts joined; null if it is missing or empty. */
  read(name: Name<Rows>): string | null {
    const isSplit = this.#rows[name]?.isSplit === true;
    const value: unknown = isSplit ? joinParts(this.#env, name) : Reflect.get(this.#env, name);
    return typeof value === "string" && value !== "" ? value : null;
  }

  /**
   * Parses a required setting, by default with its row's parser. Call the returned function inside finish's `build`
   * only: there the value is known to exist.
   */
  parse<N extends Name<Rows>>(name: N): () => Parsed<Rows[N]>;
  parse<T>(name: Name<Rows>, parse: Parser<T>): () => T;
  parse(name: Name<Rows>, parse: Parser<unknown> = this.#parserOf(name)): () => unknown {
    const text = this.readRequired(name);
    return text === "" ? () => throwUnread(`${name} is missing`) : this.#parseText(name, text, parse);
  }

  /** Parses an optional setting, which yields null if it is missing or empty; otherwise as `parse`. */
  parseIfSet<N extends Name<Rows>>(name: N): () => Parsed<Rows[N]> | null;
  parseIfSet<T>(name: Name<Rows>, parse: Parser<T>): () => T | null;
  parseIfSet(name: Name<Rows>, parse: Parser<unknown> = this.#parserOf(name)): () => unknown {
    const text = this.read(name);
    return text === null ? () => null : this.#parseText(name, text, parse);
  }

  #parserOf(name: string): Parser<unknown> {
    return this.#rows[name]?.parse ?? ok;
  }

  #parseText(name: string, text: string, parse: Parser<unknown>): () => unknown {
    const result = parse(text);
    if (!result.ok) this.#problems.push(`${name} ${result.error}`);
    return () => (result.ok ? result.value : throwUnread(`${name} ${result.error}`));
  }

  /**
   * The service's bindings; each that the environment lacks is a problem, unless the service runs without it. Call the
   * returned function inside `build` only.
   */
  readBindings<B extends Bindings>(rows: B): () => BindingsEnv<B> {
    const names = Object.keys(rows);
    for (const [name, row] of Object.entries(rows)) {
      const isMissing = Reflect.get(this.#env, name) === undefined && !isOptional(row);
      if (isMissing) this.report(`${name} is missing: wrangler.toml must bind it`);
    }
    return () => Object.fromEntries(names.map((name) => [name, Reflect.get(this.#env, name)])) as BindingsEnv<B>;
  }

  /** Reports a condition that spans several settings. */
  report(line: string): void {
    this.#problems.push(line);
  }

  /** Runs `build` if there is no problem, so that every parsed value exists there. */
  finish<T>(build: () => T): Result<T, ConfigError> {
    return this.#problems.length === 0 ? ok(build()) : err({ code: "config_invalid", problems: this.#problems });
  }
}

function throwUnread(problem: string): never {
  throw new TypeError(problem);
}

/**
 * Reads a service's configuration once per environment object, since parsing keys is expensive. The caller must
 * therefore pass the same object for every request.
 */
export function readOncePerEnv<Env extends object, C>(read: (env: Env) => C): (env: Env) => C {
  const seen = new WeakMap<Env, { readonly config: C }>();
  return (env) => {
    const known = seen.get(env) ?? { config: read(env) };
    seen.set(env, known);
    return known.config;
  };
}
