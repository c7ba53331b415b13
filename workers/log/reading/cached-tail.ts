// SPDX-License-Identifier: Apache-2.0
// Caches a log's head and tail in an isolate for one second, so that public reads cannot keep the sequencer from
// signing. Caches values, never pending promises: the platform cancels a promise together with the request that made
// it.

import { err, ok, type Result } from "../../../shared/result.ts";
import type { SequencerRpc, TailAnswer, TailEntry } from "../../../shared/rpc/sequencer.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";

/** The reading half of the sequencer. A rejected promise is the platform's failure. */
export type Tail = Pick<SequencerRpc, "head" | "readTile" | "readBundle" | "readEntry">;

/** The part of a head that readers need. The answer to an append holds no more. */
export type ServedHead = Omit<SignedTreeHead, "timestamp">;

/** Called before a read reaches the sequencer. False rejects the read. */
export type Admission = () => Promise<boolean>;

export interface ReadsLimited {
  readonly code: "reads_limited";
}

const KEPT_MS = 1000;
/** About a thousand tiles, out of the 128 MB that all requests of an isolate share. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** Approximate cost of a key and its place in the map. */
const OVERHEAD_BYTES = 256;

/** Values that are at most a second old. Cleared entirely once MAX_KEPT_BYTES have been added. */
class ShortMemory<T> {
  readonly #sizeOf: (value: T) => number;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();
  #bytes = 0;

  constructor(now: () => number, sizeOf: (value: T) => number) {
    this.#now = now;
    this.#sizeOf = sizeOf;
  }

  get(key: string): T | null {
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.until > this.#now() ? kept.value : null;
  }

  set(key: string, value: T): void {
    this.#bytes += this.#sizeOf(value) + OVERHEAD_BYTES;
    if (this.#bytes > MAX_KEPT_BYTES) {
      this.#kept.clear();
      this.#bytes = 0;
      return;
    }
    this.#kept.set(key, { value, until: this.#now() + KEPT_MS });
  }
}

/** The newest of some heads, for a second after the last. */
class HeldHead {
  #head: ServedHead | null = null;
  #until = 0;

  read(now: number): ServedHead | null {
    return this.#until > now ? this.#head : null;
  }

  /** Returns the newest that was kept: the head that readers see never shrinks. */
  keep(head: ServedHead, now: number): ServedHead {
    const newest = this.#head === null || head.treeSize >= this.#head.treeSize ? head : this.#head;
    this.#head = newest;
    this.#until = now + KEPT_MS;
    return newest;
  }
}

/** The tail of one log, cached in one isolate. */
export class CachedTail {
  readonly #source: () => Tail;
  readonly #now: () => number;
  readonly #slices: ShortMemory<Uint8Array>;
  readonly #entries: ShortMemory<TailEntry>;
  /** The newest head that the sequencer shows to the public. */
  readonly #shown = new HeldHead();
  /** The newest head that this isolate knows. The sequencer may not show it yet, because no witness has cosigned it. */
  readonly #known = new HeldHead();

  /** @param source returns a new stub for each call: a stub that has thrown stays broken */
  constructor(source: () => Tail, now: () => number) {
    this.#source = source;
    this.#now = now;
    this.#slices = new ShortMemory(now, (bytes) => bytes.length);
    this.#entries = new ShortMemory(now, ({ record }) => record.length);
  }

  /**
   * Returns the head that is shown to the public, at most a second old. If it has fewer than `minTreeSize` leaves,
   * returns a newer one: its witnesses may be missing, but what was acknowledged must be provable.
   */
  async readHead(admit: Admission, minTreeSize = 0): Promise<Result<ServedHead, ReadsLimited>> {
    let shown = this.#shown.read(this.#now());
    if (shown === null) {
      if (!(await admit())) return err({ code: "reads_limited" });
      shown = this.#shown.keep(await this.#source().head(), this.#now());
    }
    if (shown.treeSize >= minTreeSize) return ok(shown);
    const known = this.#known.read(this.#now());
    if (known !== null && known.treeSize >= minTreeSize) return ok(known);
    if (!(await admit())) return err({ code: "reads_limited" });
    return ok(this.#known.keep(await this.#source().head(minTreeSize), this.#now()));
  }

  /**
   * Takes the head of an append, for proofs. It is shown to the public only if the sequencer says so: a head that lacks
   * witnesses must not take the place of one that has them.
   */
  observe(head: ServedHead, isShown: boolean): void {
    this.#known.keep(head, this.#now());
    if (isShown) this.#shown.keep(head, this.#now());
  }

  /** As SequencerRpc.readTile. */
  readTile(admit: Admission, level: number, index: number, width: number): Promise<TailRead<Uint8Array>> {
    const read = (): Promise<TailAnswer<Uint8Array>> => this.#source().readTile(level, index, width);
    return readThrough({ memory: this.#slices, key: `${level}/${index}/${width}`, read, admit });
  }

  /** As SequencerRpc.readBundle. */
  readBundle(admit: Admission, index: number, width: number): Promise<TailRead<Uint8Array>> {
    const read = (): Promise<TailAnswer<Uint8Array>> => this.#source().readBundle(index, width);
    return readThrough({ memory: this.#slices, key: `bundle/${index}/${width}`, read, admit });
  }

  /** As SequencerRpc.readEntry. */
  readEntry(admit: Admission, leafIndex: number): Promise<TailRead<TailEntry>> {
    const read = (): Promise<TailAnswer<TailEntry>> => this.#source().readEntry(leafIndex);
    return readThrough({ memory: this.#entries, key: String(leafIndex), read, admit });
  }
}

export type TailRead<T> = Result<TailAnswer<T>, ReadsLimited>;

interface CachedRead<T> {
  readonly memory: ShortMemory<T>;
  readonly key: string;
  readonly read: () => Promise<TailAnswer<T>>;
  readonly admit: Admission;
}

/** Caches only `found`: a cached `beyond` would hide an entry that has been acknowledged since. */
async function readThrough<T>({ memory, key, read, admit }: CachedRead<T>): Promise<TailRead<T>> {
  const kept = memory.get(key);
  if (kept !== null) return ok({ kind: "found", value: kept });
  if (!(await admit())) return err({ code: "reads_limited" });
  const answer = await read();
  if (answer.kind === "found") memory.set(key, answer.value);
  return ok(answer);
}
