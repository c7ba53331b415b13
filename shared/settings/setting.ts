// SPDX-License-Identifier: Apache-2.0
// A service's declaration of its settings, and the types that follow from a table of them. A declaration is data: it
// reads no environment.

import type { Result } from "../result.ts";

/** One row of a service's settings. */
export interface Setting<T = unknown> {
  /** A service without a required setting answers 503 on every route. */
  readonly need: "required" | "optional";
  /** Without this required setting, its own service answers 503, and the rest of a composed Worker goes on. */
  readonly stopsServiceOnly?: true;
  /** The advice if a required setting is missing; completes "<name> is missing: …". */
  readonly whenMissing?: string;
  /** Uploaded as a secret, so that neither wrangler nor the dashboard prints it. */
  readonly isSecret?: true;
  /** The text may exceed the size of one variable and continue in NAME_2, NAME_3 and NAME_4 (parts.ts). */
  readonly isSplit?: true;
  /** Parses the text; the error completes "<name> …". Absent where parsing needs more than the text. */
  readonly parse?: (text: string) => Result<T, string>;
}

export type SettingRows = Readonly<Record<string, Setting>>;

/** The value that a setting's text parses to. */
export type Parsed<Row> = Row extends { readonly parse: (text: string) => Result<infer T, string> } ? T : string;

/** The names of the settings that parse to a `T`. */
export type SettingOf<Rows, T> = {
  [Name in keyof Rows & string]: Parsed<Rows[Name]> extends T ? Name : never;
}[keyof Rows & string];

type PartName<Name extends string> = `${Name}_${2 | 3 | 4}`;
type SplitName<Rows> = {
  [Name in keyof Rows & string]: Rows[Name] extends { readonly isSplit: true } ? Name : never;
}[keyof Rows & string];

/** The textual part of the environment of a service with these settings. Empty text counts as missing. */
export type SettingsEnv<Rows> = {
  readonly [Name in (keyof Rows & string) | PartName<SplitName<Rows>>]?: string;
};
