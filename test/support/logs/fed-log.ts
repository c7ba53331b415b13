// SPDX-License-Identifier: Apache-2.0
// A log that is fed to a witness: its leaves, its key, and the requests of an honest or dishonest feeder. Written from
// RFC 6962 and C2SP over node:crypto; shares nothing with the code under test.

import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult, sign } from "node:crypto";
import { naiveRoot } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** A log with an Ed25519 key. */
export class FedLog {
  readonly origin: string;
  readonly #keys: KeyPairKeyObjectResult;
  readonly #keyId: Buffer;
  readonly vkey: string;
  readonly leaves: Buffer[] = [];

  constructor(origin: string, keys = generateKeyPairSync("ed25519")) {
    this.origin = origin;
    this.#keys = keys;
    const raw = this.#keys.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const key = Buffer.concat([Buffer.of(1), raw]);
    this.#keyId = createHash("sha256").update(`${origin}\n`).update(key).digest().subarray(0, 4);
    this.vkey = `${origin}+${this.#keyId.toString("hex")}+${key.toString("base64")}`;
  }

  /** Appends leaves. Another `history` gives another tree. */
  grow(count: number, history = "main"): this {
    for (let i = 0; i < count; i++) this.leaves.push(plainLeafHash(Buffer.from(`${history} ${this.leaves.length}`)));
    return this;
  }

  /** Forks the log: the same key and the first `keep` leaves, then others. */
  fork(keep: number, size: number): FedLog {
    const fork = new FedLog(this.origin, this.#keys);
    fork.leaves.push(...this.leaves.slice(0, keep));
    return fork.grow(size - keep, "fork");
  }

  root(size = this.leaves.length): Buffer {
    return naiveRoot(this.leaves, 0, size);
  }

  /** The text of the checkpoint of a tree size. */
  text(size = this.leaves.length, root = this.root(size)): string {
    return `${this.origin}\n${size}\n${root.toString("base64")}\n`;
  }

  line(text: string): string {
    const signature = sign(null, Buffer.from(text), this.#keys.privateKey);
    return `— ${this.origin} ${Buffer.concat([this.#keyId, signature]).toString("base64")}\n`;
  }

  checkpoint(size = this.leaves.length): string {
    const text = this.text(size);
    return `${text}\n${this.line(text)}`;
  }

  /** PROOF(m, D[n]), exactly as in RFC 6962 §2.1.2. */
  proof(oldSize: number, newSize = this.leaves.length): readonly Buffer[] {
    return oldSize === 0 || oldSize === newSize ? [] : this.#subproof(oldSize, 0, newSize, true);
  }

  #subproof(m: number, start: number, end: number, isWhole: boolean): readonly Buffer[] {
    const n = end - start;
    if (m === n) return isWhole ? [] : [naiveRoot(this.leaves, start, end)];
    let k = 1;
    while (2 * k < n) k *= 2;
    return m <= k
      ? [...this.#subproof(m, start, start + k, isWhole), naiveRoot(this.leaves, start + k, end)]
      : [...this.#subproof(m - k, start + k, end, false), naiveRoot(this.leaves, start, start + k)];
  }

  /** The request of an honest feeder that believes the witness to be at `oldSize`. */
  request(oldSize: number, newSize = this.leaves.length): string {
    return request(oldSize, this.proof(oldSize, newSize), this.checkpoint(newSize));
  }
}

/** Formats an add-checkpoint request. */
export const request = (oldSize: number | string, proof: readonly Buffer[], checkpoint: string): string =>
  `old ${oldSize}\n${proof.map((hash) => `${hash.toString("base64")}\n`).join("")}\n${checkpoint}`;
