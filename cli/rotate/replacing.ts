// SPDX-License-Identifier: Apache-2.0
// The two phases of replacing a key whose public half clients hold: the next key is created and announced, then it
// replaces the current one, whose public half stays published.

import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ok, type Result } from "../../shared/result.ts";
import { parseRetiredKeys } from "../../shared/trust/retired-keys.ts";
import { writePrivate } from "../deployment/deployment.ts";
import { failDamaged, readJsonFile } from "../deployment/json-file.ts";
import {
  nextFolder,
  otherSettings,
  publicFile,
  REPLACEABLE,
  type Replaceable,
  readOtherKeys,
  readPublicInUse,
  readPublicNext,
} from "../deployment/replaceable.ts";
import {
  fingerprintsOf,
  formatRetiredKeys,
  RETIRED_KEYS_FILE,
  type Retiring,
  readRetiredKeys,
  withRetired,
} from "../deployment/retired-keys.ts";
import { makeFolder, writeFolder } from "../keys/keys.ts";
import type { RotationContext } from "./rotation.ts";

const STATE_FILE = "rotation.json";

/** A rotation that has begun and is not finished. */
export interface Pending {
  /** The name that the operator gave: `ca` and `ca-root` both create an issuing CA. */
  readonly rotation: string;
  readonly at: number;
}

/** Reads the pending rotation, null if there is none. The error is a line for the operator. */
export function readPending(folder: string, kind: Replaceable): Result<Pending | null, string> {
  const file = join(nextFolder(folder, kind), STATE_FILE);
  const json = readJsonFile(file);
  if (!json.ok || json.value === null) return json.ok ? ok(null) : json;
  const { rotation, at } = json.value;
  const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
  return typeof rotation === "string" && !Number.isNaN(time)
    ? ok({ rotation, at: time })
    : failDamaged(`${file} does not say which rotation began, and when`);
}

/** The next key with its public half. */
export interface NextKey {
  /** Private key, PEM. */
  readonly key: string;
  /** Chain or public key, PEM. */
  readonly public: string;
}

/** Writes the next key with its public half, all files or none. The error is a line for the operator. */
export function begin(
  { deployment: { folder, settings }, now }: RotationContext,
  kind: Replaceable,
  { rotation, nextKey }: { readonly rotation: string; readonly nextKey: NextKey },
): Result<null, string> {
  const { key, others } = REPLACEABLE[kind];
  const rows = readRetiredKeys(folder);
  const retired = rows.ok ? parseRetiredKeys(formatRetiredKeys(rows.value)) : rows;
  if (!retired.ok) return retired;
  for (const other of readOtherKeys(folder, settings).filter(({ name }) => name === others)) {
    const fitting = otherSettings({ ...other, next: nextKey.public }, retired.value, now);
    if (!fitting.ok) return fitting;
  }
  makeFolder(join(folder, "next"));
  const state = `${JSON.stringify({ rotation, at: new Date(now).toISOString() })}\n`;
  writeFolder(
    nextFolder(folder, kind),
    new Map([
      [key, nextKey.key],
      [publicFile(kind), nextKey.public],
      [STATE_FILE, state],
    ]),
  );
  return ok(null);
}

/** Removes the next key, which was announced but never used. */
export const discardNext = (folder: string, kind: Replaceable): void =>
  rmSync(nextFolder(folder, kind), { recursive: true, force: true });

/**
 * Replaces the current key with the next one, and records the retirement of the current one. An interrupted call is
 * completed by the next one, as next/ is removed last. The former private key is deleted.
 * @param retiring the root of the chain is retired with its key if `isRootRetired`
 */
export function replace(
  { deployment: { folder }, now }: RotationContext,
  kind: Replaceable,
  retiring: Retiring & { readonly isRootRetired: boolean },
): Result<null, string> {
  const { key, chain } = REPLACEABLE[kind];
  const next = nextFolder(folder, kind);
  const nextPublic = readPublicNext(folder, kind) ?? "";
  const inUse = readPublicInUse(folder, kind);
  if (inUse !== nextPublic) {
    const keys = fingerprintsOf(inUse);
    const retired = retireKeys(folder, retiring.isRootRetired ? keys : keys.slice(0, 1), retiring);
    if (!retired.ok) return retired;
    makeFolder(join(folder, "former"));
    const name = `${kind}-${new Date(now).toISOString().slice(0, 10)}-${fingerprint(inUse)}.pem`;
    writePrivate(join(folder, "former", name), inUse);
  }
  if (chain !== null) writePrivate(join(folder, "keys", chain), nextPublic);
  writePrivate(join(folder, "keys", key), readFileSync(join(next, key), "utf8"));
  rmSync(next, { recursive: true });
  return ok(null);
}

/** Records the retirement of keys. The error is a line for the operator. */
export function retireKeys(folder: string, fingerprints: readonly string[], retiring: Retiring): Result<null, string> {
  const rows = readRetiredKeys(folder);
  if (!rows.ok) return rows;
  writePrivate(join(folder, RETIRED_KEYS_FILE), formatRetiredKeys(withRetired(rows.value, fingerprints, retiring)));
  return ok(null);
}

const fingerprint = (pem: string): string => createHash("sha256").update(pem).digest("hex").slice(0, 8);
