// SPDX-License-Identifier: Apache-2.0
// Decompresses one member of a gzip file, and says where it ends: an Alpine package is several members, of which each
// means something else, and DecompressionStream does not tell them apart. The output is bounded while it grows.
// Spec: RFC 1951 §3.2; RFC 1952 §2.2, §2.3, §8

import { err, ok, type Result } from "../../result.ts";

/** The bytes are not a gzip member without optional header fields, or it is too large. */
export interface GzipError {
  readonly code: "gzip_invalid" | "gzip_too_large";
}

/** A member's contents, and the index after its last byte. */
export interface GzipMember {
  readonly contents: Uint8Array;
  readonly end: number;
}

/** Thrown within this file and caught by decodeGzipMember. */
class GzipSyntaxError extends Error {
  readonly code: GzipError["code"];
  constructor(code: GzipError["code"]) {
    super(code);
    this.code = code;
  }
}

const HEADER_BYTES = 10;
/** gzip makes one block of 16 KiB. Making its codes costs CPU even if nothing is in it. */
const MAX_BLOCKS = 2;

/**
 * Decodes the member at the beginning of `bytes`, and checks its CRC and its length. Fails with gzip_invalid, and with
 * gzip_too_large if the contents have more than `maxBytes`.
 */
export function decodeGzipMember(bytes: Uint8Array, maxBytes: number): Result<GzipMember, GzipError> {
  // ID1 ID2 CM FLG: deflate, without a name, a comment or extra fields.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || bytes[3] !== 0) return err({ code: "gzip_invalid" });
  try {
    const input = new BitReader(bytes, HEADER_BYTES);
    const output = new Output(maxBytes);
    let blocks = 1;
    while (!readBlock(input, output)) if (++blocks > MAX_BLOCKS) return err({ code: "gzip_too_large" });
    input.skipToByte();
    const [crc, length] = [input.word(), input.word()];
    const { contents } = output;
    return crc === crc32(contents) && length === contents.length
      ? ok({ contents, end: input.position })
      : err({ code: "gzip_invalid" });
  } catch (error) {
    if (error instanceof GzipSyntaxError) return err({ code: error.code });
    throw error;
  }
}

