// SPDX-License-Identifier: Apache-2.0
// settings.json of a local stack: any setting that is no secret, WITNESS_MODE for example, as an object of texts.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeUtf8 } from "../shared/bytes/utf8.ts";
import { parseJson } from "../shared/json/parse.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { DECLARATIONS } from "../workers/declarations.ts";

const PLAIN_SETTINGS_FILE = "settings.json";

/** The settings of a deployment that are no secrets. */
const PLAIN_NAMES: ReadonlySet<string> = new Set(
  Object.values(DECLARATIONS).flatMap(({ settings }) =>
    Object.entries(settings).flatMap(([name, row]) => ("isSecret" in row ? [] : [name])),
  ),
);

/**
 * Reads the file; empty if there is none. Their values are checked with all others. The error is a line for the
 * operator.
 */
export function readPlainSettings(state: string): Result<Readonly<Record<string, string>>, string> {
  const path = join(state, PLAIN_SETTINGS_FILE);
  if (!existsSync(path)) return ok({});
  const json = parseJson(encodeUtf8(readFileSync(path, "utf8")));
  const value: unknown = json.ok ? json.value : null;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return err(`${path} is not a JSON object: write {"WITNESS_MODE": "require-quorum"}`);
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (!PLAIN_NAMES.has(name) || name === "PUBLIC_URL")
      return err(`${path}: ${name} cannot be set there; docs/reference/settings.md lists the settings`);
    if (typeof text !== "string") return err(`${path}: the value of ${name} is not a text`);
    texts[name] = text;
  }
  return ok(texts);
}
