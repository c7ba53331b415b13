// SPDX-License-Identifier: Apache-2.0
// The data of a command that people read: help, completions and docs/reference/commands.md are generated from it.

/** A flag without a value: absent or present. */
interface Switch {
  /** Sentences for the options table. */
  readonly description: string;
  readonly value?: never;
}

interface ValueFlag {
  readonly description: string;
  /** Placeholder of the value in usage lines. DIR and FILE are completed as paths. */
  readonly value: string;
  readonly multiple?: true;
  /** Used if the flag is absent. */
  readonly default?: string;
  /** The values that the command accepts, if they can be listed. */
  readonly choices?: readonly string[];
}

export type Flag = Switch | ValueFlag;
export type Flags = Readonly<Record<string, Flag>>;

/** A positional argument. */
interface Argument {
  readonly name: string;
  readonly description: string;
  /** Each accepted value with its meaning, if they can be listed. */
  readonly choices?: Readonly<Record<string, string>>;
}

interface Example {
  readonly title: string;
  readonly command: string;
}

/** The help about a command. */
export interface CommandPage {
  readonly name: string;
  /** Starts with a verb in lower case, has no period. */
  readonly summary: string;
  /** One line for each form of the command. */
  readonly usage: readonly string[];
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly arguments: readonly Argument[];
  readonly flags: Flags;
  /** Meaning of `--json`; the command has no such flag without it. */
  readonly json?: string;
  readonly examples: readonly Example[];
  readonly exitCodes: Readonly<Record<number, string>>;
}
