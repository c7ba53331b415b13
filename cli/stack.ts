// SPDX-License-Identifier: Apache-2.0
// The whole service in one workerd on this machine: the composed Worker with the development issuer, real Durable Objects,
// R2 and D1 in a state folder. Knows nothing of keys or terminals. Reaches nothing outside this machine by itself.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type WorkerdStructuredLog } from "miniflare";
import { err, ok, type Result } from "../shared/result.ts";
import { bundleWorker, ROOT } from "./bundle.ts";

/** Only this machine: the development issuer gives out tokens for every name. */
const LISTEN_ADDRESS = "127.0.0.1";
const ENTRY = "workers/dev.ts";

/** What wrangler.toml says of the Worker, in Miniflare's words; a test holds the two together. */
export const WORKER = {
  name: "sigedge",
  compatibilityDate: "2026-10-20",
  compatibilityFlags: ["nodejs_compat"],
  durableObjects: {
    SEQUENCER: { className: "Sequencer", useSQLite: true },
    ANCHOR: { className: "Anchor", useSQLite: true },
  },
  r2Buckets: { TILES: "sigedge-tiles" },
  d1Databases: { INDEX: "00000000-0000-0000-0000-000000000000" },
  ratelimits: { READS: { namespace_id: "2001", simple: { limit: 1000, period: 10 } } },
} as const;

export interface StackOptions {
  readonly port: number;
  /** Absolute; storage lies below it. */
  readonly state: string;
  /** The Worker's entry, relative to the repository; by default the composed Worker with the development issuer. */
  readonly entry?: string;
  /** The textual settings of the rooms. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the Worker writes to its console. */
  readonly log: (line: WorkerLog) => void;
}

export type WorkerLog = Pick<WorkerdStructuredLog, "level" | "message">;

export interface Stack {
  /** Ends workerd; storage stays. */
  readonly stop: () => Promise<void>;
}

/** The address of a stack on this machine: what its PUBLIC_URL must be. */
export const localUrl = (port: number): string => `http://localhost:${port}`;

/** Starts workerd and waits until it serves. The port must be free. */
export async function runStack({ port, state, settings, log, entry = ENTRY }: StackOptions): Promise<Stack> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...WORKER,
      durableObjects: { ...WORKER.durableObjects },
      compatibilityFlags: [...WORKER.compatibilityFlags],
      modules: [{ type: "ESModule", path: "worker.mjs", contents: await bundleWorker(entry) }],
      bindings: { ...settings },
      // Straight to the Worker: Miniflare's own entry in front of it would halve the throughput.
      unsafeDirectSockets: [{ host: LISTEN_ADDRESS, port }],
      host: LISTEN_ADDRESS,
      resourcePersistencePath: join(state, "storage"),
      cf: false,
      telemetry: { enabled: false },
      unsafeLocalExplorer: false,
      unsafeObservability: false,
      logRequests: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: log,
    }),
  );
  try {
    await runtime.ready;
    await applyMigrations(runtime);
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
  return { stop: () => runtime.dispose() };
}

/** Applies the migrations that the database has not seen, and remembers them where `wrangler d1 migrations` does. */
async function applyMigrations(runtime: Miniflare): Promise<void> {
  const database = await runtime.getD1Database("INDEX");
  await database
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  const folder = join(ROOT, "migrations");
  for (const name of readdirSync(folder)
    .filter((file) => file.endsWith(".sql") && !applied.has(file))
    .sort()) {
    await database.batch([
      database.prepare(readFileSync(join(folder, name), "utf8")),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}

/** A port on which a stack could listen: `port`, or any free one for 0. Fails with the system's word for why not. */
export function freePort(port: number): Promise<Result<number, string>> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(err(REASONS[error.code ?? ""] ?? error.message)));
    probe.listen({ port, host: LISTEN_ADDRESS, exclusive: true }, () => {
      const address = probe.address();
      const given = typeof address === "object" && address !== null ? address.port : port;
      probe.close(() => resolve(ok(given)));
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EACCES: "only the system's administrator may",
};
