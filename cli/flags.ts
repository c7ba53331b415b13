// SPDX-License-Identifier: Apache-2.0
// The flags of a command, with an error that fits in one line.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { err, ok, type Result } from "../shared/result.ts";

type FlagTable = NonNullable<ParseArgsConfig["options"]>;
/** What a command was given: the values of its flags, and what is none. */
export type ParsedFlags<F extends FlagTable> = ReturnType<
  typeof parseArgs<{ options: F; allowPositionals: true; strict: true }>
>;

/** Reads the arguments of a command. Fails with a line that names the flag. */
export function readFlags<F extends FlagTable>(args: readonly string[], options: F): Result<ParsedFlags<F>, string> {
  try {
    return ok(parseArgs({ args: [...args], options, allowPositionals: true, strict: true }));
  } catch (error) {
    // The first sentence says which flag; what follows is advice on quoting that does not fit here.
    const reason = error instanceof Error ? error.message.split(". ")[0] : String(error);
    return err(`${reason}; --help shows what there is`);
  }
}
