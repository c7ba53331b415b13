// SPDX-License-Identifier: Apache-2.0
// Runs all services in one workerd on this machine: the composed Worker with the development issuer, and Durable
// Objects, R2 and D1 in a state folder. Knows nothing about keys or terminals, and makes no request to the outside by
// itself.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type WorkerdStructuredLog } from "miniflare";
import { LISTEN_ADDRESS } from "../cli/address.ts";
import { ROOT } from "../cli/root.ts";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { parseShards } from "../shared/logs/shards.ts";
import type { Bindings } from "../shared/settings/binding.ts";
import { mergeBindings } from "../workers/declarations.ts";
import { bundleWorker, LOCAL_ENTRY } from "./bundle.ts";

/** The composed Worker as wrangler.toml configures it, in Miniflare's terms. A test compares the two. */
export const WORKER = {
  name: "sigedge",
  compatibilityDate: "2026-10-20",
  compatibilityFlags: [
    "nodejs_compat",
    "global_fetch_strictly_public",
    "disallow_importable_env",
    "webcrypto_modern_algorithms",
  ],
  ...runtimeBindings(mergeBindings()),
} as const;

/** The files that the pages load, relative to the package. A test compares it with wrangler.toml. */
export const STATIC = "web/static";

/** Nothing leaves this machine. */
const OFFLINE = {
  cf: false,
  telemetry: { enabled: false },
  unsafeLocalExplorer: false,
  unsafeObservability: false,
  log: new Log(LogLevel.ERROR),
} as const;

/** The declared bindings in Miniflare's terms. */
function runtimeBindings(rows: Bindings): {
  readonly durableObjects: Readonly<Record<string, { readonly className: string; readonly useSQLite: true }>>;
  readonly r2Buckets: Readonly<Record<string, string>>;
  readonly d1Databases: Readonly<Record<string, string>>;
  readonly ratelimits: Readonly<Record<string, RuntimeRateLimit>>;
} {
  const durableObjects: Record<string, { className: string; useSQLite: true }> = {};
  const r2Buckets: Record<string, string> = {};
  const d1Databases: Record<string, string> = {};
  const ratelimits: Record<string, RuntimeRateLimit> = {};
  for (const [name, row] of Object.entries(rows)) {
    if (row.kind === "durable_object") durableObjects[name] = { className: row.className, useSQLite: true };
    if (row.kind === "r2") r2Buckets[name] = row.bucketName;
    if (row.kind === "d1") d1Databases[name] = row.databaseId;
    if (row.kind === "rate_limit") {
      ratelimits[name] = { namespace_id: row.namespaceId, simple: { limit: row.limit, period: row.periodSeconds } };
    }
  }
  return { durableObjects, r2Buckets, d1Databases, ratelimits };
}

interface RuntimeRateLimit {
  readonly namespace_id: string;
  readonly simple: { readonly limit: number; readonly period: 10 | 60 };
}

/** The options of a stack. */
export interface StackOptions {
  readonly port: number;
  /** The address to listen on; by default loopback. */
  readonly listen?: string;
  /** An absolute path; the storage is below it. */
  readonly state: string;
  /** The Worker's entry, relative to the repository; by default the composed Worker with the development issuer. */
  readonly entry?: string;
  /** The textual settings of the services. */
  readonly settings: Readonly<Record<string, string>>;
  /** Receives what the Worker writes to its console. */
  readonly log: (line: WorkerLog) => void;
  /** The loopback port of V8's inspector; by default there is none. */
  readonly inspectorPort?: number;
  /** True if the caller stops the stack on signals. By default a signal ends the process, and workerd with it. */
  readonly handlesSignals?: boolean;
}

export type WorkerLog = Pick<WorkerdStructuredLog, "level" | "message">;

/** A running stack. */
export interface Stack {
  /** Ends workerd. The storage stays. */
  readonly stop: () => Promise<void>;
}

