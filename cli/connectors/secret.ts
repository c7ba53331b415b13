// SPDX-License-Identifier: Apache-2.0
// The client secret of a connector: from a file, from the environment or from the terminal. Never from the command
// line, which every process on the machine can read.

import { readFileSync } from "node:fs";
import { err, ok, type Result } from "../../shared/result.ts";
import { askSecret, hasTerminal } from "../ask.ts";

/** The provider that a secret is for, and the file that may hold it. */
export interface SecretSource {
  readonly slug: string;
  /** The provider's name, as people read it. */
  readonly name: string;
  /** Null without one. */
  readonly file: string | null;
}

/** The environment variable of a connector's secret. */
export const secretVariable = (slug: string): string =>
  `SIGEDGE_CONNECTOR_SECRET_${slug.toUpperCase().replaceAll("-", "_")}`;

/** Reads the secret. The error is a line for the operator. */
export async function readClientSecret({ slug, name, file }: SecretSource): Promise<Result<string, string>> {
  if (file !== null) return readFirstLine(file);
  const variable = secretVariable(slug);
  const secret = process.env[variable] ?? (hasTerminal() ? (await askSecret(`Client secret of ${name}: `)).trim() : "");
  return secret === ""
    ? err(`the client secret of ${name} is missing: give a file that holds it, or set ${variable}`)
    : ok(secret);
}

function readFirstLine(file: string): Result<string, string> {
  try {
    const line = readFileSync(file, "utf8").split(/\r?\n/)[0]?.trim() ?? "";
    return line === "" ? err(`${file} is empty`) : ok(line);
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}
