// SPDX-License-Identifier: Apache-2.0
// The passphrase of the offline keys: from a file, from the environment, or from the person at the terminal. Never from the
// command line, which every process of the machine can read.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { err, ok, type Result } from "../../shared/result.ts";

const PASSPHRASE_VARIABLE = "SIGEDGE_PASSPHRASE";

/** The flag of every command that opens offline keys. */
export const PASSPHRASE_FLAGS = {
  "passphrase-file": {
    value: "FILE",
    description: `A file whose first line is the passphrase of the offline keys. Without it, the passphrase is read from the environment (${PASSPHRASE_VARIABLE}), or asked for at the terminal.`,
  },
} as const;

/** Stands beside the offline keys if nobody chose a passphrase. */
export const PASSPHRASE_FILE = "PASSPHRASE.txt";

/** Fewer are guessed whatever the key derivation costs. */
const MIN_CHARACTERS = 12;

export interface PassphraseSource {
  /** null: none was given. */
  readonly file: string | null;
  /** Whether a new one is chosen, which is asked for twice. */
  readonly isNew: boolean;
}

/** Null if there is neither file nor variable nor a person to ask. The error is a line for the operator. */
export async function readPassphrase({ file, isNew }: PassphraseSource): Promise<Result<string | null, string>> {
  const given = file === null ? ok(process.env[PASSPHRASE_VARIABLE] ?? null) : firstLine(file);
  if (!given.ok) return given;
  const text = given.value ?? (await ask(isNew));
  if (typeof text !== "string") return text ?? ok(null);
  return isNew && text.length < MIN_CHARACTERS
    ? err(`the passphrase must have at least ${MIN_CHARACTERS} characters`)
    : ok(text);
}

/** Of keys that exist: also from the file beside them. @param folder where they lie. Fails with a line for the operator. */
export async function offlinePassphrase(folder: string, file: string | null): Promise<Result<string, string>> {
  const beside = join(folder, PASSPHRASE_FILE);
  const read = await readPassphrase({ file: file ?? (existsSync(beside) ? beside : null), isNew: false });
  if (!read.ok) return read;
  return read.value === null
    ? err("the passphrase of the offline keys is needed: --passphrase-file FILE")
    : ok(read.value);
}

function firstLine(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "");
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}

/** The text, an error, or null without a terminal. */
async function ask(isNew: boolean): Promise<string | Result<never, string> | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const first = await askOnce(isNew ? "A passphrase for the offline keys: " : "Passphrase of the offline keys: ");
  if (!isNew) return first;
  return first === (await askOnce("The same again: ")) ? first : err("the two passphrases differ");
}

/** Without echo: readline writes what is typed to its output, which here writes nothing. */
async function askOnce(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
