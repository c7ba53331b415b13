// SPDX-License-Identifier: Apache-2.0
// Reads what writer.ts writes: big-endian integers and length-prefixed vectors, with the bounds check in one place.

import { err, ok, type Result } from "../result.ts";

/** The bytes do not have the expected structure. */
export interface BytesError {
  readonly code: "bytes_truncated" | "bytes_trailing" | "bytes_integer_too_large";
}

/** Thrown by ByteReader and caught by decodeBytes; never leaves this file. */
class BytesSyntaxError extends Error {
  readonly code: BytesError["code"];
  constructor(code: BytesError["code"]) {
    super(code);
    this.code = code;
  }
}

/** Reads from the front of a byte array. Only for use inside decodeBytes, which turns its exceptions into values. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads the next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw new BytesSyntaxError("bytes_truncated");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Reads a big-endian unsigned integer of `length` bytes, at most 2^53−1. */
  uint(length: number): number {
    let value = 0;
    for (const byte of this.bytes(length)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new BytesSyntaxError("bytes_integer_too_large");
    return value;
  }

  /** Reads opaque data<0..2^(8·lengthBytes)−1>. */
  vector(lengthBytes: 1 | 2 | 3): Uint8Array {
    return this.bytes(this.uint(lengthBytes));
  }

  /** How many bytes have been read. */
  get position(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}

/**
 * Runs `read` over all of `bytes`. Fails with bytes_truncated, with bytes_integer_too_large, or with bytes_trailing if
 * bytes are left over.
 */
export function decodeBytes<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): Result<T, BytesError> {
  const reader = new ByteReader(bytes);
  try {
    const value = read(reader);
    return reader.done ? ok(value) : err({ code: "bytes_trailing" });
  } catch (error) {
    if (error instanceof BytesSyntaxError) return err({ code: error.code });
    throw error;
  }
}
