// SPDX-License-Identifier: Apache-2.0
// The bucket that a backup is read from or restored into; here, R2 through wrangler.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseError, runWrangler } from "../reindex/databases.ts";
import { wranglerScript } from "../root.ts";
import type { BackupFolder } from "./folder.ts";

/** Calls reject with BucketError. */
export interface BackupBucket {
  /** Null if there is no such object. */
  readonly get: (key: string) => Promise<Uint8Array | null>;
  /** Puts files of a folder under their keys, in any order. */
  readonly put: (folder: BackupFolder, keys: readonly string[], onProgress: Progress) => Promise<void>;
  readonly close: () => Promise<void>;
}

type Progress = (done: number, total: number) => void;

/** Its message is a line for the operator. */
export class BucketError extends Error {}

/** A bucket that wrangler opens. */
export interface WranglerBucket {
  /** The wrangler to run. Default: the one of this checkout. */
  readonly command?: readonly [string, ...string[]];
  readonly bucket: string;
  /** `--remote`; tests pass `--local` and a folder. */
  readonly where: readonly string[];
}

/** Objects put by one run of wrangler. */
const BATCH = 500;

/**
 * Opens R2 through wrangler, which must be logged in. Puts overwrite: the caller has checked which log the bucket
 * belongs to.
 */
export function wranglerBucket({ command, bucket, where }: WranglerBucket): BackupBucket {
  const [program, ...first] = command ?? [process.execPath, wranglerScript()];
  const run = async (args: readonly string[]): Promise<string> => {
    try {
      return await runWrangler(program, [...first, "r2", ...args, "--env=", ...where]);
    } catch (error) {
      throw error instanceof DatabaseError ? new BucketError(error.message) : error;
    }
  };
  return {
    get: (key) =>
      runInTemporaryFolder(async (folder) => {
        const file = join(folder, "object");
        try {
          await run(["object", "get", `${bucket}/${key}`, "--file", file]);
          return new Uint8Array(readFileSync(file));
        } catch (error) {
          if (error instanceof BucketError && /key does not exist|NoSuchKey|\b404\b/i.test(error.message)) return null;
          throw error;
        }
      }),
    put: (folder, keys, onProgress) =>
      runInTemporaryFolder(async (temporary) => {
        const list = join(temporary, "objects.json");
        for (let at = 0; at < keys.length; at += BATCH) {
          const batch = keys.slice(at, at + BATCH);
          writeFileSync(list, JSON.stringify(batch.map((key) => ({ key, file: folder.file(key) }))));
          await run(["bulk", "put", bucket, "--filename", list]);
          onProgress(at + batch.length, keys.length);
        }
      }),
    close: () => Promise.resolve(),
  };
}

async function runInTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bucket-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
