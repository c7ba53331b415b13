// SPDX-License-Identifier: Apache-2.0
// Counts a Worker's use of its bindings, as Cloudflare bills it.
// Spec: https://developers.cloudflare.com/r2/pricing/#class-a-operations,
// https://developers.cloudflare.com/durable-objects/platform/pricing/,
// https://developers.cloudflare.com/d1/platform/pricing/

import { BACKUP_FOLDER } from "../shared/logs/backup.ts";
import { override } from "./override.ts";

/** The use of all bindings. */
export interface Counts {
  /** Requests to the Worker over HTTP, the bench's own left out. Calls between Workers are not billed. */
  readonly requests: number;
  /** Calls of objects, and their alarms. */
  readonly objectRequests: number;
  /** How long objects had calls to answer, all objects together. Overlapping calls of one object count once. */
  readonly objectBusyMs: number;
  /** put and list, without the backups of the tails. */
  readonly r2ClassA: number;
  /** Backups of the tails: one each ten minutes at most, however many entries there are. */
  readonly tailBackups: number;
  /** get, head. */
  readonly r2ClassB: number;
  /** Those of tiles among them, which a cache answers but for the first time. */
  readonly r2ClassBCached: number;
  /** SQLite's count, plus one for each alarm that is set. */
  readonly durableObjectRowsWritten: number;
  /** Those of the monitor's object among them. */
  readonly monitorRowsWritten: number;
  readonly durableObjectRowsRead: number;
  readonly d1RowsWritten: number;
  readonly d1RowsRead: number;
  /** The bytes of what was put, the size of the database, and that of all objects' storage. */
  readonly r2Bytes: number;
  readonly d1Bytes: number;
  readonly objectBytes: number;
}

/** Returns the counts of this isolate since it started. */
export function counts(): Counts {
  for (const meter of meters) meter.settle();
  const objectBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  return { ...total, objectBytes };
}

const total = {
  requests: 0,
  objectRequests: 0,
  objectBusyMs: 0,
  r2ClassA: 0,
  tailBackups: 0,
  r2ClassB: 0,
  r2ClassBCached: 0,
  durableObjectRowsWritten: 0,
  monitorRowsWritten: 0,
  durableObjectRowsRead: 0,
  d1RowsWritten: 0,
  d1RowsRead: 0,
  r2Bytes: 0,
  d1Bytes: 0,
};

/** Counts a request to the Worker. */
export function countRequest(): void {
  total.requests++;
}

/** Counts an alarm of an object. */
export function countAlarm(): void {
  total.objectRequests++;
}

/** The calls that each object has to answer now, and since when. */
const busy = new Map<string, { calls: number; since: number }>();

/** Wraps a namespace so that the calls of its objects are counted. */
export function meterObjects<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
  kind: string,
): DurableObjectNamespace<T> {
  return override(namespace, {
    getByName: (name: string) => meterObject(namespace.getByName(name), `${kind} ${name}`),
  });
}

const meterObject = <T extends object>(stub: T, object: string): T =>
  new Proxy(stub, {
    get: (target, method) => {
      const value: unknown = Reflect.get(target, method);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]) => {
        const end = beginCall(object);
        const answer: unknown = Reflect.apply(value, target, args);
        void Promise.resolve(answer).then(end, end);
        return answer;
      };
    },
  });

/** Returns the call to make once the object has answered. */
function beginCall(object: string): () => void {
  total.objectRequests++;
  const state = busy.get(object) ?? { calls: 0, since: 0 };
  busy.set(object, state);
  if (state.calls++ === 0) state.since = Date.now();
  return () => {
    if (--state.calls === 0) total.objectBusyMs += Date.now() - state.since;
  };
}

/** Wraps a bucket so that its operations are counted. @param isBehindCache whether a cache keeps what is read */
export function meterBucket(bucket: R2Bucket, isBehindCache = false): R2Bucket {
  const count = (name: "list" | "get" | "head", into: "r2ClassA" | "r2ClassB") => {
    return (...args: readonly unknown[]): unknown => {
      total[into]++;
      if (isBehindCache && into === "r2ClassB") total.r2ClassBCached++;
      return Reflect.apply(Reflect.get(bucket, name), bucket, args);
    };
  };
  return override(bucket, {
    put: async (key: string, value: Uint8Array, options: R2PutOptions) => {
      total[key.includes(`/${BACKUP_FOLDER}`) ? "tailBackups" : "r2ClassA"]++;
      const object = await bucket.put(key, value, options);
      if (object !== null) total.r2Bytes += value.byteLength;
      return object;
    },
    list: count("list", "r2ClassA"),
    get: count("get", "r2ClassB"),
    head: count("head", "r2ClassB"),
  });
}

/** Wraps a database so that the rows that its batches write are counted. */
export function meterDatabase(database: D1Database): D1Database {
  return override(database, {
    batch: async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
      const results = await database.batch(statements);
      for (const { meta } of results) {
        total.d1RowsWritten += meta.rows_written;
        total.d1RowsRead += meta.rows_read;
        total.d1Bytes = meta.size_after;
      }
      return results;
    },
  });
}

/**
 * Counts SQL cursors. A cursor knows its rows only once it is read to the end, so it is counted at the next statement.
 */
class Meter {
  readonly #object: string;
  readonly #isMonitor: boolean;
  readonly #storage: DurableObjectStorage;
  #cursor: SqlStorageCursor<Record<string, SqlStorageValue>> | null = null;

  constructor({ id, storage }: DurableObjectState, isMonitor: boolean) {
    this.#object = id.toString();
    this.#storage = storage;
    this.#isMonitor = isMonitor;
  }

  take(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.settle();
    this.#cursor = cursor;
    sizes.set(this.#object, this.#storage.sql.databaseSize);
  }

  settle(): void {
    this.write(this.#cursor?.rowsWritten ?? 0);
    total.durableObjectRowsRead += this.#cursor?.rowsRead ?? 0;
    this.#cursor = null;
  }

  write(rows: number): void {
    total.durableObjectRowsWritten += rows;
    if (this.#isMonitor) total.monitorRowsWritten += rows;
  }
}

const meters: Meter[] = [];
/** The bytes of each object's storage at its newest statement: no other request may ask the storage. */
const sizes = new Map<string, number>();

/** Wraps a Durable Object's storage so that its rows and alarms are counted. */
export function meterStorage(ctx: DurableObjectState, isMonitor = false): DurableObjectStorage {
  const { storage } = ctx;
  const meter = new Meter(ctx, isMonitor);
  meters.push(meter);
  const sql = override(storage.sql, {
    exec: (query: string, ...bindings: readonly SqlStorageValue[]) => {
      const cursor = storage.sql.exec(query, ...bindings);
      meter.take(cursor);
      return cursor;
    },
  });
  return override(storage, {
    sql,
    setAlarm: (at: number | Date) => {
      meter.write(1);
      return storage.setAlarm(at);
    },
  });
}
