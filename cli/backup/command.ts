// SPDX-License-Identifier: Apache-2.0
// `sigedge backup` and `sigedge restore`: read the command line, copy each log, tell.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { parseVkey } from "../../shared/tlog/vkey.ts";
import { logOfTrustedRoot, verifiersOf } from "../audit/trust.ts";
import { type ParsedFlags, readFlags } from "../flags.ts";
import { count, progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { readLogsOf } from "../served-log/served-logs.ts";
import { duration, say, styled } from "../terminal.ts";
import { type BackedUpLog, backUpLog } from "./backup.ts";
import { type BackupBucket, BucketError, stateBucket, wranglerBucket } from "./buckets.ts";
import { BackupFolder } from "./folder.ts";
import { logsIn, restoreLog } from "./restore.ts";

const OPTIONS = `  --state DIR     the logs of a stack on this machine
  --remote        the bucket in R2 of a deployment, through wrangler, which must be logged in
  --bucket NAME   its name, with --remote (sigedge-tiles)
  --log NAME      one log, as /api/logs calls it; all of them by default
  --json          one line of JSON instead of text

Exit code: 0 done, 1 not.`;

const BACKUP_USAGE = `sigedge backup FOLDER --state DIR [options]
sigedge backup FOLDER URL --remote [options]

Copies the logs into FOLDER: every full tile, bundle and sidecar that is not there yet, and a fresh copy of the tail.
All of it is hashed, and must add up to a checkpoint that the log has signed. The service must run: it is read from.
Keys are not part of a backup.

${OPTIONS}`;

const RESTORE_USAGE = `sigedge restore FOLDER --state DIR [options]
sigedge restore FOLDER --remote [options]

Checks a backup and puts it into a bucket that is empty, or that lacks some of the same log. With --state nothing may
run on the state folder. A log whose Durable Object still has the newest storage runs again; one that has lost it opens
read-only: it shows the backup and takes no entry, as it may have acknowledged more than the backup knows.

${OPTIONS}`;

type Action = "backup" | "restore";

interface Options {
  readonly folder: BackupFolder;
  readonly state: string | null;
  readonly bucketName: string;
  /** Null for a restore, which asks no service. */
  readonly url: PublicUrl | null;
  /** Null for all. */
  readonly logName: string | null;
  readonly isJson: boolean;
}

/** Runs `sigedge backup`; gives its exit code. */
export const backupCommand = (args: readonly string[]): Promise<number> => runCommand("backup", args);

/** Runs `sigedge restore`; gives its exit code. */
export const restoreCommand = (args: readonly string[]): Promise<number> => runCommand("restore", args);

async function runCommand(action: Action, args: readonly string[]): Promise<number> {
  const options = readOptions(action, args);
  if (!options.ok) return failed(action, options.error);
  if (options.value === null) {
    say(action === "backup" ? BACKUP_USAGE : RESTORE_USAGE);
    return 0;
  }
  try {
    return action === "backup" ? await runBackup(options.value) : await runRestore(options.value);
  } catch (error) {
    if (error instanceof BucketError) return failed(action, error.message);
    throw error;
  }
}

function failed(action: Action, reason: string): number {
  process.stderr.write(`sigedge ${action}: ${reason}\n`);
  return 1;
}

const openBucket = ({ state, bucketName }: Options): Promise<BackupBucket> =>
  state === null ? Promise.resolve(wranglerBucket({ bucket: bucketName, where: ["--remote"] })) : stateBucket(state);

// ---- backup ----

async function runBackup(options: Options): Promise<number> {
  const { folder, url, logName, isJson } = options;
  if (url === null) return failed("backup", "the URL is missing");
  const done = [];
  const logs = await readLogsOf(url, logName);
  if (!logs.ok) return failed("backup", logs.error);
  for (const config of logs.value) {
    const { name } = config;
    const started = performance.now();
    const log = await findLog(options, config, url);
    if (!log.ok) return failed("backup", log.error);
    const bar = progressBar(`bundles of the ${name} log`);
    const result = await backUpLog(log.value, folder, bar.show);
    bar.end();
    if (!result.ok) return failed("backup", result.error);
    const { treeSize, newFiles } = result.value;
    done.push({ log: name, treeSize, newFiles });
    if (isJson) continue;
    const took = styled("dim", `(${count(newFiles)} new files, ${duration(performance.now() - started)})`);
    say(`${styled("green", "✓")} ${count(treeSize)} entries of the ${name} log are in ${folder.path} ${took}`);
  }
  if (isJson) say(JSON.stringify({ folder: folder.path, logs: done }));
  return 0;
}

const MAX_TRUSTED_ROOT_BYTES = 4 * 1024 * 1024;

/** What is needed of a log beside what it serves: its key and time from the trusted root, log.json from the bucket. */
async function findLog(options: Options, config: LogConfig, url: PublicUrl): Promise<Result<BackedUpLog, string>> {
  const root = await httpSource(url.href).read("trusted_root.json", MAX_TRUSTED_ROOT_BYTES);
  if (root.kind !== "found") return err(`${url.href}/trusted_root.json cannot be read: does the service run?`);
  const trusted = logOfTrustedRoot(config.baseUrl, root.bytes, config.kind === "certificate");
  if (!trusted.ok) return err(`${url.href}/trusted_root.json: ${trusted.error}`);
  const vkey = parseVkey(trusted.value.vkeys[0] ?? "");
  const verifiers = verifiersOf(trusted.value.vkeys.slice(0, 1));
  const verifier = verifiers.ok ? verifiers.value[0] : undefined;
  if (!vkey.ok || verifier === undefined) return err("the trusted root has no key of this log");
  const bucket = await openBucket(options);
  try {
    const logJson = await bucket.get(`${config.name}/log.json`);
    if (logJson === null) return err(`the bucket has no log.json of the ${config.name} log: it is another one's`);
    const createdAt = unixMs(createdAtIn(root.bytes, config));
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

/** From when on the trusted root believes the log's key. */
function createdAtIn(trustedRoot: Uint8Array, { kind, baseUrl }: LogConfig): number {
  const root = JSON.parse(Buffer.from(trustedRoot).toString()) as Readonly<Record<string, readonly TrustedInstance[]>>;
  const instances = root[LOG_KINDS[kind].trustedRootMember] ?? [];
  const start = instances.find((instance) => instance.baseUrl === baseUrl)?.publicKey.validFor?.start;
  const time = Date.parse(start ?? "");
  return Number.isNaN(time) ? 0 : time;
}

interface TrustedInstance {
  readonly baseUrl: string;
  readonly publicKey: { readonly validFor?: { readonly start?: string } };
}

// ---- restore ----

async function runRestore(options: Options): Promise<number> {
  const { folder, logName, isJson, state } = options;
  const logs = logsIn(folder).filter(({ name }) => logName === null || name === logName);
  if (logs.length === 0) return failed("restore", `${folder.path} has no backup of ${logName ?? "a log"}`);
  const hadObjects = state !== null && hasSequencer(state);
  const bucket = await openBucket(options);
  const done = [];
  try {
    for (const log of logs) {
      const { name } = log;
      const bar = progressBar(`files of the ${name} log`);
      const result = await restoreLog(folder, log, { bucket, onProgress: bar.show });
      bar.end();
      if (!result.ok) return failed("restore", result.error);
      const { treeSize, objects } = result.value;
      const opens = opensAs(state === null ? null : hadObjects);
      done.push({ log: name, treeSize, objects, opens: opens.code });
      if (isJson) continue;
      say(
        `${styled("green", "✓")} ${count(treeSize)} entries of the ${name} log are in the bucket (${count(objects)} objects)`,
      );
      say(`  ${opens.text(treeSize)}`);
    }
  } finally {
    await bucket.close();
  }
  if (isJson) say(JSON.stringify({ folder: folder.path, logs: done }));
  return 0;
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
  `read-only, at ${count(size)} entries (with the keys that it had): open a new log beside it`;

/** @param hasStorage null if that cannot be seen from here */
function opensAs(hasStorage: boolean | null): Opening {
  const own = "as its own storage says: it runs if that is the newest";
  if (hasStorage === null)
    return { code: "unknown", text: (size) => `It opens ${own}. Where that is lost, it opens ${readOnly(size)}.` };
  return hasStorage
    ? { code: "own-storage", text: () => `It opens ${own}.` }
    : { code: "read-only", text: (size) => `It opens ${readOnly(size)}.` };
}

// ---- the command line ----

const FLAGS = {
  state: { type: "string" },
  remote: { type: "boolean", default: false },
  bucket: { type: "string", default: "sigedge-tiles" },
  log: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

type Flags = ParsedFlags<typeof FLAGS>;

/** Null for --help. The error is a line for the operator. */
function readOptions(action: Action, args: readonly string[]): Result<Options | null, string> {
  const parsed = readFlags(args, FLAGS);
  if (!parsed.ok) return parsed;
  const { values } = parsed.value;
  if (values.help) return ok(null);
  const target = readTarget(action, parsed.value);
  return target.ok ? ok({ ...target.value, logName: values.log ?? null, isJson: values.json }) : target;
}

type Target = Pick<Options, "folder" | "state" | "bucketName" | "url">;

function readTarget(action: Action, { values, positionals }: Flags): Result<Target, string> {
  const { state, remote, bucket: bucketName } = values;
  const [path, urlText, ...more] = positionals;
  const wantsUrl = action === "backup" && remote;
  const isClear = (state === undefined) === remote && more.length === 0 && (urlText !== undefined) === wantsUrl;
  if (path === undefined || !isClear)
    return err(`give FOLDER --state DIR, or FOLDER ${action === "backup" ? "URL " : ""}--remote (--help shows more)`);
  const url = action === "restore" ? ok(null) : readUrl(state, urlText);
  if (!url.ok) return url;
  const folder = new BackupFolder(resolve(path));
  return ok({ folder, state: state === undefined ? null : resolve(state), bucketName, url: url.value });
}

function readUrl(state: string | undefined, text = ""): Result<PublicUrl, string> {
  const file = join(resolve(state ?? ""), "keys", "public-url.txt");
  if (state !== undefined && !existsSync(file))
    return err(`${state} is not the state folder of a stack: it has no keys/public-url.txt`);
  const url = parsePublicUrl(state === undefined ? text : readFileSync(file, "utf8").trim());
  return url.ok ? url : err(`the URL ${url.error.reason}`);
}
