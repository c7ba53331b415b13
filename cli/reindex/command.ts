// SPDX-License-Identifier: Apache-2.0
// `sigedge reindex`: rebuilds the search index of every log of a service.

import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Arguments, defineCommand } from "../command.ts";
import { DEPLOYMENT_FLAGS, readDeployment, selectDeployment, shortenPath } from "../deployment/deployment.ts";
import { configPath } from "../deployment/wrangler-config.ts";
import { readStateUrl } from "../keys/keys.ts";
import { count, progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { readLogsOf } from "../served-log/served-logs.ts";
import { duration, paint, say } from "../terminal.ts";
import { DatabaseError, type IndexDatabase, openLocalDatabase, wranglerDatabase } from "./databases.ts";
import { HEAD_AGE_MS, reindex } from "./reindex.ts";

const FLAGS = {
  state: {
    value: "DIR",
    description:
      "The state folder of a local stack, whose index is rebuilt. The stack must be running: its logs are read from it.",
  },
  remote: {
    description: "Rebuild the index in D1 of the deployment at URL, through wrangler, which must be logged in.",
  },
  database: { value: "NAME", default: "INDEX", description: "Binding or name of the database, with --remote." },
  ...DEPLOYMENT_FLAGS,
  log: { value: "NAME", description: "One log, by its name in /api/logs. Default: all logs." },
  fresh: {
    description:
      "Empty the index first, once everything that it is made of has been read. Use it if the database was damaged.",
  },
} as const;

interface Options {
  readonly url: PublicUrl;
  readonly openDatabase: () => IndexDatabase;
  /** Null for all. */
  readonly logName: string | null;
  readonly isFresh: boolean;
}

export const REINDEX = defineCommand({
  name: "reindex",
  summary: "rebuild the search index from the logs",
  usage: ["reindex --state DIR [options]", "reindex URL --remote [options]"],
  description: [
    "Rebuilds the search index (D1) from the logs' public tiles, sidecars and tail. Signing continues meanwhile.",
    "The command starts where the index is complete, so you can interrupt it and run it again. Rows made by another version of the search terms are replaced, and so are rows of another log of the same name.",
  ],
  arguments: [{ name: "URL", description: "The address of the deployment, with --remote." }],
  flags: FLAGS,
  examples: [
    { title: "Rebuild the index of a local stack", command: "npx sigedge reindex --state .sigedge" },
    {
      title: "Rebuild the index of a deployment after its database was lost",
      command: "npx sigedge reindex https://sign.example.com --remote --fresh",
    },
  ],
  exitCodes: { 0: "The index is complete.", 1: "The index is not complete.", 2: "The arguments are wrong." },
  read: readOptions,
  run: async (options) => {
    try {
      return await run(options);
    } catch (error) {
      if (error instanceof DatabaseError) return err(error.message);
      throw error;
    }
  },
});

async function run({ url, openDatabase, logName, isFresh }: Options): Promise<Result<number, string>> {
  const logs = await readLogsOf(url, logName);
  if (!logs.ok) return logs;
  const database = openDatabase();
  const startedAt = performance.now();
  const waitUntilSettled = (): Promise<void> => sleep(Math.max(0, startedAt + HEAD_AGE_MS - performance.now()));
  try {
    for (const config of logs.value) {
      const { name, creation } = config;
      const bar = progressBar(`entries of the ${name} log`);
      const started = performance.now();
      const log = { config, tiles: httpSource(config.baseUrl), service: httpSource(new URL(config.baseUrl).origin) };
      const done = await reindex({ log, database, creation, isFresh, onProgress: bar.show, settled: waitUntilSettled });
      bar.end();
      if (!done.ok) return done;
      const { from, to } = done.value;
      const took = paint("dim", `(${count(to - from)} new, ${duration(performance.now() - started)})`);
      say(`${paint("green", "✓")} the index of the ${name} log is complete through ${count(to)} entries ${took}`);
    }
    return ok(0);
  } finally {
    database.close();
  }
}

type Given = Arguments<typeof FLAGS>;

function readOptions(given: Given): Result<Options, string> {
  const target = readTarget(given);
  const { log: logName, fresh: isFresh } = given.values;
  return target.ok ? ok({ ...target.value, logName, isFresh }) : target;
}

type Target = Pick<Options, "url" | "openDatabase">;

function readTarget({ values, positionals }: Given): Result<Target, string> {
  const { state, remote, database } = values;
  const [text, ...more] = positionals;
  if ((state === null) !== remote || more.length > 0)
    return err("give --state DIR, or URL --remote; see sigedge reindex --help");
  const url = state === null ? ok(text ?? "") : readStateUrl(resolve(state));
  if (!url.ok) return url;
  const publicUrl = parsePublicUrl(url.value);
  if (!publicUrl.ok) return err(`the URL ${publicUrl.error.reason}`);
  if (text !== undefined && text !== url.value) return err(`the state folder belongs to ${url.value}`);
  const config = state === null ? selectDeployedConfig(values, publicUrl.value) : ok(null);
  if (!config.ok) return config;
  const openDatabase = (): IndexDatabase =>
    state === null
      ? wranglerDatabase({ database, config: config.value, where: ["--remote"] })
      : openLocalDatabase(resolve(state));
  return ok({ url: publicUrl.value, openDatabase });
}

/**
 * wrangler's configuration of the deployment in this checkout, null if there is none. Fails if its address is
 * another.
 */
function selectDeployedConfig(values: Given["values"], url: PublicUrl): Result<string | null, string> {
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const deployment = readDeployment(selection.value.folder);
  if (!deployment.ok) return deployment;
  if (deployment.value === null) return ok(null);
  const { publicUrl } = deployment.value;
  if (publicUrl !== null && publicUrl.href !== url.href) {
    return err(
      `the deployment in ${shortenPath(selection.value.folder)} is ${publicUrl.href}; choose another with --dir or --env`,
    );
  }
  return ok(configPath(deployment.value, null));
}
