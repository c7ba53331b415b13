// SPDX-License-Identifier: Apache-2.0
// Submissions that wait for their round, bounded in number and bytes so that no crowd can fill the object's memory.

/** A round takes at most so much: 64 entries keep it below 10 ms of CPU, 1 MiB below a slow fsync. */
const MAX_ROUND_ENTRIES = 64;
export const MAX_ROUND_BYTES = 1024 * 1024;
/** Sixteen rounds; at 700 entries a second a waiter at the end is served within two seconds. */
const MAX_POOL_ENTRIES = 1024;
export const MAX_POOL_BYTES = 8 * 1024 * 1024;

export interface Sized {
  readonly bytes: number;
}

/** First in, first out. */
export class Pool<Item extends Sized> {
  #items: Item[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** False, and nothing is kept, if the pool is full in entries or bytes. */
  add(item: Item): boolean {
    if (this.#items.length >= MAX_POOL_ENTRIES || this.#bytes + item.bytes > MAX_POOL_BYTES) return false;
    this.#items.push(item);
    this.#bytes += item.bytes;
    return true;
  }

  /** What fits into one round, at least one item if there is any; these are out of the pool. */
  takeRound(): readonly Item[] {
    let count = 0;
    let bytes = 0;
    for (const item of this.#items) {
      bytes += item.bytes;
      if (count === MAX_ROUND_ENTRIES || (count > 0 && bytes > MAX_ROUND_BYTES)) break;
      count++;
    }
    return this.#remove(count);
  }

  takeAll(): readonly Item[] {
    return this.#remove(this.#items.length);
  }

  /** Takes out one item, wherever it stands; false if it is not there any more. */
  remove(item: Item): boolean {
    const at = this.#items.indexOf(item);
    if (at < 0) return false;
    this.#items.splice(at, 1);
    this.#bytes -= item.bytes;
    return true;
  }

  #remove(count: number): readonly Item[] {
    const taken = this.#items.slice(0, count);
    this.#items = this.#items.slice(count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }
}