/** Reads bits, the lowest of a byte first. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Reads a number of at most 16 bits. */
  bits(count: number): number {
    for (; this.#count < count; this.#count += 8) this.#bits |= this.byte() << this.#count;
    const value = this.#bits & ((1 << count) - 1);
    this.#bits >>>= count;
    this.#count -= count;
    return value;
  }

  /** Reads a symbol, bit by bit: code after code of one length, then of the next (RFC 1951 §3.2.2). */
  symbol({ counts, symbols }: Code): number {
    let held = this.#bits;
    let left = this.#count;
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      if (left === 0) {
        held = this.byte();
        left = 8;
      }
      code |= held & 1;
      held >>>= 1;
      left--;
      const count = counts[bits] ?? 0;
      if (code - first < count) {
        this.#bits = held;
        this.#count = left;
        return symbols[index + code - first] ?? 0;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new GzipSyntaxError("gzip_invalid");
  }

  /** Reads a byte; only at the boundary of one. */
  byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new GzipSyntaxError("gzip_invalid");
    this.#at++;
    return byte;
  }

  /** Drops the rest of a byte that has been begun. */
  skipToByte(): void {
    this.#bits = 0;
    this.#count = 0;
  }

  /** Reads 32 bits at the boundary of a byte. */
  word(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  get position(): number {
    return this.#at;
  }
}

/** The bytes so far: later ones copy earlier ones. */
class Output {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(4096);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(byte: number): void {
    if (this.#length === this.#maxBytes) throw new GzipSyntaxError("gzip_too_large");
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  copy(distance: number, length: number): void {
    if (distance > this.#length) throw new GzipSyntaxError("gzip_invalid");
    for (let i = 0; i < length; i++) this.push(this.#bytes[this.#length - distance] ?? 0);
  }

  get contents(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads one block; returns whether it is the last. */
function readBlock(input: BitReader, output: Output): boolean {
  const isLast = input.bits(1) === 1;
  switch (input.bits(2)) {
    case 0:
      readStored(input, output);
      return isLast;
    case 1:
      readCompressed(input, output, makeFixedCodes());
      return isLast;
    case 2:
      readCompressed(input, output, readCodes(input));
      return isLast;
    default:
      throw new GzipSyntaxError("gzip_invalid");
  }
}

function readStored(input: BitReader, output: Output): void {
  input.skipToByte();
  const [length, complement] = [input.bits(16), input.bits(16)];
  if (length !== (complement ^ 0xffff)) throw new GzipSyntaxError("gzip_invalid");
  for (let i = 0; i < length; i++) output.push(input.byte());
}

/** A Huffman code: how many codes have each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: readonly number[];
}

interface Codes {
  readonly literals: Code;
  readonly distances: Code;
}

const MAX_CODE_BITS = 15;

/** RFC 1951 §3.2.2. A code must be complete, or have one symbol of one bit, or none at all. */
function toCode(lengths: readonly number[]): Code {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (const bits of lengths) counts[bits] = (counts[bits] ?? 0) + 1;
  let free = 1;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    free = 2 * free - (counts[bits] ?? 0);
    if (free < 0) throw new GzipSyntaxError("gzip_invalid");
  }
  const used = lengths.length - (counts[0] ?? 0);
  const isTiny = used === 0 || (used === 1 && counts[1] === 1);
  if (free > 0 && !isTiny) throw new GzipSyntaxError("gzip_invalid");
  const symbols = lengths.map((_, symbol) => symbol).filter((symbol) => lengths[symbol] !== 0);
  return { counts, symbols: symbols.toSorted((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b) };
}

/** RFC 1951 §3.2.6. */
const makeFixedCodes = (): Codes => ({
  literals: toCode([...runOf(8, 144), ...runOf(9, 112), ...runOf(7, 24), ...runOf(8, 8)]),
  distances: toCode(runOf(5, 32)),
});

const runOf = (length: number, times: number): readonly number[] => Array.from({ length: times }, () => length);

const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_LITERALS = 286;
const MAX_DISTANCES = 30;
const END_OF_BLOCK = 256;

/** RFC 1951 §3.2.7. */
function readCodes(input: BitReader): Codes {
  const [literals, distances, lengths] = [input.bits(5) + 257, input.bits(5) + 1, input.bits(4) + 4];
  if (literals > MAX_LITERALS || distances > MAX_DISTANCES) throw new GzipSyntaxError("gzip_invalid");
  const ofLengths = Array.from({ length: 19 }, () => 0);
  for (const symbol of LENGTH_ORDER.slice(0, lengths)) ofLengths[symbol] = input.bits(3);
  const all = readLengths(input, toCode(ofLengths), literals + distances);
  if (all[END_OF_BLOCK] === 0) throw new GzipSyntaxError("gzip_invalid");
  return { literals: toCode(all.slice(0, literals)), distances: toCode(all.slice(literals)) };
}

function readLengths(input: BitReader, code: Code, total: number): readonly number[] {
  const all: number[] = [];
  while (all.length < total) {
    const symbol = input.symbol(code);
    if (symbol < 16) all.push(symbol);
    else all.push(...readRun(input, symbol, all.at(-1)));
  }
  if (all.length > total) throw new GzipSyntaxError("gzip_invalid");
  return all;
}

/** 16 repeats the length before it, 17 and 18 are runs of zeros. */
function readRun(input: BitReader, symbol: number, previous: number | undefined): readonly number[] {
  if (symbol === 17) return runOf(0, 3 + input.bits(3));
  if (symbol === 18) return runOf(0, 11 + input.bits(7));
  if (previous === undefined) throw new GzipSyntaxError("gzip_invalid");
  return runOf(previous, 3 + input.bits(2));
}

function readCompressed(input: BitReader, output: Output, { literals, distances }: Codes): void {
  for (let symbol = input.symbol(literals); symbol !== END_OF_BLOCK; symbol = input.symbol(literals)) {
    if (symbol < END_OF_BLOCK) {
      output.push(symbol);
      continue;
    }
    const length = readLength(input, symbol - 257);
    output.copy(readDistance(input, input.symbol(distances)), length);
  }
}

/** RFC 1951 §3.2.5: each group of four lengths has one more extra bit than the one before; the last length has none. */
function readLength(input: BitReader, index: number): number {
  if (index > 28) throw new GzipSyntaxError("gzip_invalid");
  if (index === 28) return 258;
  if (index < 8) return 3 + index;
  const extra = (index >> 2) - 1;
  return 3 + ((4 + (index & 3)) << extra) + input.bits(extra);
}

/** The same of distances, in groups of two. */
function readDistance(input: BitReader, index: number): number {
  if (index >= MAX_DISTANCES) throw new GzipSyntaxError("gzip_invalid");
  if (index < 4) return 1 + index;
  const extra = (index >> 1) - 1;
  return 1 + ((2 + (index & 1)) << extra) + input.bits(extra);
}

/** RFC 1952 §8, four bits at a time: the members that are read are small. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    crc = (crc >>> 4) ^ (NIBBLES[crc & 15] ?? 0);
    crc = (crc >>> 4) ^ (NIBBLES[crc & 15] ?? 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const NIBBLES = [
  0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
  0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
];
