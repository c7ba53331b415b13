// SPDX-License-Identifier: Apache-2.0
// The SQLite of a Durable Object, narrowed to what the sequencer and the anchor call.

/**
 * A Durable Object's SQLite. Every call is synchronous. All that one turn of the event loop writes becomes durable as a
 * whole, before any answer leaves.
 */
export interface Storage {
  exec(
    query: string,
    ...bindings: readonly (ArrayBuffer | string | number | null)[]
  ): Record<string, SqlStorageValue>[];
  transactionSync<T>(run: () => T): T;
}

/** A storage that knows its size. */
export interface SizedStorage extends Storage {
  /** Bytes in use, without freed pages. */
  sizeBytes(): number;
}

/** Adapts the platform's storage. */
export function durableStorage(storage: DurableObjectStorage): SizedStorage {
  return {
    exec: (query, ...bindings) => storage.sql.exec(query, ...bindings).toArray(),
    transactionSync: (run) => storage.transactionSync(run),
    sizeBytes: () => storage.sql.databaseSize,
  };
}
