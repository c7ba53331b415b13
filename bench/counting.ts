// SPDX-License-Identifier: Apache-2.0
// Counts what a Worker asks of its bindings, at the bindings themselves: what Cloudflare would bill.
// Spec: https://developers.cloudflare.com/r2/pricing/#class-a-operations,
// https://developers.cloudflare.com/durable-objects/platform/pricing/, https://developers.cloudflare.com/d1/platform/pricing/

import { withMethods } from "./with-methods.ts";

export interface Counts {
  /** put and list. */
  readonly r2ClassA: number;
  /** get, head. */
  readonly r2ClassB: number;
  /** By SQLite's own count, and one for each alarm that is set. */
  readonly durableObjectRowsWritten: number;
  readonly durableObjectRowsRead: number;
  readonly d1RowsWritten: number;
}

/** Of this isolate since its start. */
export function counts(): Counts {
  for (const meter of meters) meter.settle();
  return { ...total };
}

const total = { r2ClassA: 0, r2ClassB: 0, durableObjectRowsWritten: 0, durableObjectRowsRead: 0, d1RowsWritten: 0 };

export function countedTiles(bucket: R2Bucket): R2Bucket {
  const counted = (name: "put" | "list" | "get" | "head", into: "r2ClassA" | "r2ClassB") => {
    return (...args: readonly unknown[]): unknown => {
      total[into]++;
      return Reflect.apply(Reflect.get(bucket, name), bucket, args);
    };
  };
  return withMethods(bucket, {
    put: counted("put", "r2ClassA"),
    list: counted("list", "r2ClassA"),
    get: counted("get", "r2ClassB"),
    head: counted("head", "r2ClassB"),
  });
}

export function countedDatabase(database: D1Database): D1Database {
  return withMethods(database, {
    batch: async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
      const results = await database.batch(statements);
      for (const { meta } of results) total.d1RowsWritten += meta.rows_written;
      return results;
    },
  });
}

/** A cursor knows its rows only once it has been read to the end: the next statement, or whoever asks, counts the last one. */
class Meter {
  #cursor: SqlStorageCursor<Record<string, SqlStorageValue>> | null = null;

  take(cursor: SqlStorageCursor<Record<string, SqlStorageValue>>): void {
    this.settle();
    this.#cursor = cursor;
  }

  settle(): void {
    total.durableObjectRowsWritten += this.#cursor?.rowsWritten ?? 0;
    total.durableObjectRowsRead += this.#cursor?.rowsRead ?? 0;
    this.#cursor = null;
  }
}

const meters: Meter[] = [];

export function countedStorage(storage: DurableObjectStorage): DurableObjectStorage {
  const meter = new Meter();
  meters.push(meter);
  const sql = withMethods(storage.sql, {
    exec: (query: string, ...bindings: readonly SqlStorageValue[]) => {
      const cursor = storage.sql.exec(query, ...bindings);
      meter.take(cursor);
      return cursor;
    },
  });
  return withMethods(storage, {
    sql,
    setAlarm: (at: number | Date) => {
      total.durableObjectRowsWritten++;
      return storage.setAlarm(at);
    },
  });
}
