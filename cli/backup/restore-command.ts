// SPDX-License-Identifier: Apache-2.0
// `sigedge restore`: puts a backup into an empty bucket.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Command, defineCommand, type Output } from "../command.ts";
import { count, progressBar } from "../progress.ts";
import { paint } from "../terminal.ts";
import type { BackupBucket } from "./buckets.ts";
import { catchBucketError, FLAGS, type OpenStateBucket, type Options, openBucket, readOptions } from "./options.ts";
import { logsIn, restoreLog } from "./restore.ts";

/** Makes the command. @param openStateBucket opens the bucket of a local stack */
export const restoreCommand = (openStateBucket: OpenStateBucket): Command =>
  defineCommand({
    name: "restore",
    summary: "put a backup into an empty bucket",
    usage: ["restore FOLDER --state DIR [options]", "restore FOLDER --remote [options]"],
    description: [
      "Checks a backup and puts it into a bucket that is empty, or that lacks some objects of the same log. With --state, no stack may run on the state folder.",
      "A log whose Durable Object still has its newest storage runs again. A log that has lost it opens read-only: it serves the backup and accepts no entry, because it may have acknowledged entries that the backup does not have.",
    ],
    arguments: [{ name: "FOLDER", description: "The folder of the backup." }],
    flags: FLAGS,
    json: "Print one JSON object on standard output.",
    examples: [
      { title: "Restore a local stack", command: "npx sigedge restore /backup/sigedge --state .sigedge" },
      {
        title: "Restore the certificate log of a deployment into another bucket",
        command: "npx sigedge restore /backup/sigedge --remote --bucket sigedge-tiles-2 --log certificate",
      },
    ],
    exitCodes: { 0: "The backup is in the bucket.", 1: "The restore failed.", 2: "The arguments are wrong." },
    read: (given) => readOptions("restore", given),
    run: (options, output) => catchBucketError(() => run(options, () => openBucket(options, openStateBucket), output)),
  });

async function run(
  { folder, logName, state }: Options,
  open: () => Promise<BackupBucket>,
  output: Output,
): Promise<Result<number, string>> {
  const logs = logsIn(folder).filter((name) => logName === null || name === logName);
  if (logs.length === 0) return err(`${folder.path} has no backup of ${logName ?? "a log"}`);
  const hadObjects = state !== null && hasSequencer(state);
  const bucket = await open();
  const done = [];
  try {
    for (const name of logs) {
      const bar = progressBar(`files of the ${name} log`);
      const result = await restoreLog(folder, name, { bucket, onProgress: bar.show });
      bar.end();
      if (!result.ok) return result;
      const { treeSize, objects } = result.value;
      const opens = openingOf(state === null ? null : hadObjects);
      done.push({ log: name, treeSize, objects, opens: opens.code });
      output.say(
        `${paint("green", "✓")} ${count(treeSize)} entries of the ${name} log are in the bucket (${count(objects)} objects)`,
      );
      output.say(`  ${opens.text(treeSize)}`);
    }
  } finally {
    await bucket.close();
  }
  if (output.isJson) output.result({ folder: folder.path, logs: done }, "");
  return ok(0);
}

/** Whether a state folder has storage of the logs' Durable Objects. */
function hasSequencer(state: string): boolean {
  const folder = join(state, "storage/do/sigedge-Sequencer");
  return existsSync(folder) && readdirSync(folder).some((file) => /^[0-9a-f]{64}\.sqlite$/.test(file));
}

interface Opening {
  readonly code: "read-only" | "own-storage" | "unknown";
  readonly text: (treeSize: number) => string;
}

const readOnly = (size: number): string =>
  `read-only at ${count(size)} entries, with its former keys; open a new log beside it`;

/** How a restored log will open. @param hasStorage null if this machine cannot see it */
function openingOf(hasStorage: boolean | null): Opening {
  const own = "from its own storage, and runs if that is the newest";
  if (hasStorage === null)
    return { code: "unknown", text: (size) => `It opens ${own}. If that storage is lost, it opens ${readOnly(size)}.` };
  return hasStorage
    ? { code: "own-storage", text: () => `It opens ${own}.` }
    : { code: "read-only", text: (size) => `It opens ${readOnly(size)}.` };
}
