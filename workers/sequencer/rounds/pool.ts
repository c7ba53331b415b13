// SPDX-License-Identifier: Apache-2.0
// Submissions that wait for a round. Bounded in number and bytes, so that no crowd can fill the object's memory.

/** 64 entries keep a round below 10 ms of CPU. */
const MAX_ROUND_ENTRIES = 64;
/** 1 MiB keeps a round below a slow fsync. */
export const MAX_ROUND_BYTES = 1024 * 1024;
/** Sixteen rounds. At 700 entries a second the last waiter is served within two seconds. */
const MAX_POOL_ENTRIES = 1024;
/** 256 entries of 32 KiB; the object has 128 MB. */
export const MAX_POOL_BYTES = 8 * 1024 * 1024;

/** An item that counts against the pool's byte limit. */
export interface Sized {
  readonly bytes: number;
}

/** A bounded queue: first in, first out. */
export class Pool<Item extends Sized> {
  #items: Item[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Adds an item. False, and nothing is added, if the pool is full in entries or bytes. */
  add(item: Item): boolean {
    if (this.#items.length >= MAX_POOL_ENTRIES || this.#bytes + item.bytes > MAX_POOL_BYTES) return false;
    this.#items.push(item);
    this.#bytes += item.bytes;
    return true;
  }

  /** Removes what fits into one round, at least one item if there is any, and returns it. */
  takeRound(): readonly Item[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#items) {
      bytes += item.bytes;
      if (count === MAX_ROUND_ENTRIES || (count > 0 && bytes > MAX_ROUND_BYTES)) break;
      count++;
    }
    return this.#take(count);
  }

  /** Empties the pool and returns what was in it. */
  takeAll(): readonly Item[] {
    return this.#take(this.#items.length);
  }

  /** Removes one item, wherever it is. False if it is not in the pool. */
  remove(item: Item): boolean {
    const at = this.#items.indexOf(item);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    this.#bytes -= item.bytes;
    return true;
  }

  #take(count: number): readonly Item[] {
    const taken = this.#items.slice(0, count);
    this.#items = this.#items.slice(count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }
}
