// SPDX-License-Identifier: Apache-2.0
// Reads the passphrase of the offline keys from a file, from the environment or from the terminal. Never from the
// command line, which every process on the machine can read.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { askSecret, hasTerminal } from "../ask.ts";

const PASSPHRASE_VARIABLE = "SIGEDGE_PASSPHRASE";

/** The flag of every command that opens offline keys. */
export const PASSPHRASE_FLAGS = {
  "passphrase-file": {
    value: "FILE",
    description: `A file whose first line is the passphrase of the offline keys. Without it, the passphrase is read from the environment (${PASSPHRASE_VARIABLE}), or asked for at the terminal.`,
  },
} as const;

/** Holds a generated passphrase, beside the offline keys. */
export const PASSPHRASE_FILE = "PASSPHRASE.txt";

/** Shorter passphrases can be guessed, however slow the key derivation is. */
const MIN_CHARACTERS = 12;

/** The source of a passphrase. */
export interface PassphraseSource {
  /** Null without --passphrase-file. */
  readonly file: string | null;
  /** Whether the passphrase is new. A new one is asked for twice. */
  readonly isNew: boolean;
}

/** Reads the passphrase; null without file, variable and terminal. The error is a line for the operator. */
export async function readPassphrase({ file, isNew }: PassphraseSource): Promise<Result<string | null, string>> {
  const given = file === null ? ok(process.env[PASSPHRASE_VARIABLE] ?? null) : readFirstLine(file);
  if (!given.ok) return given;
  const text = given.value ?? (await ask(isNew));
  if (typeof text !== "string") return text ?? ok(null);
  return isNew && text.length < MIN_CHARACTERS
    ? err(`the passphrase must have at least ${MIN_CHARACTERS} characters`)
    : ok(text);
}

/**
 * Reads the passphrase of existing keys, also from the file beside them. The error is a line for the operator.
 * @param folder the folder of the keys
 */
export async function askOfflinePassphrase(folder: string, file: string | null): Promise<Result<string, string>> {
  const beside = join(folder, PASSPHRASE_FILE);
  const read = await readPassphrase({ file: file ?? (existsSync(beside) ? beside : null), isNew: false });
  if (!read.ok) return read;
  return read.value === null
    ? err(
        `the passphrase of the offline keys is missing; give it with --passphrase-file FILE or in ${PASSPHRASE_VARIABLE}`,
      )
    : ok(read.value);
}

function readFirstLine(file: string): Result<string, string> {
  try {
    return ok(readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "");
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}

/** Asks at the terminal. Gives the text, an error, or null without a terminal. */
async function ask(isNew: boolean): Promise<string | Result<never, string> | null> {
  if (!hasTerminal()) return null;
  const first = await askSecret(
    isNew
      ? `New passphrase for the offline keys, at least ${MIN_CHARACTERS} characters: `
      : "Passphrase of the offline keys: ",
  );
  // Too short: no need to repeat it.
  if (!isNew || first.length < MIN_CHARACTERS) return first;
  return first === (await askSecret("Repeat it: ")) ? first : err("the two passphrases differ");
}
