// SPDX-License-Identifier: Apache-2.0
// Remembers a hash of each entry of a log, to find entries that are logged twice. Grows by 32 bytes an entry, in memory
// and in a file that later audits continue.

import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const HASH_BYTES = 32;
const FIRST_SLOTS = 1024;
/** The hash of an entry that is not compared with others. */
const NOT_COMPARED = Buffer.alloc(HASH_BYTES);

/** Hashes of entries in the order of the log. */
export class SeenEntries {
  readonly #file: string | null;
  /** The number of entries whose hashes the file has. */
  #written = 0;
  #size = 0;
  #hashes = Buffer.alloc(0);
  /** Index of an entry, plus one; zero for an empty slot. Open addressing: hashes are uniform. */
  #slots = new Float64Array(FIRST_SLOTS);

  /** Starts with none. @param file where `save` writes; null keeps them in memory */
  constructor(file: string | null = null) {
    this.#file = file;
  }

  /** Starts with the first `size` entries of the file. Null if the file does not have them. */
  static resume(file: string, size: number): SeenEntries | null {
    const seen = new SeenEntries(file);
    if (size === 0) return seen;
    const stored = readIfPresent(file);
    if (stored.length < size * HASH_BYTES) return null;
    seen.add(stored.subarray(0, size * HASH_BYTES));
    seen.#written = size;
    return seen;
  }

  /** Adds the hashes of the next entries. Returns each entry that an earlier one repeats, with that one. */
  add(hashes: Uint8Array): readonly { readonly leafIndex: number; readonly earlier: number }[] {
    const repeated: { readonly leafIndex: number; readonly earlier: number }[] = [];
    this.#reserve(hashes.length / HASH_BYTES);
    this.#hashes.set(hashes, this.#size * HASH_BYTES);
    for (const end = this.#size + hashes.length / HASH_BYTES; this.#size < end; this.#size++) {
      const earlier = this.#insert(this.#size);
      if (earlier !== null) repeated.push({ leafIndex: this.#size, earlier });
    }
    return repeated;
  }

  /** Writes the first `size` hashes, which the audit's state then counts on. Throws the error of the file system. */
  save(size: number): void {
    if (this.#file === null || size === this.#written) return;
    mkdirSync(dirname(this.#file), { recursive: true });
    const isNew = this.#written === 0;
    const descriptor = openSync(this.#file, isNew ? "w" : "r+", 0o600);
    try {
      ftruncateSync(descriptor, this.#written * HASH_BYTES);
      writeAll(
        descriptor,
        this.#hashes.subarray(this.#written * HASH_BYTES, size * HASH_BYTES),
        this.#written * HASH_BYTES,
      );
      this.#written = size;
    } finally {
      closeSync(descriptor);
    }
  }

  /** Puts an entry into the table unless one with its hash is there: then returns that one. */
  #insert(index: number): number | null {
    const hash = this.#hashAt(index);
    if (hash.equals(NOT_COMPARED)) return null;
    const mask = this.#slots.length - 1;
    for (let slot = hash.readUInt32LE() & mask; ; slot = (slot + 1) & mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) {
        this.#slots[slot] = index + 1;
        return null;
      }
      if (this.#hashAt(taken - 1).equals(hash)) return taken - 1;
    }
  }

  #hashAt(index: number): Buffer {
    return this.#hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  #reserve(added: number): void {
    const needed = this.#size + added;
    if (needed * HASH_BYTES > this.#hashes.length) {
      const larger = Buffer.alloc(Math.max(2 * this.#hashes.length, needed * HASH_BYTES));
      larger.set(this.#hashes.subarray(0, this.#size * HASH_BYTES));
      this.#hashes = larger;
    }
    if (2 * needed <= this.#slots.length) return;
    let slots = this.#slots.length;
    while (slots < 2 * needed) slots *= 2;
    this.#slots = new Float64Array(slots);
    for (let index = 0; index < this.#size; index++) this.#insert(index);
  }
}

function readIfPresent(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}