/** Starts workerd and waits until it serves. The port must be free. */
export async function runStack(options: StackOptions): Promise<Stack> {
  const [script] = await Promise.all([bundleWorker(options.entry ?? LOCAL_ENTRY), prepareIndex(options)]);
  const runtime = createRuntime(options, runtimeOptions(options, script));
  try {
    await runtime.ready;
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
  return { stop: () => runtime.dispose() };
}

/**
 * Serves the files that the pages load, as the platform does before a deployed Worker. Apart, because Miniflare would
 * put it in front of every request.
 */
const ASSETS_WORKER = {
  name: "sigedge-assets",
  compatibilityDate: WORKER.compatibilityDate,
  modules: [{ type: "ESModule" as const, path: "none.mjs", contents: "export default {};" }],
  assets: { directory: join(ROOT, STATIC) },
};

type RuntimeOptions = Parameters<typeof convertV4MiniflareOptions>[0];

function createRuntime({ handlesSignals = false }: StackOptions, options: RuntimeOptions): Miniflare {
  const create = (): Miniflare => new Miniflare(convertV4MiniflareOptions(options));
  return handlesSignals ? dropSignalListeners(create) : create();
}

function runtimeOptions(
  { port, listen = LISTEN_ADDRESS, state, settings, log, inspectorPort }: StackOptions,
  script: string,
): RuntimeOptions {
  const worker = {
    ...WORKER,
    durableObjects: { ...WORKER.durableObjects },
    compatibilityFlags: [...WORKER.compatibilityFlags],
    modules: [{ type: "ESModule" as const, path: "worker.mjs", contents: script }],
    bindings: { ...settings },
    serviceBindings: { ASSETS: ASSETS_WORKER.name },
    ...bindMail(settings),
    // Requests go straight to the Worker: Miniflare's own entry would halve the throughput.
    unsafeDirectSockets: [{ host: listen, port }, ...shardSockets(settings)],
  };
  return {
    workers: [worker, ASSETS_WORKER],
    host: LISTEN_ADDRESS,
    resourcePersistencePath: join(state, "storage"),
    ...OFFLINE,
    logRequests: false,
    ...(inspectorPort === undefined ? {} : { inspectorPort, inspectorHost: LISTEN_ADDRESS }),
    handleStructuredLogs: log,
  };
}

/** Miniflare keeps the mails that a deployment would send through Cloudflare's mail service. */
const bindMail = ({
  MAIL_FROM = "",
  MAIL_URL = "",
}: StackOptions["settings"]): { readonly email?: { send_email: { name: string }[] } } =>
  MAIL_FROM !== "" && MAIL_URL === "" ? { email: { send_email: [{ name: "MAIL" }] } } : {};

/** The loopback addresses of the logs in SHARDS, each once. */
function shardSockets(settings: StackOptions["settings"]): readonly { readonly host: string; readonly port: number }[] {
  const { PUBLIC_URL = "", SHARDS = "[]" } = settings;
  const main = parsePublicUrl(PUBLIC_URL);
  // The Worker reports wrong settings.
  const logs = main.ok ? parseShards(SHARDS, main.value) : main;
  if (!main.ok || !logs.ok) return [];
  const hosts = new Set(logs.value.map(({ host }) => host).filter((host) => host !== main.value.host));
  return [...hosts].map((host) => {
    const { hostname, port } = new URL(`http://${host}`);
    return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
  });
}

/**
 * Removes the signal listeners that Miniflare installs: they end the process before the caller can shut down in order.
 */
function dropSignalListeners<T>(create: () => T): T {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const before = new Set(signals.flatMap((signal) => process.listeners(signal)));
  const created = create();
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener);
  }
  return created;
}

/**
 * Prepares the search index of a state folder. An entry that arrives before the tables would wait for the log's next
 * attempt, so this runs before anything listens.
 */
async function prepareIndex(options: StackOptions): Promise<void> {
  const runtime = createRuntime(options, {
    name: WORKER.name,
    compatibilityDate: WORKER.compatibilityDate,
    modules: [{ type: "ESModule", path: "worker.mjs", contents: "export default {};" }],
    d1Databases: { ...WORKER.d1Databases },
    resourcePersistencePath: join(options.state, "storage"),
    ...OFFLINE,
  });
  try {
    await applyMigrations(runtime);
  } finally {
    await runtime.dispose();
  }
}

/** Applies the migrations that the database lacks, and records them where `wrangler d1 migrations` does. */
async function applyMigrations(runtime: Miniflare): Promise<void> {
  const database = await runtime.getD1Database("INDEX");
  await database
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row["name"]));
  const folder = join(ROOT, "migrations");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql") && !applied.has(file))
    .toSorted()) {
    await database.batch([
      database.prepare(readFileSync(join(folder, name), "utf8")),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}
