// SPDX-License-Identifier: Apache-2.0
// A log outside workerd, over real SQLite (node:sqlite) and stores in memory. Each store has a switch that makes it
// fail.

import { generateKeyPairSync } from "node:crypto";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { parseEd25519Signer } from "#private-key";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { parsePublicUrl } from "../../../shared/http/public-url.ts";
import { type LogConfig, logsOf } from "../../../shared/logs/config.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import type { Advance } from "../../../shared/rpc/anchor.ts";
import type { SearchRow } from "../../../shared/search/row.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { sameHead, type TreeHead } from "../../../shared/tlog/head.ts";
import type {
  AnchorPort,
  Host,
  IndexedEntry,
  ObjectStore,
  SearchIndex,
  Witnessing,
} from "../../../workers/sequencer/deps.ts";
import type { LogFormat, Submission } from "../../../workers/sequencer/kinds/kind.ts";
import { SEQUENCER_KINDS } from "../../../workers/sequencer/kinds/kinds.ts";
import { parseLogSigner } from "../../../workers/sequencer/kinds/log-keys.ts";
import { signatureSubmission } from "../../../workers/sequencer/kinds/signature.ts";
import { Log } from "../../../workers/sequencer/log.ts";
import type { Storage } from "../../../workers/sequencer/platform/durable-storage.ts";
import { LogStorage } from "../../../workers/sequencer/storage.ts";

/** Storage as a Durable Object has it: what was committed survives the object. */
export class SqliteStorage implements Storage {
  readonly database = new DatabaseSync(":memory:");
  #inTransaction = false;

  exec(
    query: string,
    ...bindings: readonly (ArrayBuffer | string | number | null)[]
  ): Record<string, SqlStorageValue>[] {
    const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    return this.database
      .prepare(query)
      .all(...values)
      .map(toRow);
  }

  transactionSync<T>(run: () => T): T {
    if (this.#inTransaction) return run();
    this.#inTransaction = true;
    this.database.exec("BEGIN");
    try {
      const value = run();
      this.database.exec("COMMIT");
      return value;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** Copies everything, so that a test can restore an older state. */
  snapshot(): SqliteStorage {
    const copy = new SqliteStorage();
    for (const { sql } of this.database.prepare("SELECT sql FROM sqlite_master WHERE type = 'table'").all()) {
      copy.database.exec(String(sql));
    }
    for (const { name } of this.database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      for (const row of this.database.prepare(`SELECT * FROM ${String(name)}`).all()) {
        const values = Object.values(row);
        copy.database.prepare(`INSERT INTO ${String(name)} VALUES (${values.map(() => "?").join()})`).run(...values);
      }
    }
    return copy;
  }
}

function toRow(row: Record<string, SQLOutputValue>): Record<string, SqlStorageValue> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === "bigint") throw new RangeError("a bigint");
      return [name, value instanceof Uint8Array ? new Uint8Array(value).buffer : value];
    }),
  );
}

/** R2 with create-only objects. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<string, Uint8Array>();
  failing: string | null = null;

  get(key: string): Promise<Uint8Array | null> {
    return this.failing === null
      ? Promise.resolve(this.objects.get(key) ?? null)
      : Promise.reject(new Error(this.failing));
  }

  create(key: string, bytes: Uint8Array): Promise<boolean> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    if (this.objects.has(key)) return Promise.resolve(false);
    this.objects.set(key, new Uint8Array(bytes));
    return Promise.resolve(true);
  }

  list(prefix: string): Promise<readonly string[]> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    return Promise.resolve([...this.objects.keys()].filter((key) => key.startsWith(prefix)));
  }

  remove(key: string): Promise<void> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    this.objects.delete(key);
    return Promise.resolve();
  }
}

/** D1 in memory. */
class MemoryIndex implements SearchIndex {
  readonly entries = new Map<number, IndexedEntry>();
  failing: string | null = null;

  write(_log: string, entries: readonly IndexedEntry[]): Promise<void> {
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    for (const entry of entries) this.entries.set(entry.leafIndex, entry);
    return Promise.resolve();
  }
}

/** An anchor in memory. */
export class MemoryAnchor implements AnchorPort {
  held: TreeHead | null = null;
  failing: string | null = null;
  calls = 0;

  read(): Promise<TreeHead | null> {
    return this.failing === null ? Promise.resolve(this.held) : Promise.reject(new Error(this.failing));
  }

  advance({ from, to }: Advance): Promise<boolean> {
    this.calls++;
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    const held = this.held;
    if (held !== null && sameHead(held, to)) return Promise.resolve(true);
    const isNext = held === null ? from === null : from !== null && sameHead(held, from);
    if (isNext) this.held = { treeSize: to.treeSize, rootHash: to.rootHash };
    return Promise.resolve(isNext);
  }
}

