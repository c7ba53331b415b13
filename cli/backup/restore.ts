// SPDX-License-Identifier: Apache-2.0
// Checks a backup, then puts it into a bucket that is empty or that lacks some objects of the same log.

import { equal } from "../../shared/bytes/bytes.ts";
import { backupPath } from "../../shared/logs/backup.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { BackupBucket } from "./buckets.ts";
import { checkBackup } from "./contents.ts";
import type { BackupFolder } from "./folder.ts";

/** The names of the logs in a backup. */
export const logsIn = (folder: BackupFolder): readonly string[] =>
  folder.keys("").flatMap((key) => (key.endsWith("/log.json") ? [key.slice(0, -"/log.json".length)] : []));

/** The result of a restore. */
export interface RestoredObjects {
  readonly treeSize: number;
  readonly objects: number;
}

/** Restores one log. The error is a line for the operator. Rejects with BucketError. */
export async function restoreLog(
  folder: BackupFolder,
  name: string,
  { bucket, onProgress }: { readonly bucket: BackupBucket; readonly onProgress: (done: number, total: number) => void },
): Promise<Result<RestoredObjects, string>> {
  const checked = checkBackup(folder, name, onProgress);
  if (!checked.ok) return checked;
  const { keys, tail, isSameTail } = checked.value;
  const logJson = `${name}/log.json`;
  const held = await bucket.get(logJson);
  const own = folder.read(logJson);
  if (held !== null && (own === null || !equal(held, own)))
    return err(`the bucket belongs to another ${name} log; restore into an empty bucket`);
  const tailKey = `${name}/${backupPath(tail.treeSize)}`;
  const heldTail = await bucket.get(tailKey);
  if (heldTail !== null && !isSameTail(heldTail))
    return err(`${tailKey} in the bucket is damaged, or of another tree; restore into an empty bucket`);
  // The log writes copies of its tail itself. One that is there stays, as everything in the bucket does.
  const tiles = keys.filter((key) => key !== logJson && key !== tailKey);
  await bucket.put(folder, heldTail === null ? [...tiles, tailKey] : tiles, onProgress);
  // log.json is put last: a log that opens meanwhile finds either no log or a complete one.
  await bucket.put(folder, [logJson], () => undefined);
  return ok({ treeSize: tail.treeSize, objects: keys.length });
}
