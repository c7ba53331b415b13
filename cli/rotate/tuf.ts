// SPDX-License-Identifier: Apache-2.0
// The rotation of the keys of TUF roles, and new expiries for the same keys. One step each, as clients follow the
// chain of roots.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { keyIdOf } from "../../shared/tuf/key.ts";
import { expiryOf, parseMetadata } from "../../shared/tuf/metadata.ts";
import { type OfflineRepository, type OfflineTexts, openOffline } from "../../shared/tuf/trust-file.ts";
import { ONLINE_KEY_FILE, ROOT_KEY_FILES, ROOT_THRESHOLD, readTrust, writeTrust } from "../deployment/trust-root.ts";
import { createOfflineKey, createOnlineKey, describeKeyFileError, onlineKeyOf } from "../tuf/keys.ts";
import {
  describeRepositoryError,
  extendExpiry,
  type KeyChange,
  OFFLINE_LIFETIME_MS,
  rotateKeys,
} from "../tuf/repository.ts";
import { chooseKeyFile, offlineFiles, openTufKeys, type TufKeyFile } from "./publish.ts";
import { command, type Planned, type RotationContext, refuseRecent } from "./rotation.ts";

export type TufRotation = "root" | "targets" | "online" | "expiry";

/** Holds the next online key until the root that names it is signed. */
const NEXT_ONLINE_KEY_FILE = "tuf-next.key.pem";

const CHANGES: Readonly<Record<TufRotation, readonly string[]>> = {
  root: [
    `${ROOT_KEY_FILES.length} new root keys in the offline folder`,
    "trust.json: a new root, signed by the former and the new root keys",
  ],
  targets: [
    "a new targets key in the offline folder",
    "trust.json: a new root that names it, and targets signed with it",
  ],
  online: [`keys/${ONLINE_KEY_FILE}: a new key`, "trust.json: a new root that names it"],
  expiry: ["trust.json: a new root and new targets with the same keys, valid for another year"],
};

/** Plans the only step. The error is a line for the operator. */
export async function planTuf(context: RotationContext, rotation: TufRotation): Planned {
  const { folder, publicUrl } = context.deployment;
  const texts = readTrust(folder, publicUrl);
  if (!texts.ok) return texts;
  const repository = openOffline(texts.value);
  if (!repository.ok) return err(`trust.json: ${repository.error.reason}`);
  const keys = offlineFiles(context.offline, "tuf-");
  if (!keys.ok) return keys;
  const isHalfDone = rotation === "online" && isOnlineKeyNamed(folder, repository.value);
  const signedAt = expiryOf(repository.value.root.signed) - OFFLINE_LIFETIME_MS;
  const recent = isHalfDone
    ? ok(null)
    : refuseRecent(context, `root version ${repository.value.root.signed.version}`, signedAt);
  if (!recent.ok) return recent;
  let former: readonly string[] = [];
  return ok({
    changes: CHANGES[rotation],
    apply: async () => {
      const signed = await apply(context, rotation, { texts: texts.value, repository: repository.value });
      if (signed.ok) former = await findFormerFiles(context, rotation);
      return signed;
    },
    get next() {
      const files = former.length === 0 ? "the former key files" : former.join(", ");
      return [
        command(context, "deploy"),
        ...(rotation === "root" || rotation === "targets"
          ? [`move the offline folder offline again; destroy ${files} once the deployment serves the new root`]
          : []),
      ];
    },
  });
}

/** The files of the role's keys in the offline folder that the newest root does not name. */
async function findFormerFiles(context: RotationContext, rotation: TufRotation): Promise<readonly string[]> {
  const { folder, publicUrl } = context.deployment;
  const texts = readTrust(folder, publicUrl);
  const repository = texts.ok ? openOffline(texts.value) : texts;
  const opened = await openTufKeys(context);
  if (!repository.ok || !opened.ok) return [];
  const named = Object.keys(repository.value.root.signed.keys);
  return opened.value
    .filter(({ file, key }) => basename(file).startsWith(`tuf-${rotation}`) && !named.includes(key.keyId))
    .map(({ file }) => basename(file));
}

interface Current {
  readonly texts: OfflineTexts;
  readonly repository: OfflineRepository;
}

