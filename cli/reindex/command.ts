// SPDX-License-Identifier: Apache-2.0
// `sigedge reindex`: reads the command line, rebuilds the search index of every log, tells.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import {
  DEPLOYMENT_FLAGS,
  DEPLOYMENT_USAGE,
  readDeployment,
  selectDeployment,
  shown,
} from "../deployment/deployment.ts";
import { configPath } from "../deployment/wrangler-config.ts";
import { type ParsedFlags, readFlags } from "../flags.ts";
import { count, progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { readLogsOf } from "../served-log/served-logs.ts";
import { duration, say, styled } from "../terminal.ts";
import { DatabaseError, type IndexDatabase, localDatabase, wranglerDatabase } from "./databases.ts";
import { HEAD_AGE_MS, reindex } from "./reindex.ts";

const USAGE = `sigedge reindex --state DIR [options]
sigedge reindex URL --remote [options]

Rebuilds the search index (D1) from the logs' public tiles, sidecars and tail. Goes on from where the index is
complete, so that it can be interrupted and run again. Signing goes on meanwhile. Rows that another version of the
terms made are made again.

  --state DIR      the index of a stack on this machine; the stack must run, as its logs are read from it
  URL --remote     the index in D1 of the deployment at URL, through wrangler, which must be logged in
  --database NAME  binding or name of the database, with --remote (INDEX)
${DEPLOYMENT_USAGE}
  --log NAME       one log, as /api/logs calls it; all of them by default
  --fresh          throw away what is there first: after a database was damaged

Exit code: 0 complete, 1 not.`;

interface Options {
  readonly url: PublicUrl;
  readonly openDatabase: () => IndexDatabase;
  /** Null for all. */
  readonly logName: string | null;
  readonly isFresh: boolean;
}

/** Runs the command; gives its exit code. */
export async function reindexCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  try {
    return await run(options.value);
  } catch (error) {
    if (error instanceof DatabaseError) return failed(error.message);
    throw error;
  }
}

function failed(reason: string): number {
  process.stderr.write(`sigedge reindex: ${reason}\n`);
  return 1;
}

async function run({ url, openDatabase, logName, isFresh }: Options): Promise<number> {
  const logs = await readLogsOf(url, logName);
  if (!logs.ok) return failed(logs.error);
  const database = openDatabase();
  const begun = performance.now();
  const settled = (): Promise<void> => sleep(Math.max(0, begun + HEAD_AGE_MS - performance.now()));
  try {
    for (const config of logs.value) {
      const { name } = config;
      const bar = progressBar(`entries of the ${name} log`);
      const started = performance.now();
      const log = { config, tiles: httpSource(config.baseUrl), service: httpSource(new URL(config.baseUrl).origin) };
      const done = await reindex({ log, database, isFresh, onProgress: bar.show, settled });
      bar.end();
      if (!done.ok) return failed(done.error);
      const { from, to } = done.value;
      const took = styled("dim", `(${count(to - from)} new, ${duration(performance.now() - started)})`);
      say(`${styled("green", "✓")} the index of the ${name} log is complete through ${count(to)} entries ${took}`);
    }
    return 0;
  } finally {
    database.close();
  }
}

const FLAGS = {
  state: { type: "string" },
  remote: { type: "boolean", default: false },
  database: { type: "string", default: "INDEX" },
  log: { type: "string" },
  fresh: { type: "boolean", default: false },
  ...DEPLOYMENT_FLAGS,
  help: { type: "boolean", default: false },
} as const;

type Flags = ParsedFlags<typeof FLAGS>;

/** Null for --help. The error is a line for the operator. */
function readOptions(args: readonly string[]): Result<Options | null, string> {
  const parsed = readFlags(args, FLAGS);
  if (!parsed.ok) return parsed;
  const { values } = parsed.value;
  if (values.help) return ok(null);
  const target = readTarget(parsed.value);
  return target.ok ? ok({ ...target.value, logName: values.log ?? null, isFresh: values.fresh }) : target;
}

type Target = Pick<Options, "url" | "openDatabase">;

function readTarget({ values, positionals }: Flags): Result<Target, string> {
  const { state, remote, database } = values;
  const [text, ...more] = positionals;
  if ((state === undefined) !== remote || more.length > 0)
    return err("give --state DIR, or URL --remote (--help shows more)");
  const url = state === undefined ? ok(text ?? "") : ownUrl(resolve(state));
  if (!url.ok) return url;
  const publicUrl = parsePublicUrl(url.value);
  if (!publicUrl.ok) return err(`the URL ${publicUrl.error.reason}`);
  if (text !== undefined && text !== url.value) return err(`the state folder belongs to ${url.value}`);
  const config = state === undefined ? deployedConfig(values, publicUrl.value) : ok(null);
  if (!config.ok) return config;
  const openDatabase = (): IndexDatabase =>
    state === undefined
      ? wranglerDatabase({ database, config: config.value, where: ["--remote"] })
      : localDatabase(resolve(state));
  return ok({ url: publicUrl.value, openDatabase });
}

/** wrangler's configuration of the deployment in this checkout, null if there is none; that of another address is an error. */
function deployedConfig({ dir, env }: Flags["values"], url: PublicUrl): Result<string | null, string> {
  const selection = selectDeployment({ ...(dir === undefined ? {} : { dir }), ...(env === undefined ? {} : { env }) });
  if (!selection.ok) return selection;
  const deployment = readDeployment(selection.value.folder);
  if (!deployment.ok) return deployment;
  if (deployment.value === null) return ok(null);
  const { publicUrl } = deployment.value;
  if (publicUrl !== null && publicUrl.href !== url.href) {
    return err(
      `the deployment in ${shown(selection.value.folder)} is that of ${publicUrl.href}; choose another with --dir or --env`,
    );
  }
  return ok(configPath(deployment.value, null));
}

/** The address that a state folder's keys belong to (keys.ts). */
function ownUrl(state: string): Result<string, string> {
  const file = join(state, "keys", "public-url.txt");
  try {
    return ok(readFileSync(file, "utf8").trim());
  } catch {
    return err(`${state} is not the state folder of a stack: it has no keys/public-url.txt`);
  }
}
