// SPDX-License-Identifier: Apache-2.0
// Reproducible randomness: xoshiro128** (Blackman and Vigna), seeded by splitmix32.

/** A source of numbers that its seed reproduces. */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let filler = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      filler = (filler + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(filler ^ (filler >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      this.#state[i] = mixed ^ (mixed >>> 15);
    }
  }

  /** A number in [0, 1). */
  next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const [c2, d2] = [c ^ a, d ^ b];
    this.#state.set([a ^ d2, b ^ c2, c2 ^ (b << 9), rotate(d2, 11)]);
    return result / 2 ** 32;
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** A number between two positive ones; every order of magnitude is equally likely. */
  spread(from: number, to: number): number {
    return from * (to / from) ** this.next();
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
