// SPDX-License-Identifier: Apache-2.0
// The tree of RFC 6962 over node:crypto. Keeps all nodes of all perfect subtrees, so it has the root of any earlier
// size and the hashes of any tile. Shares nothing with the code under test.

import { plainNodeHash, sha256 } from "../support/logs/tree-hashes.ts";

/** A tree that grows leaf by leaf. */
export class PlainTree {
  /** levels[h][i]: root of leaves [i·2^h, (i+1)·2^h). */
  readonly #levels: Buffer[][] = [[]];

  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  push(leaf: Buffer): void {
    let node = leaf;
    for (let height = 0; ; height++) {
      const level = (this.#levels[height] ??= []);
      level.push(node);
      const left = level.at(-2);
      if (level.length % 2 === 1 || left === undefined) return;
      node = plainNodeHash(left, node);
    }
  }

  /** MTH of the first `size` leaves. */
  root(size: number): Buffer {
    let root: Buffer | null = null;
    // From the smallest perfect subtree, on the right, to the largest.
    for (let height = 0, rest = size; rest > 0; height++, rest = Math.floor(rest / 2)) {
      if (rest % 2 === 0) continue;
      const node = this.#levels[height]?.[rest - 1];
      if (node === undefined) throw new RangeError(`no tree of ${size}`);
      root = root === null ? node : plainNodeHash(node, root);
    }
    return root ?? sha256();
  }

  /** The first `width` hashes of a tile, concatenated. */
  tile(level: number, index: number, width: number): Buffer {
    return Buffer.concat((this.#levels[8 * level] ?? []).slice(index * 256, index * 256 + width));
  }

  copy(): PlainTree {
    const copy = new PlainTree();
    for (const [height, level] of this.#levels.entries()) copy.#levels[height] = [...level];
    return copy;
  }
}
