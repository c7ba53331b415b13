// SPDX-License-Identifier: Apache-2.0
// The frame of every `sigedge` command. A command is data (name, flags, examples, exit codes) and two functions: one
// that checks its arguments, one that runs. Help, completions and docs/reference/commands.md are generated from the
// data.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { err, ok, type Result } from "../shared/result.ts";
import type { CommandPage, Flag, Flags } from "./help/command-page.ts";
import { helpPage } from "./help/page.ts";
import { say } from "./terminal.ts";

/** The values of flags by name: null for an absent flag, [] for an absent flag that may be repeated. */
type Values<F extends Flags> = {
  readonly [N in keyof F]: F[N] extends { readonly value: string }
    ? F[N] extends { readonly multiple: true }
      ? readonly string[]
      : F[N] extends { readonly default: string }
        ? string
        : string | null
    : boolean;
};

/** The parsed arguments of a command. */
export interface Arguments<F extends Flags> {
  readonly values: Values<F>;
  readonly positionals: readonly string[];
}

/** The output of a running command. */
export interface Output {
  readonly isJson: boolean;
  /** For progress: standard output, or standard error with `--json`. */
  readonly stream: NodeJS.WriteStream;
  /** Prints a line for a person; prints nothing with `--json`. */
  readonly say: (line?: string) => void;
  /** Prints the result: `json` on one line with `--json`, otherwise `text`. */
  readonly result: (json: unknown, text: string) => void;
}

/** A page, and the functions of its command. */
export interface Definition<F extends Flags, O> extends CommandPage {
  readonly flags: F;
  /** Exit code if `run` fails, by an error or by a bug; 1 if it is absent. */
  readonly failureCode?: 1 | 2 | 3;
  /** Exit code for wrong arguments; MISUSE if it is absent. */
  readonly misuseCode?: 3;
  /** Checks the arguments. The error is one line that names the flag or argument at fault. */
  readonly read: (args: Arguments<F>) => Result<O, string>;
  /** Runs the command. Gives the exit code; the error is a line for the operator. Rejects only for a bug. */
  readonly run: (options: O, output: Output) => Promise<Result<number, string>>;
}

/** A command, ready to run. */
export interface Command extends CommandPage {
  /** Parses the arguments and runs the command, or prints its help. Resolves to the exit code. */
  readonly execute: (args: readonly string[]) => Promise<number>;
}

/** Exit code for wrong arguments, unless a command has another meaning for it. */
export const MISUSE = 2;

/** Makes a command of its definition. */
export function defineCommand<const F extends Flags, O>(definition: Definition<F, O>): Command {
  const { failureCode = 1, misuseCode = MISUSE, read, run, ...page } = definition;
  return {
    ...page,
    execute: async (args) => {
      const parsed = parseArguments(page, args);
      if (!parsed.ok) return complain(page.name, parsed.error, misuseCode);
      const { isHelp, isJson, ...given } = parsed.value;
      if (isHelp) {
        say(helpPage(page));
        return 0;
      }
      const options = read(given);
      if (!options.ok) return complain(page.name, options.error, misuseCode);
      // Node ends with 1 after an error that nobody has caught, which some commands mean something else by.
      const endUncaught = (error: unknown): never => process.exit(complainOf(page.name, error, failureCode));
      process.on("uncaughtException", endUncaught);
      try {
        const done = await run(options.value, outputOf(isJson));
        return done.ok ? done.value : complain(page.name, done.error, failureCode);
      } catch (error) {
        return complainOf(page.name, error, failureCode);
      } finally {
        process.off("uncaughtException", endUncaught);
      }
    },
  };
}

/** Reports a file or an address that the system refused by its name, and a bug by its stack. */
function complainOf(name: string, error: unknown, exitCode: number): number {
  if (!(error instanceof Error)) return complain(name, `a bug: ${String(error)}`, exitCode);
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  const isSystem = code !== undefined && syscall !== undefined;
  return complain(name, isSystem ? `${syscall} ${path ?? ""}: ${code}` : `a bug: ${error.stack}`, exitCode);
}

function complain(name: string, line: string, exitCode: number): number {
  process.stderr.write(`sigedge ${name}: ${line}\n`);
  return exitCode;
}

const outputOf = (isJson: boolean): Output => ({
  isJson,
  stream: isJson ? process.stderr : process.stdout,
  say: (line) => {
    if (!isJson) say(line);
  },
  result: (json, text) => say(isJson ? JSON.stringify(json) : text),
});

type ParsedArguments<F extends Flags> = Arguments<F> & { readonly isHelp: boolean; readonly isJson: boolean };

/** Parses arguments by a table of flags; `--help` and `--json` are apart. The error is one line that names the flag. */
export function parseArguments<const F extends Flags>(
  { name, flags, json }: { readonly name: string; readonly flags: F; readonly json?: string },
  args: readonly string[],
): Result<ParsedArguments<F>, string> {
  const options: NonNullable<ParseArgsConfig["options"]> = {
    ...Object.fromEntries(Object.entries(flags).map(([flag, row]) => [flag, optionOf(row)])),
    ...(json === undefined ? {} : { json: { type: "boolean" } }),
    help: { type: "boolean" },
  };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const empty = Object.keys(flags).find((flag) => [values[flag]].flat().includes(""));
    // An unset variable of a script: --state "$STATE" would otherwise mean the current folder.
    if (empty !== undefined) return err(`--${empty} is empty; give a value, or leave the flag out`);
    const given = Object.entries(flags).map(([flag, row]) => [flag, values[flag] ?? valueWhenAbsent(row)]);
    return ok({
      // Each value has the type that its row declares: parseArgs checks this, but its type forgets the table.
      values: Object.fromEntries(given) as Values<F>,
      positionals,
      isHelp: values["help"] === true,
      isJson: values["json"] === true,
    });
  } catch (error) {
    // The first sentence names the flag; the others explain quoting.
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    return err(`${reason}; see sigedge ${name} --help`);
  }
}

const optionOf = (flag: Flag): NonNullable<ParseArgsConfig["options"]>[string] =>
  flag.value === undefined
    ? { type: "boolean" }
    : { type: "string", ...(flag.multiple === true ? { multiple: true } : {}) };

const valueWhenAbsent = (flag: Flag): string | readonly string[] | boolean | null => {
  if (flag.value === undefined) return false;
  return flag.multiple === true ? [] : (flag.default ?? null);
};

/** Refuses positional arguments, for commands that take none. */
export function refusePositionals({ positionals }: { readonly positionals: readonly string[] }): Result<null, string> {
  const [first] = positionals;
  return first === undefined ? ok(null) : err(`unexpected argument ${first}; this command takes flags only`);
}
