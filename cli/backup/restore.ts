// SPDX-License-Identifier: Apache-2.0
// Checks a backup, then puts it into a bucket that is empty or that lacks some objects of the same log.

import { equal } from "../../shared/bytes/bytes.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { BackupBucket } from "./buckets.ts";
import { checkBackup, readNewestTail } from "./contents.ts";
import type { BackupFolder } from "./folder.ts";

/** The logs in a backup. The origin of a certificate log has a path; the origin of a signature log has none. */
export function logsIn(folder: BackupFolder): readonly Pick<LogConfig, "name" | "kind">[] {
  const names = folder
    .keys("")
    .flatMap((key) => (key.endsWith("/log.json") ? [key.slice(0, -"/log.json".length)] : []));
  return names.map((name) => {
    const isCertificateLog = readNewestTail(folder, name)?.origin.includes("/") === true;
    return { name, kind: isCertificateLog ? "certificate" : "signature" };
  });
}

/** The result of a restore. */
export interface RestoredObjects {
  readonly treeSize: number;
  readonly objects: number;
}

/** Restores one log. The error is a line for the operator. Rejects with BucketError. */
export async function restoreLog(
  folder: BackupFolder,
  log: Pick<LogConfig, "name" | "kind">,
  { bucket, onProgress }: { readonly bucket: BackupBucket; readonly onProgress: (done: number, total: number) => void },
): Promise<Result<RestoredObjects, string>> {
  const checked = checkBackup(folder, log, onProgress);
  if (!checked.ok) return checked;
  const { keys, tail } = checked.value;
  const logJson = `${log.name}/log.json`;
  const held = await bucket.get(logJson);
  const own = folder.read(logJson);
  if (held !== null && (own === null || !equal(held, own)))
    return err(`the bucket belongs to another ${log.name} log; restore into an empty bucket`);
  // log.json is put last: a log that opens meanwhile finds either no log or a complete one.
  await bucket.put(folder, keys.slice(0, -1), onProgress);
  await bucket.put(folder, keys.slice(-1), () => undefined);
  return ok({ treeSize: tail.treeSize, objects: keys.length });
}
