// SPDX-License-Identifier: Apache-2.0
// The TUF repository of a local stack: keys without a passphrase in its state folder, created by the first start.
// Later starts sign new targets if settings changed, and new expiries long before the old ones pass.

import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IGNORED_BY_GIT } from "../cli/keys/keys.ts";
import {
  createOfflineKey,
  createOnlineKey,
  describeKeyFileError,
  type OfflineKey,
  openOfflineKey,
} from "../cli/tuf/keys.ts";
import { documentsOf, materialOf } from "../cli/tuf/material.ts";
import {
  createRepository,
  describeRepositoryError,
  extendExpiry,
  OFFLINE_LIFETIME_MS,
  publishTargets,
  type RepositoryError,
} from "../cli/tuf/repository.ts";
import { readTrustFile, writeTrustFile } from "../cli/tuf/trust-file.ts";
import type { PublicUrl } from "../shared/http/public-url.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { UnixMs } from "../shared/time.ts";
import { expiryOf } from "../shared/tuf/metadata.ts";
import type { TargetDocuments } from "../shared/tuf/target-files.ts";
import { type OfflineTexts, openOffline } from "../shared/tuf/trust-file.ts";

const FOLDER = "tuf";
const KEY_FILES = { root: "root.key.pem", targets: "targets.key.pem", online: "online.key.pem" } as const;
const TRUST_FILE = "trust.json";

/** A local stack, as its TUF repository needs it. */
export interface LocalDeployment {
  /** The state folder, which exists. */
  readonly state: string;
  readonly publicUrl: PublicUrl;
  /** All settings except TUF_KEY and TRUST_FILE. */
  readonly settings: Readonly<Record<string, string>>;
  readonly now: UnixMs;
}

interface LocalKeys {
  readonly root: OfflineKey;
  readonly targets: OfflineKey;
  readonly online: OfflineKey;
}

/**
 * The settings TUF_KEY and TRUST_FILE. The first call creates `<state>/tuf` with everything in it. The error is a
 * line for the operator.
 */
export function openLocalTufSettings(deployment: LocalDeployment): Result<Readonly<Record<string, string>>, string> {
  const { state, publicUrl, settings, now } = deployment;
  const material = materialOf({ publicUrl, settings, logsCreatedAt: null, now });
  if (!material.ok) return material;
  const documents = documentsOf(material.value);
  const folder = join(state, FOLDER);
  if (!existsSync(folder)) {
    const made = makeFolder(folder, deployment, documents);
    if (!made.ok) return made;
  }
  const keys = openKeys(folder);
  if (!keys.ok) return keys;
  const file = join(folder, TRUST_FILE);
  const texts = readTrustFile(file, publicUrl.href);
  if (!texts.ok) return texts;
  if (texts.value === null) return err(`${file} holds no repository of ${publicUrl.href}; restore it from a backup`);
  const current = refresh(texts.value, keys.value, { documents, now: deployment.now });
  if (!current.ok) return err(`${file}: ${describeRepositoryError(current.error)}`);
  if (current.value !== texts.value) {
    const written = writeTrustFile(file, publicUrl.href, current.value);
    if (!written.ok) return written;
  }
  const onlineKey = readFileSync(join(folder, KEY_FILES.online), "utf8");
  return ok({ TUF_KEY: onlineKey, TRUST_FILE: JSON.stringify({ [publicUrl.href]: current.value }) });
}

interface Wanted {
  readonly documents: TargetDocuments;
  readonly now: UnixMs;
}

/** Gives the repository these documents and at least half of its lifetime; the same texts if it has both already. */
function refresh(
  texts: OfflineTexts,
  { root, targets }: LocalKeys,
  { documents, now }: Wanted,
): Result<OfflineTexts, RepositoryError> {
  const signers = [root, targets];
  const names = Object.keys(documents);
  const isCurrent =
    Object.keys(texts.files).length === names.length &&
    names.every((name) => texts.files[name] === documents[name]?.text);
  const published = isCurrent ? ok(texts) : publishTargets(texts, { documents, signers, now });
  if (!published.ok) return published;
  const repository = openOffline(published.value);
  if (!repository.ok) return err({ code: "tuf_repository_invalid", reason: repository.error.reason });
  const expires = { root: expiryOf(repository.value.root.signed), targets: expiryOf(repository.value.targets.signed) };
  const roles = (["root", "targets"] as const).filter((role) => expires[role] - now < OFFLINE_LIFETIME_MS / 2);
  return roles.length === 0 ? published : extendExpiry(published.value, { roles, signers, now });
}

/** Creates all files or none, even if the process dies: the folder is written under another name, then renamed. */
function makeFolder(
  folder: string,
  { publicUrl, now }: LocalDeployment,
  documents: TargetDocuments,
): Result<null, string> {
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  const root = createOfflineKey(join(unfinished, KEY_FILES.root), null);
  if (!root.ok) return err(describeKeyFileError(root.error));
  const targets = createOfflineKey(join(unfinished, KEY_FILES.targets), null);
  if (!targets.ok) return err(describeKeyFileError(targets.error));
  const online = createOnlineKey();
  const [ignore, everything] = IGNORED_BY_GIT;
  writeFileSync(join(unfinished, ignore), everything, { mode: 0o600 });
  writeFileSync(join(unfinished, KEY_FILES.online), online.pem, { mode: 0o600, flag: "wx", flush: true });
  const texts = createRepository({
    root: { keys: [root.value.key], threshold: 1 },
    targets: { keys: [targets.value.key], threshold: 1 },
    online: online.key,
    documents,
    signers: [root.value, targets.value],
    now,
  });
  if (!texts.ok) return err(describeRepositoryError(texts.error));
  const written = writeTrustFile(join(unfinished, TRUST_FILE), publicUrl.href, texts.value);
  if (written.ok) renameSync(unfinished, folder);
  return written;
}

function openKeys(folder: string): Result<LocalKeys, string> {
  const root = openOfflineKey(join(folder, KEY_FILES.root), null);
  if (!root.ok) return err(describeKeyFileError(root.error));
  const targets = openOfflineKey(join(folder, KEY_FILES.targets), null);
  if (!targets.ok) return err(describeKeyFileError(targets.error));
  const online = openOfflineKey(join(folder, KEY_FILES.online), null);
  if (!online.ok) return err(describeKeyFileError(online.error));
  return ok({ root: root.value, targets: targets.value, online: online.value });
}
