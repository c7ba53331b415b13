// SPDX-License-Identifier: Apache-2.0
// Runs every deployed Worker of an account with its bindings in one workerd, on persistent storage. As on the
// platform, a Durable Object's storage belongs to its namespace, not to the script that owns the namespace.

import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type Request, type Response } from "miniflare";
import { LISTEN_ADDRESS } from "../../../cli/address.ts";
import { type Account, type Binding, textOf, type Worker } from "./account.ts";

type WorkerOptions = Record<string, unknown>;

/** Answers a request of a Worker to somebody else. */
export type Outside = (request: Request) => Promise<Response>;

/** The account whose Workers to run, and where. */
export interface RuntimeOptions {
  readonly account: Account;
  /** The folder for storage. */
  readonly state: string;
  /** Receives the lines that the Workers write to their consoles. */
  readonly log: (message: string) => void;
  readonly outside?: Outside | undefined;
}

/** A workerd that runs the account. */
export interface Runtime {
  /** Restarts workerd with the account's current Workers; returns the port of one of them. */
  readonly portOf: (worker: string) => Promise<number>;
  /** Runs SQL on a database. */
  readonly query: (databaseId: string, sql: string) => Promise<D1Result>;
  readonly stop: () => Promise<void>;
}

/** A Worker that holds the databases, which exist before any other Worker does. */
const KEEPER = "keeper";

/** Creates a runtime. It starts workerd on first use. */
export function createRuntime({ account, state, log, outside }: RuntimeOptions): Runtime {
  let runtime: Miniflare | null = null;
  let generation = -1;
  let turn: Promise<unknown> = Promise.resolve();

  async function openCurrent(): Promise<Miniflare> {
    if (runtime !== null && generation === account.generation) return runtime;
    await runtime?.dispose();
    generation = account.generation;
    runtime = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          keeper(account),
          ...[...account.workers.values()].map((worker) => optionsOf(account, worker, outside)),
        ] as never,
        resourcePersistencePath: join(state, "storage"),
        cf: false,
        telemetry: { enabled: false },
        unsafeLocalExplorer: false,
        unsafeObservability: false,
        logRequests: false,
        log: new Log(LogLevel.ERROR),
        handleStructuredLogs: ({ message }) => log(message),
      }),
    );
    await runtime.ready;
    return runtime;
  }
  /** Serializes the calls, since workerd restarts during one. */
  const serialize = <T>(work: (running: Miniflare) => Promise<T>): Promise<T> => {
    const result = turn.then(openCurrent).then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  return {
    portOf: (worker) => serialize(async (running) => Number((await running.unsafeGetDirectURL(worker)).port)),
    query: (databaseId, sql) =>
      serialize(async (running) => (await running.getD1Database(databaseId, KEEPER)).prepare(sql).run()),
    stop: () => serialize((running) => running.dispose()),
  };
}

function keeper(account: Account): WorkerOptions {
  const script = "export default { fetch: () => new Response(null, { status: 404 }) };";
  return {
    name: KEEPER,
    modules: [{ type: "ESModule", path: "keeper.mjs", contents: script }],
    compatibilityDate: "2026-10-20",
    d1Databases: Object.fromEntries([...account.databases.keys()].map((id) => [id, id])),
  };
}

function optionsOf(account: Account, worker: Worker, outside: Outside | undefined): WorkerOptions {
  const { metadata, modules, bindings } = account.latestVersion(worker.name);
  const main = metadata.main_module ?? "";
  const ordered = [...modules.filter(({ name }) => name === main), ...modules.filter(({ name }) => name !== main)];
  const selectType = (type: string): readonly Binding[] => bindings.filter((binding) => binding.type === type);
  const table = (type: string, value: (binding: Binding) => unknown): Record<string, unknown> =>
    Object.fromEntries(selectType(type).map((binding) => [binding.name, value(binding)]));
  return {
    name: worker.name,
    modules: ordered
      .filter(({ type }) => type === "application/javascript+module")
      .map(({ name, contents }) => ({ type: "ESModule", path: name, contents })),
    compatibilityDate: metadata.compatibility_date ?? "2026-10-20",
    compatibilityFlags: [...(metadata.compatibility_flags ?? [])],
    bindings: { ...table("plain_text", ({ text }) => text), ...table("secret_text", ({ text }) => text) },
    d1Databases: table("d1", ({ id }) => id),
    r2Buckets: table("r2_bucket", (binding) => binding["bucket_name"]),
    ratelimits: table("ratelimit", (binding) => ({ namespace_id: binding["namespace_id"], simple: binding["simple"] })),
    serviceBindings: table("service", (binding) => ({
      name: binding["service"],
      ...(binding["entrypoint"] === undefined ? {} : { entrypoint: binding["entrypoint"] }),
    })),
    durableObjects: table("durable_object_namespace", (binding) => durableObject(account, worker.name, binding)),
    ...(outside === undefined ? {} : { outboundService: outside }),
    // As for a proxy, so that the request names the scheme of its address.
    unsafeDirectSockets: [{ host: LISTEN_ADDRESS, port: 0, proxy: true }],
  };
}

function durableObject(account: Account, script: string, binding: Binding): object {
  const owner = textOf(binding, "script_name") ?? script;
  const className = textOf(binding, "class_name") ?? "";
  return {
    className,
    useSQLite: true,
    unsafeUniqueKey: account.namespace(owner, className)?.id,
    ...(owner === script ? {} : { scriptName: owner }),
  };
}
