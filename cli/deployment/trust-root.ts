// SPDX-License-Identifier: Apache-2.0
// The TUF repository of a deployment: keys and signed documents in its folder, and a copy of the documents where
// `wrangler deploy` bundles them. docs/trust.md explains the roles.

import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import type { OfflineTexts } from "../../shared/tuf/trust-file.ts";
import { describeKeysError, readKeys } from "../keys/keys.ts";
import { defaultFolder, IS_INSTALLED } from "../root.ts";
import {
  createOfflineKey,
  createOnlineKey,
  describeKeyFileError,
  type OfflineKey,
  onlineKeyOf,
  openOfflineKey,
} from "../tuf/keys.ts";
import { documentsOf, materialOf } from "../tuf/material.ts";
import { createRepository, describeRepositoryError } from "../tuf/repository.ts";
import { DEPLOYED_TRUST_FILE, readTrustFile, writeTrustFile } from "../tuf/trust-file.ts";
import { fileSettings, offerLogs, readShards } from "./folder-settings.ts";

/** In offline/. Any two of them change the trust root, so one may be lost and one may be stolen. */
export const ROOT_KEY_FILES = ["tuf-root-1.key.pem", "tuf-root-2.key.pem", "tuf-root-3.key.pem"];
export const ROOT_THRESHOLD = 2;
const TARGETS_KEY_FILE = "tuf-targets.key.pem";
/** In keys/: the secret TUF_KEY. */
export const ONLINE_KEY_FILE = "tuf.key.pem";
/** The signed documents, by address, as in deployment/trust.json. */
export const TRUST_FILE = "trust.json";

/** Creates the keys in a folder that has keys/ and offline/. Throws if a file cannot be written. */
export function makeTufKeys(folder: string, passphrase: string): void {
  for (const file of [...ROOT_KEY_FILES, TARGETS_KEY_FILE]) {
    const made = createOfflineKey(join(folder, "offline", file), passphrase);
    if (!made.ok) throw new Error(describeKeyFileError(made.error));
  }
  writeFileSync(join(folder, "keys", ONLINE_KEY_FILE), createOnlineKey().pem, { mode: 0o600, flag: "wx", flush: true });
}

/** The secret of the trust service; empty if the deployment has none. */
export function tufSecret(folder: string): Readonly<Record<string, string>> {
  const path = join(folder, "keys", ONLINE_KEY_FILE);
  return existsSync(path) ? { TUF_KEY: readFileSync(path, "utf8") } : {};
}

/** Opens the logs of an address, and signs version 1 of every document for it. The error is a line for the operator. */
export function makeRepository(folder: string, publicUrl: PublicUrl, passphrase: string): Result<null, string> {
  const now = unixMs(Date.now());
  const keys = readKeys(join(folder, "keys"), now);
  if (!keys.ok) return err(describeKeysError(keys.error));
  // The signing config names where people sign in.
  const files = fileSettings({ folder, environment: null, needsIssuers: false });
  if (!files.ok) return files;
  offerLogs(folder, publicUrl);
  const shards = readShards(folder, publicUrl);
  if (!shards.ok) return shards;
  const settings = { ...keys.value, ...files.value, ...shards.value };
  const material = materialOf({ publicUrl, settings, logsCreatedAt: null, now });
  if (!material.ok) return material;
  const offline = openAll(folder, passphrase);
  if (!offline.ok) return offline;
  const { roots, targets } = offline.value;
  const online = onlineKeyOf(tufSecret(folder)["TUF_KEY"] ?? "");
  if (online === null)
    return err(`${join(folder, "keys", ONLINE_KEY_FILE)} is not a private key; restore it from a backup`);
  const texts = createRepository({
    root: { keys: roots.map(({ key }) => key), threshold: ROOT_THRESHOLD },
    targets: { keys: [targets.key], threshold: 1 },
    online,
    documents: documentsOf(material.value),
    signers: [...roots, targets],
    now,
  });
  if (!texts.ok) return err(describeRepositoryError(texts.error));
  return writeTrust(folder, publicUrl, texts.value);
}

/** Reads the signed documents of a deployment. The error, also if there are none, is a line for the operator. */
export function readTrust(folder: string, publicUrl: PublicUrl): Result<OfflineTexts, string> {
  const texts = readTrustFile(join(folder, TRUST_FILE), publicUrl.href);
  if (!texts.ok) return texts;
  if (texts.value !== null) return ok(texts.value);
  return err(`${join(folder, TRUST_FILE)} has no documents for ${publicUrl.href}; restore it from a backup`);
}

/** Replaces the signed documents of a deployment. The error is a line for the operator. */
export function writeTrust(folder: string, publicUrl: PublicUrl, texts: OfflineTexts): Result<null, string> {
  const file = join(folder, TRUST_FILE);
  const written = writeTrustFile(file, publicUrl.href, texts);
  // The file is public, but doctor can only find an exposed file if every file of the folder is private.
  if (written.ok) chmodSync(file, 0o600);
  return written;
}

interface OfflineKeys {
  readonly roots: readonly OfflineKey[];
  readonly targets: OfflineKey;
}

function openAll(folder: string, passphrase: string): Result<OfflineKeys, string> {
  const roots: OfflineKey[] = [];
  for (const file of [...ROOT_KEY_FILES, TARGETS_KEY_FILE]) {
    const key = openOfflineKey(join(folder, "offline", file), passphrase);
    if (!key.ok) return err(describeKeyFileError(key.error));
    roots.push(key.value);
  }
  const targets = roots.pop();
  return targets === undefined ? err("the targets key is missing") : ok({ roots, targets });
}

/**
 * Copies the documents of the default deployment to deployment/trust.json, for a build of wrangler.toml from a fork,
 * which has no folder of a deployment. No other deployment enters that file: git tracks it, and one that was made for a
 * trial would stay in it. Gives whether the file changed; fails with a line for the operator.
 */
export function installTrustFile(folder: string, publicUrl: PublicUrl): Result<boolean, string> {
  if (IS_INSTALLED || folder !== defaultFolder()) return ok(false);
  const texts = readTrustFile(join(folder, TRUST_FILE), publicUrl.href);
  if (!texts.ok || texts.value === null) return texts.ok ? ok(false) : texts;
  const installed = readTrustFile(DEPLOYED_TRUST_FILE, publicUrl.href);
  if (installed.ok && JSON.stringify(installed.value) === JSON.stringify(texts.value)) return ok(false);
  const written = writeTrustFile(DEPLOYED_TRUST_FILE, publicUrl.href, texts.value);
  return written.ok ? ok(true) : written;
}

/** Advice on the tracked file that installTrustFile changed. */
export const TRUST_FILE_CHANGED =
  "deployment/trust.json changed: it holds the public, signed half of the trust root; commit it in your fork";