/** A host whose clock the test sets. */
class MemoryHost implements Host {
  time = 1_790_000_000_000;
  aborted: string | null = null;
  alarms: UnixMs[] = [];
  readonly lines: string[] = [];
  readonly #work: Promise<void>[] = [];

  now(): UnixMs {
    return unixMs(this.time);
  }
  randomId(): string {
    return "00112233445566778899aabbccddeeff";
  }
  abort(reason: string): void {
    this.aborted = reason;
  }
  keepAlive(work: Promise<void>): void {
    this.#work.push(work.catch(() => undefined));
  }
  /** Short, but through the event loop, so that a store that always fails does not starve the test. */
  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 0));
  }
  setAlarm(at: UnixMs): void {
    this.alarms.push(at);
  }
  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  }
  logLine(event: string): void {
    this.lines.push(event);
  }
  /** Resolves when all work under keepAlive is done. */
  async settle(): Promise<void> {
    for (let done = 0; done < this.#work.length; ) done = (await Promise.all(this.#work)).length;
  }
}

/** A log and all its parts. */
export interface MemoryLog {
  readonly log: Log;
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly storage: SqliteStorage;
  readonly objects: MemoryObjects;
  readonly index: MemoryIndex;
  readonly anchor: MemoryAnchor;
  readonly host: MemoryHost;
  /** Restarts the log: its memory is lost, the stores stay unless `stores` replaces them. */
  readonly restart: (stores?: Partial<Stores>) => MemoryLog;
}

interface Stores {
  readonly storage: SqliteStorage;
  readonly objects: MemoryObjects;
  readonly index: MemoryIndex;
  readonly anchor: MemoryAnchor;
  readonly host: MemoryHost;
  readonly config: LogConfig;
  readonly format: LogFormat;
  readonly witnessing: Witnessing | null;
}

/** The log that a frozen log sends writers to. */
export const SUCCESSOR = "https://next.example.com";

const pkcs8 = (key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string =>
  String(key.export({ format: "pem", type: "pkcs8" }));

const ecdsa = parseLogSigner(pkcs8(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey));
const ed25519 = parseEd25519Signer(pkcs8(generateKeyPairSync("ed25519").privateKey));
const url = parsePublicUrl("https://log.example.com");
if (!ecdsa.ok || !ed25519.ok || !url.ok) throw new Error("test keys");
/** The logs' ECDSA key. */
export const testEcdsa = ecdsa.value;
/** The two first logs behind https://log.example.com. */
export const testLogs = logsOf(url.value);

const testKeys = { ecdsa: ecdsa.value, ed25519: ed25519.value };

/** A log in memory. `stores` replaces any of its parts. */
export function memoryLog(kind: LogKind, stores: Partial<Stores> = {}): MemoryLog {
  const config = stores.config ?? testLogs[kind];
  const { createFormat, createGenesis } = SEQUENCER_KINDS[kind];
  const all: Stores = {
    storage: new SqliteStorage(),
    objects: new MemoryObjects(),
    index: new MemoryIndex(),
    anchor: new MemoryAnchor(),
    host: new MemoryHost(),
    config,
    format: createFormat(config.origin, testKeys),
    witnessing: null,
    ...stores,
  };
  const log = new Log({
    ...all,
    storage: new LogStorage(all.storage),
    genesis: createGenesis(config.origin, testKeys),
    backupEveryMs: 600_000,
    successor: () => SUCCESSOR,
  });
  return { ...all, log, restart: (other = {}) => memoryLog(kind, { ...all, ...other }) };
}

const SEARCH: SearchRow = {
  termsVersion: 1,
  terms: ["digest:sha256:00"],
  digest: "sha256:00",
  identity: null,
  issuer: null,
};

/** A submission whose body is only a text. The sequencer does not parse bodies. */
export const textSubmission = (text: string): Submission =>
  signatureSubmission({ body: encodeUtf8(text), search: SEARCH, hints: null });

/** Appends `count` more entries, 64 per round, and waits for the maintenance. */
export async function grow(memory: MemoryLog, count: number): Promise<void> {
  const before = memory.log.state?.treeSize ?? 0;
  for (let from = 0; from < count; from += 64) {
    const texts = Array.from({ length: Math.min(64, count - from) }, (_, i) => `entry ${before + from + i}`);
    await Promise.all(texts.map(async (text) => await memory.log.append(textSubmission(text))));
  }
  await memory.host.settle();
}

/** A new signature log with `count` entries after the genesis entry. */
export async function growLog(count: number): Promise<MemoryLog> {
  const memory = memoryLog("signature");
  await memory.log.open();
  await grow(memory, count);
  return memory;
}
