// SPDX-License-Identifier: Apache-2.0
// retired-keys.json of a deployment's folder: the setting RETIRED_KEYS, a row for each former key. `sigedge rotate`
// adds rows; an operator may edit the times, and signs them with `rotate WHAT --finish`.

import { createPublicKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "#sha256";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { decodePem, encodePem } from "../../shared/bytes/pem.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, type UnixMs } from "../../shared/time.ts";
import { parseRetiredRows, type RetiredRow } from "../../shared/trust/retired-keys.ts";

export const RETIRED_KEYS_FILE = "retired-keys.json";

/** When a key went out of use, and why. */
export interface Retiring {
  readonly what: string;
  readonly retiredAt: UnixMs;
  readonly isCompromised: boolean;
}

/** The rows of the folder, none without the file. The error is a line for the operator. */
export function readRetiredKeys(folder: string): Result<readonly RetiredRow[], string> {
  const file = join(folder, RETIRED_KEYS_FILE);
  if (!existsSync(file)) return ok([]);
  const rows = parseRetiredRows(readFileSync(file, "utf8"));
  return rows.ok ? rows : err(`${file} ${rows.error}`);
}

/**
 * Returns the rows with these keys retired. A key that is retired already keeps the earlier time, and stays compromised
 * if it is.
 */
export function withRetired(
  rows: readonly RetiredRow[],
  fingerprints: readonly string[],
  { what, retiredAt, isCompromised }: Retiring,
): readonly RetiredRow[] {
  const byKey = new Map(rows.map((row) => [row.sha256, row]));
  for (const fingerprint of fingerprints) {
    const known = byKey.get(fingerprint);
    const time = formatRfc3339(retiredAt);
    const retired = known !== undefined && Date.parse(known.retired) < Date.parse(time) ? known.retired : time;
    const compromised = isCompromised || known?.compromised === true ? { compromised: true } : {};
    byKey.set(fingerprint, { sha256: fingerprint, retired, ...compromised, what: known?.what ?? what });
  }
  return [...byKey.values()];
}

/** The text of the file. */
export const formatRetiredKeys = (rows: readonly RetiredRow[]): string => `${JSON.stringify(rows, null, 2)}\n`;

/**
 * The names in RETIRED_KEYS of the keys in PEM text of certificates, public keys or private keys. Throws for others.
 */
export function fingerprintsOf(pem: string): readonly string[] {
  const blocks = decodePem(pem);
  if (!blocks.ok) throw new Error("not PEM text of certificates or keys");
  return blocks.value.map(({ label, der }) => {
    const key = createPublicKey(encodePem(label, der));
    return encodeHex(sha256(key.export({ type: "spki", format: "der" })));
  });
}
