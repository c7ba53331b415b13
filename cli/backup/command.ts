// SPDX-License-Identifier: Apache-2.0
// `sigedge backup`: copies the logs of a service into a folder.

import { type PublicUrl } from "../../shared/http/public-url.ts";
import { items, member } from "../../shared/json/member.ts";
import { parseJson } from "../../shared/json/parse.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { parseVkey } from "../../shared/tlog/vkey.ts";
import { type Command, defineCommand, type Output } from "../command.ts";
import { count, progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { TRUSTED_ROOT_PATH } from "../served-log/paths.ts";
import { readLogsOf } from "../served-log/served-logs.ts";
import { logOfTrustedRoot, verifiersOf } from "../served-log/trust.ts";
import { readTrustedRoot } from "../served-log/trusted-root.ts";
import { duration, paint } from "../terminal.ts";
import { type BackedUpLog, backUpLog } from "./backup.ts";
import type { BackupBucket } from "./buckets.ts";
import { catchBucketError, FLAGS, type OpenStateBucket, type Options, openBucket, readOptions } from "./options.ts";

/** Makes the command. @param openStateBucket opens the bucket of a local stack */
export const backupCommand = (openStateBucket: OpenStateBucket): Command =>
  defineCommand({
    name: "backup",
    summary: "copy the logs into a folder",
    usage: ["backup FOLDER --state DIR [options]", "backup FOLDER URL --remote [options]"],
    description: [
      "Copies into FOLDER every full tile, bundle and sidecar that is not there yet, and a new copy of the tail. Everything is hashed and must match a checkpoint that the log signed. The service must be running, as the logs are read from it. Keys are not part of a backup.",
    ],
    arguments: [
      { name: "FOLDER", description: "The folder of the backup. It is created if it does not exist." },
      { name: "URL", description: "The address of the deployment, with --remote." },
    ],
    flags: FLAGS,
    json: "Print one JSON object on standard output.",
    examples: [
      { title: "Back up a local stack", command: "npx sigedge backup /backup/sigedge --state .sigedge" },
      {
        title: "Back up a deployment",
        command: "npx sigedge backup /backup/sigedge https://sign.example.com --remote",
      },
    ],
    exitCodes: { 0: "The backup is complete.", 1: "The backup failed.", 2: "The arguments are wrong." },
    read: (given) => readOptions("backup", given),
    run: (options, output) => catchBucketError(() => run(options, () => openBucket(options, openStateBucket), output)),
  });

async function run(
  { folder, url, logName }: Options,
  open: () => Promise<BackupBucket>,
  output: Output,
): Promise<Result<number, string>> {
  if (url === null) return err("the URL is missing");
  const done = [];
  const logs = await readLogsOf(url, logName);
  if (!logs.ok) return logs;
  for (const config of logs.value) {
    const { name } = config;
    const started = performance.now();
    const log = await findLog(open, config, url);
    if (!log.ok) return log;
    const bar = progressBar(`bundles of the ${name} log`);
    const result = await backUpLog(log.value, folder, bar.show);
    bar.end();
    if (!result.ok) return result;
    const { treeSize, newFiles } = result.value;
    done.push({ log: name, treeSize, newFiles });
    const took = paint("dim", `(${count(newFiles)} new files, ${duration(performance.now() - started)})`);
    output.say(`${paint("green", "✓")} ${count(treeSize)} entries of the ${name} log are in ${folder.path} ${took}`);
  }
  if (output.isJson) output.result({ folder: folder.path, logs: done }, "");
  return ok(0);
}

const MAX_TRUSTED_ROOT_BYTES = 4 * 1024 * 1024;

/** Finds what a log does not serve itself: its key and start time in the trusted root, log.json in the bucket. */
async function findLog(
  open: () => Promise<BackupBucket>,
  config: LogConfig,
  url: PublicUrl,
): Promise<Result<BackedUpLog, string>> {
  const root = await httpSource(url.href).read(TRUSTED_ROOT_PATH, MAX_TRUSTED_ROOT_BYTES);
  if (root.kind !== "found")
    return err(`${url.href}/${TRUSTED_ROOT_PATH} cannot be read; check that the service is running`);
  const parsed = readTrustedRoot(root.bytes);
  const trusted = parsed.ok ? logOfTrustedRoot(config.baseUrl, parsed.value, config.kind) : parsed;
  if (!trusted.ok) return err(`${url.href}/${TRUSTED_ROOT_PATH}: ${trusted.error}`);
  const vkey = parseVkey(trusted.value.vkeys[0] ?? "");
  const verifiers = verifiersOf(trusted.value.vkeys.slice(0, 1));
  const verifier = verifiers.ok ? verifiers.value[0] : undefined;
  if (!vkey.ok || verifier === undefined) return err("the trusted root has no key of this log");
  const bucket = await open();
  try {
    const logJson = await bucket.get(`${config.name}/log.json`);
    if (logJson === null)
      return err(`the bucket has no log.json of the ${config.name} log: it belongs to another service`);
    const createdAt = unixMs(readCreatedAt(root.bytes, config));
    const service = httpSource(new URL(config.baseUrl).origin);
    return ok({
      config,
      tiles: httpSource(config.baseUrl),
      service,
      spki: vkey.value.key,
      verifier,
      createdAt,
      logJson,
    });
  } finally {
    await bucket.close();
  }
}

/** The start of the validity of the log's key in the trusted root. */
function readCreatedAt(trustedRoot: Uint8Array, { kind, baseUrl }: LogConfig): number {
  const root = parseJson(trustedRoot);
  const logs = items(root.ok ? root.value : null, LOG_KINDS[kind].trustedRootMember);
  const own = logs.find((log) => member(log, "baseUrl") === baseUrl);
  const start = member(member(member(own, "publicKey"), "validFor"), "start");
  const time = typeof start === "string" ? Date.parse(start) : Number.NaN;
  return Number.isNaN(time) ? 0 : time;
}
