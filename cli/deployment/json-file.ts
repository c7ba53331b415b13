// SPDX-License-Identifier: Apache-2.0
// JSON objects in files of a deployment's folder. Their members are decoded by those who read them.

import { readFileSync } from "node:fs";
import { isObject, type JsonObject } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** Reads a JSON object from a file; null without the file. The error is a line for the operator. */
export function readJsonFile(file: string): Result<JsonObject | null, string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return code === "ENOENT" ? ok(null) : err(`cannot read ${file} (${code})`);
  }
  const json = parseJson(bytes);
  return json.ok && isObject(json.value) ? ok(json.value) : failDamaged(`${file} is not a JSON object`);
}

/** The error of a file that is not what was written. @param problem names the file */
export const failDamaged = (problem: string): Result<never, string> => err(`${problem}; restore it from a backup`);