async function apply(context: RotationContext, rotation: TufRotation, current: Current): Promise<Result<null, string>> {
  const { folder, publicUrl } = context.deployment;
  if (rotation === "online" && isOnlineKeyNamed(folder, current.repository)) return ok(useOnlineKey(folder));
  const opened = await openTufKeys(context);
  if (!opened.ok) return opened;
  const change = await changeOf(context, rotation, { opened: opened.value, current });
  if (!change.ok) return change;
  const { now } = context;
  const signers = [...opened.value, ...change.value.made].map(({ key }) => key);
  const signed =
    rotation === "expiry"
      ? extendExpiry(current.texts, { roles: ["root", "targets"], signers, now })
      : rotateKeys(current.texts, { change: change.value.change, signers, now });
  if (!signed.ok) return err(describeRepositoryError(signed.error));
  const written = writeTrust(folder, publicUrl, signed.value);
  if (written.ok && rotation === "online") useOnlineKey(folder);
  return written;
}

interface Change {
  readonly change: KeyChange;
  readonly made: readonly TufKeyFile[];
}

async function changeOf(
  context: RotationContext,
  rotation: TufRotation,
  { opened, current }: { readonly opened: readonly TufKeyFile[]; readonly current: Current },
): Promise<Result<Change, string>> {
  if (rotation === "expiry") return ok({ change: {}, made: [] });
  if (rotation === "online") {
    const online = onlineKeyOf(openNextOnlineKey(context.deployment.folder));
    return online === null
      ? err(`keys/${NEXT_ONLINE_KEY_FILE} is not a private key; remove it`)
      : ok({ change: { online }, made: [] });
  }
  const count = rotation === "root" ? ROOT_KEY_FILES.length : 1;
  const made = await openFreshKeys(context, `tuf-${rotation}`, { count, opened, current });
  if (!made.ok) return made;
  const keys = made.value.map(({ key }) => key.key);
  const role =
    rotation === "root" ? { root: { keys, threshold: ROOT_THRESHOLD } } : { targets: { keys, threshold: 1 } };
  return ok({ change: role, made: made.value });
}

/** Keys that no root names: those left by an interrupted run, and new ones for the rest. */
async function openFreshKeys(
  context: RotationContext,
  prefix: string,
  {
    count,
    opened,
    current,
  }: { readonly count: number; readonly opened: readonly TufKeyFile[]; readonly current: Current },
): Promise<Result<readonly TufKeyFile[], string>> {
  const roots = current.texts.roots.map((text) => parseMetadata("root", text));
  const named = new Set(roots.flatMap((root) => (root.ok ? Object.keys(root.value.signed.keys) : [])));
  const fresh = opened
    .filter(({ file, key }) => basename(file).startsWith(prefix) && !named.has(key.keyId))
    .slice(0, count);
  const passphrase = await context.passphrase();
  if (!passphrase.ok) return passphrase;
  while (fresh.length < count) {
    const file = chooseKeyFile(context.offline, prefix);
    const key = createOfflineKey(file, passphrase.value);
    if (!key.ok) return err(describeKeyFileError(key.error));
    fresh.push({ file, key: key.value });
  }
  return ok(fresh);
}

/** The text of the next online key; creates it if there is none. */
function openNextOnlineKey(folder: string): string {
  const file = join(folder, "keys", NEXT_ONLINE_KEY_FILE);
  if (!existsSync(file)) writeFileSync(file, createOnlineKey().pem, { mode: 0o600, flag: "wx", flush: true });
  return readFileSync(file, "utf8");
}

/** Whether the newest root names the next online key already, so that only its file has to be renamed. */
function isOnlineKeyNamed(folder: string, { root }: OfflineRepository): boolean {
  const file = join(folder, "keys", NEXT_ONLINE_KEY_FILE);
  const key = existsSync(file) ? onlineKeyOf(readFileSync(file, "utf8")) : null;
  return key !== null && root.signed.roles.timestamp.keyids.includes(keyIdOf(key));
}

function useOnlineKey(folder: string): null {
  renameSync(join(folder, "keys", NEXT_ONLINE_KEY_FILE), join(folder, "keys", ONLINE_KEY_FILE));
  return null;
}
