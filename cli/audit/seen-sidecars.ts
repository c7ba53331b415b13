// SPDX-License-Identifier: Apache-2.0
// The sidecars that earlier audits of a log have read, as hashes. Nobody signs a sidecar, but a log writes each once:
// one that changes is a lie, whatever it says. Grows by 32 bytes a full bundle.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SidecarLine } from "../../shared/rekor/sidecar.ts";

const HASH_BYTES = 32;
/** The hash of a bundle whose sidecar no audit has read. */
const NOT_SEEN = Buffer.alloc(HASH_BYTES);

/** Hashes of sidecars by bundle: those that were seen first. */
export class SeenSidecars {
  readonly #file: string | null;
  #hashes: Buffer = Buffer.alloc(0);
  #isChanged = false;

  /** Starts with none. @param file where `save` writes; null keeps them in memory */
  constructor(file: string | null = null) {
    this.#file = file;
  }

  /** Starts with those of the file, if there is one. */
  static resume(file: string): SeenSidecars {
    const seen = new SeenSidecars(file);
    try {
      seen.#hashes = readFileSync(file);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
    return seen;
  }

  /** Takes the lines of a full bundle. Whether they are those that were seen before, if any were. */
  accept(bundle: number, lines: readonly SidecarLine[]): boolean {
    const hash = createHash("sha256").update(JSON.stringify(lines)).digest();
    const [start, end] = [bundle * HASH_BYTES, (bundle + 1) * HASH_BYTES];
    if (this.#hashes.length < end) {
      this.#hashes = Buffer.concat([this.#hashes, Buffer.alloc(Math.max(end, 2 * this.#hashes.length))]);
    }
    const before = this.#hashes.subarray(start, end);
    if (!before.equals(NOT_SEEN)) return before.equals(hash);
    hash.copy(this.#hashes, start);
    this.#isChanged = true;
    return true;
  }

  /** Writes what is new. Throws the error of the file system. */
  save(): void {
    if (this.#file === null || !this.#isChanged) return;
    mkdirSync(dirname(this.#file), { recursive: true });
    const unfinished = `${this.#file}.${process.pid}.new`;
    writeFileSync(unfinished, this.#hashes, { mode: 0o600 });
    renameSync(unfinished, this.#file);
    this.#isChanged = false;
  }
}
