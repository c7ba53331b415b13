// SPDX-License-Identifier: Apache-2.0
// What one isolate keeps of a log's head and tail for a second, so that public reads cannot stop the sequencer from signing.
// It keeps values, never another request's pending promise: the platform cancels a promise together with its request.

import { err, ok, type Result } from "../../../shared/result.ts";
import type { SequencerRpc, TailAnswer, TailEntry } from "../../../shared/rpc/sequencer.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";

/** The reading half of the sequencer. A rejected promise is the platform's failure. */
export type Tail = Pick<SequencerRpc, "head" | "readTile" | "readBundle" | "readEntry">;

/** What readers need of a head, and all that comes with an appended entry. */
export type ServedHead = Omit<SignedTreeHead, "timestamp">;

/** Asked before a read reaches the sequencer; false refuses it. */
export type Admission = () => Promise<boolean>;

export interface ReadsLimited {
  readonly code: "reads_limited";
}

const KEPT_MS = 1000;
/** Of the 128 MB that all requests of an isolate share; about a thousand tiles. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** What a key and its place in the map cost beside the value, roughly. */
const OVERHEAD_BYTES = 256;

/** What a key had at most a second ago. Emptied as a whole once MAX_KEPT_BYTES have come in. */
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

/** One log's tail as one isolate sees it. */
export class CachedTail {
  readonly #source: () => Tail;
  readonly #now: () => number;
  readonly #slices: ShortMemory<Uint8Array>;
  readonly #entries: ShortMemory<TailEntry>;
  #head: ServedHead | null = null;
  #headUntil = 0;

  /** @param source gives a new stub for each call: a stub that threw once is broken for good. */
  constructor(source: () => Tail, now: () => number) {
    this.#source = source;
    this.#now = now;
    this.#slices = new ShortMemory(now, (bytes) => bytes.length);
    this.#entries = new ShortMemory(now, ({ record }) => record.length);
  }

  /** A head at most a second old, or a fresh one if that one has fewer than `minTreeSize` leaves. */
  async head(admit: Admission, minTreeSize = 0): Promise<Result<ServedHead, ReadsLimited>> {
    const kept = this.#head;
    if (kept !== null && this.#headUntil > this.#now() && kept.treeSize >= minTreeSize) return ok(kept);
    if (!(await admit())) return err({ code: "reads_limited" });
    return ok(this.observe(await this.#source().head()));
  }

  /** Takes note of a head, one that came with an append perhaps, and gives the newest known: what is shown never shrinks. */
  observe(head: ServedHead): ServedHead {
    const newest = this.#head === null || head.treeSize >= this.#head.treeSize ? head : this.#head;
    this.#head = newest;
    this.#headUntil = this.#now() + KEPT_MS;
    return newest;
  }

  /** As SequencerRpc.readTile. */
  tile(admit: Admission, level: number, index: number, width: number): Promise<TailRead<Uint8Array>> {
    const read = (): Promise<TailAnswer<Uint8Array>> => this.#source().readTile(level, index, width);
    return remembered({ memory: this.#slices, key: `${level}/${index}/${width}`, read, admit });
  }

  /** As SequencerRpc.readBundle. */
  bundle(admit: Admission, index: number, width: number): Promise<TailRead<Uint8Array>> {
    const read = (): Promise<TailAnswer<Uint8Array>> => this.#source().readBundle(index, width);
    return remembered({ memory: this.#slices, key: `bundle/${index}/${width}`, read, admit });
  }

  /** As SequencerRpc.readEntry. */
  entry(admit: Admission, leafIndex: number): Promise<TailRead<TailEntry>> {
    const read = (): Promise<TailAnswer<TailEntry>> => this.#source().readEntry(leafIndex);
    return remembered({ memory: this.#entries, key: String(leafIndex), read, admit });
  }
}

export type TailRead<T> = Result<TailAnswer<T>, ReadsLimited>;

interface Remembered<T> {
  readonly memory: ShortMemory<T>;
  readonly key: string;
  readonly read: () => Promise<TailAnswer<T>>;
  readonly admit: Admission;
}

/** Keeps what was found, and nothing else: a kept `beyond` would hide an entry that has been acknowledged since. */
async function remembered<T>({ memory, key, read, admit }: Remembered<T>): Promise<TailRead<T>> {
  const kept = memory.get(key);
  if (kept !== null) return ok({ kind: "found", value: kept });
  if (!(await admit())) return err({ code: "reads_limited" });
  const answer = await read();
  if (answer.kind === "found") memory.set(key, answer.value);
  return ok(answer);
}
