// SPDX-License-Identifier: Apache-2.0
// The common parts of `sigedge backup` and `sigedge restore`: flags, options, and the bucket that they open.

import { resolve } from "node:path";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Arguments } from "../command.ts";
import { readStateUrl } from "../keys/keys.ts";
import { type BackupBucket, BucketError, wranglerBucket } from "./buckets.ts";
import { BackupFolder } from "./folder.ts";

export const FLAGS = {
  state: { value: "DIR", description: "The state folder of a local stack, with the logs in its bucket." },
  remote: { description: "The bucket in R2 of a deployment, through wrangler, which must be logged in." },
  bucket: { value: "NAME", default: "sigedge-tiles", description: "The name of the bucket, with --remote." },
  log: { value: "NAME", description: "One log, by its name in /api/logs. Default: all logs." },
} as const;

/** The options of backup and restore. */
export interface Options {
  readonly folder: BackupFolder;
  readonly state: string | null;
  readonly bucketName: string;
  /** Null for a restore, which reads no service. */
  readonly url: PublicUrl | null;
  /** Null for all. */
  readonly logName: string | null;
}

/** Opens the bucket of a local stack. */
export type OpenStateBucket = (state: string) => Promise<BackupBucket>;

/** Opens the bucket that the options name. */
export const openBucket = ({ state, bucketName }: Options, openStateBucket: OpenStateBucket): Promise<BackupBucket> =>
  state === null
    ? Promise.resolve(wranglerBucket({ bucket: bucketName, where: ["--remote"] }))
    : openStateBucket(state);

/** Turns a BucketError into a line for the operator. */
export async function catchBucketError<T>(run: () => Promise<Result<T, string>>): Promise<Result<T, string>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof BucketError) return err(error.message);
    throw error;
  }
}

/** Reads the options. The error is one line. */
export function readOptions(
  action: "backup" | "restore",
  { values, positionals }: Arguments<typeof FLAGS>,
): Result<Options, string> {
  const { state, remote, bucket: bucketName, log: logName } = values;
  const [path, urlText, ...more] = positionals;
  const wantsUrl = action === "backup" && remote;
  const isClear = (state === null) === remote && more.length === 0 && (urlText !== undefined) === wantsUrl;
  if (path === undefined || !isClear)
    return err(
      `give FOLDER --state DIR, or FOLDER ${action === "backup" ? "URL " : ""}--remote; see sigedge ${action} --help`,
    );
  const url = action === "restore" ? ok(null) : readUrl(state, urlText);
  if (!url.ok) return url;
  const folder = new BackupFolder(resolve(path));
  return ok({ folder, state: state === null ? null : resolve(state), bucketName, url: url.value, logName });
}

function readUrl(state: string | null, text = ""): Result<PublicUrl, string> {
  const own = state === null ? ok(text) : readStateUrl(resolve(state));
  if (!own.ok) return own;
  const url = parsePublicUrl(own.value);
  return url.ok ? url : err(`the URL ${url.error.reason}`);
}
