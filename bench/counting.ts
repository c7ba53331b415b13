// SPDX-License-Identifier: Apache-2.0
// Counts a Worker's use of its bindings, as Cloudflare bills it.
// Spec: https://developers.cloudflare.com/r2/pricing/#class-a-operations,
// https://developers.cloudflare.com/durable-objects/platform/pricing/,
// https://developers.cloudflare.com/d1/platform/pricing/

import { override } from "./override.ts";

/** The use of all bindings. */
export interface Counts {
  /** put and list. */
  readonly r2ClassA: number;
  /** get, head. */
  readonly r2ClassB: number;
  /** SQLite's count, plus one for each alarm that is set. */
  readonly durableObjectRowsWritten: number;
  /** Those of the monitor's object among them. */
  readonly monitorRowsWritten: number;
  readonly durableObjectRowsRead: number;
  readonly d1RowsWritten: number;
}

/** Returns the counts of this isolate since it started. */
export function counts(): Counts {
  for (const meter of meters) meter.settle();
  return { ...total };
}

const total = {
  r2ClassA: 0,
  r2ClassB: 0,
  durableObjectRowsWritten: 0,
  monitorRowsWritten: 0,
  durableObjectRowsRead: 0,
  d1RowsWritten: 0,
};

/** Wraps a bucket so that its operations are counted. */
export function meterBucket(bucket: R2Bucket): R2Bucket {
  const count = (name: "put" | "list" | "get" | "head", into: "r2ClassA" | "r2ClassB") => {
    return (...args: readonly unknown[]): unknown => {
      total[into]++;
      return Reflect.apply(Reflect.get(bucket, name), bucket, args);
    };
  };
  return override(bucket, {
    put: count("put", "r2ClassA"),
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
      for (const { meta } of results) total.d1RowsWritten += meta.rows_written;
      return results;
    },
  });
}

/**
 * Counts SQL cursors. A cursor knows its rows only once it is read to the end, so it is counted at the next statement.
 */
class Meter {
  readonly #isMonitor: boolean;
  #cursor: SqlStorageCursor<Record<string, SqlStorageValue>> | null = null;

  constructor(isMonitor: boolean) {
    this.#isMonitor = isMonitor;
  }

  take(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.settle();
    this.#cursor = cursor;
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

/** Wraps a Durable Object's storage so that its rows and alarms are counted. */
export function meterStorage(storage: DurableObjectStorage, isMonitor = false): DurableObjectStorage {
  const meter = new Meter(isMonitor);
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
