// SPDX-License-Identifier: Apache-2.0
// A log's stores in memory, each with a switch that makes it fail, and a host whose clock the test sets.

import type { Advance } from "../../../shared/rpc/anchor.ts";
import type { IndexedEntry, IndexedLog } from "../../../shared/search/index-writes.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { sameHead, type TreeHead } from "../../../shared/tlog/head.ts";
import type { AnchorPort, Host, ObjectStore, SearchIndex } from "../../../workers/sequencer/deps.ts";

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
export class MemoryIndex implements SearchIndex {
  readonly entries = new Map<number, IndexedEntry>();
  failing: string | null = null;
  /** Number of calls. */
  writes = 0;

  write(_log: IndexedLog, entries: readonly IndexedEntry[]): Promise<number> {
    this.writes++;
    if (this.failing !== null) return Promise.reject(new Error(this.failing));
    if (entries[0]?.leafIndex === this.complete) for (const entry of entries) this.entries.set(entry.leafIndex, entry);
    return Promise.resolve(this.complete);
  }

  /** The size through which the index is complete. */
  get complete(): number {
    let size = 0;
    while (this.entries.has(size)) size++;
    return size;
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
export class MemoryHost implements Host {
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
  runAfter(milliseconds: number, callback: () => void): () => void {
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
