// SPDX-License-Identifier: Apache-2.0
// What the sequencer needs of the world, each as narrow as its use, so that a test can make any of them fail at any call.

import type { Advance } from "../../shared/rpc/anchor.ts";
import type { SearchRow } from "../../shared/search/row.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { TreeHead } from "../../shared/tlog/head.ts";

/** The Durable Object's SQLite. Every call is synchronous; what one turn writes becomes durable as a whole before any answer leaves. */
export interface Storage {
  exec(
    query: string,
    ...bindings: readonly (ArrayBuffer | string | number | null)[]
  ): Record<string, SqlStorageValue>[];
  transactionSync<T>(run: () => T): T;
}

/** R2. A rejected promise says nothing about whether the call took effect. */
export interface ObjectStore {
  get(key: string): Promise<Uint8Array | null>;
  /** Creates the object; false if the key is taken (whatever is there stays as it is). */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Every key that begins so. */
  list(prefix: string): Promise<readonly string[]>;
  /** Takes an object away; of backups only. Done also if there is none. */
  remove(key: string): Promise<void>;
}

export interface IndexedEntry {
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
  readonly search: SearchRow;
}

/** D1. Writing the same entries again changes nothing. */
export interface SearchIndex {
  write(log: string, entries: readonly IndexedEntry[]): Promise<void>;
}

export type { Advance };

/** The anchor of this log: storage of its own, so that a sequencer restored to an older state is found out. */
export interface AnchorPort {
  read(): Promise<TreeHead | null>;
  /** True once `to` is durable there; false if the anchor holds neither `from` nor `to`. Safe to repeat. */
  advance(step: Advance): Promise<boolean>;
}

export interface Host {
  now(): UnixMs;
  /** 16 random bytes as hex. */
  randomId(): string;
  /** Drops this object and its memory; the next call starts from storage. */
  abort(reason: string): void;
  /** Keeps the object alive until the work is done; the work does not reject. */
  keepAlive(work: Promise<void>): void;
  pause(milliseconds: number): Promise<void>;
  /** Wakes the object at that time at the latest. */
  setAlarm(at: UnixMs): void;
  /** Runs `callback` unless the function given back is called before. */
  after(milliseconds: number, callback: () => void): () => void;
  logLine(event: string, data: Readonly<Record<string, string | number>>): void;
}
