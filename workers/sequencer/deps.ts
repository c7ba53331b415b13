// SPDX-License-Identifier: Apache-2.0
// The ports of a log. Each port is as narrow as its use, so that a test can make any call of it fail.

import type { LogConfig } from "../../shared/logs/config.ts";
import type { Advance } from "../../shared/rpc/anchor.ts";
import type { IndexedEntry, IndexedLog } from "../../shared/search/index-writes.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { Ed25519Verify } from "../../shared/tlog/cosignature.ts";
import type { TreeHead } from "../../shared/tlog/head.ts";
import type { WitnessPolicy } from "../../shared/tlog/policy.ts";
import type { LogFormat, Submission } from "./kinds/kind.ts";
import type { LogStorage } from "./storage.ts";

/** Everything that a log is made of. */
export interface LogDeps {
  readonly config: LogConfig;
  readonly format: LogFormat;
  /** The entries that a new log is created with. */
  readonly genesis: readonly Submission[];
  readonly storage: LogStorage;
  readonly objects: ObjectStore;
  readonly index: SearchIndex;
  readonly anchor: AnchorPort;
  readonly host: Host;
  /** The shortest time between two backups of the tail. */
  readonly backupEveryMs: number;
  readonly maxStorageBytes: number;
  /** Null for a log without witnesses. */
  readonly witnessing: Witnessing | null;
  /** URL of the log that writers of a frozen or full log should use, null if there is none. */
  readonly successor: (now: UnixMs) => string | null;
}

/** R2. A rejected promise does not say whether the call took effect. */
export interface ObjectStore {
  get(key: string): Promise<Uint8Array | null>;
  /** Creates the object. False if the key is taken; the object under it stays as it is. */
  create(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Every key with this prefix. */
  list(prefix: string): Promise<readonly string[]>;
  /** Deletes a backup; no other object is ever deleted. Succeeds if there is none. */
  remove(key: string): Promise<void>;
}

/** D1. Writing the same entries again changes nothing. */
export interface SearchIndex {
  /**
   * Appends entries without a gap between them. Returns the size through which the index is complete. If it was not the
   * index of the first entry, nothing is written: the index has lost rows, or was ahead. Rejects, and writes nothing,
   * if it holds rows of another log.
   */
  write(log: IndexedLog, entries: readonly IndexedEntry[]): Promise<number>;
}

/**
 * The anchor of this log. It has storage of its own, so it exposes a sequencer whose storage was restored to an older
 * state.
 */
export interface AnchorPort {
  read(): Promise<TreeHead | null>;
  /** True once the anchor holds `to` durably; false if it holds neither `from` nor `to`. Safe to repeat. */
  advance(step: Advance): Promise<boolean>;
}

/** The log's witnesses, and whether answers wait for them. */
export interface Witnessing {
  readonly policy: WitnessPolicy;
  readonly requireQuorum: boolean;
  readonly verify: Ed25519Verify;
  /** POSTs to a witness. Rejects if the witness cannot be reached within a few seconds. */
  readonly post: (url: string, body: string) => Promise<WitnessAnswer>;
}

/** The answer of a witness. */
export interface WitnessAnswer {
  readonly status: number;
  /** At most 64 KiB. */
  readonly body: string;
}

/** The clock, timers and life cycle of the Durable Object. */
export interface Host {
  now(): UnixMs;
  /** 16 random bytes in hex. */
  randomId(): string;
  /** Drops this object and its memory. The next call starts from storage. */
  abort(reason: string): void;
  /** Keeps the object alive until `work` is done. `work` must not reject. */
  keepAlive(work: Promise<void>): void;
  pause(milliseconds: number): Promise<void>;
  /** Wakes the object at this time at the latest. */
  setAlarm(at: UnixMs): void;
  /** Runs `callback` unless the returned function is called first. */
  runAfter(milliseconds: number, callback: () => void): () => void;
  logLine(event: string, data: Readonly<Record<string, string | number>>): void;
}
