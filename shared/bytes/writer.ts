// SPDX-License-Identifier: Apache-2.0
// Writes big-endian integers and length-prefixed vectors: the TLS presentation language (RFC 8446 §3), which RFC 6962
// and C2SP use.

import { concat } from "./bytes.ts";

/** Encodes `value` as `length` big-endian bytes. Throws RangeError (a caller's bug) if it does not fit. */
export function uint(value: number, length: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0 || (length < 7 && value >= 256 ** length)) {
    throw new RangeError(`${value} does not fit in ${length} bytes`);
  }
  const out = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

/** Encodes opaque data<0..2^(8·lengthBytes)−1>: a big-endian length of `lengthBytes` bytes, then the bytes. */
export function vector(data: Uint8Array, lengthBytes: 1 | 2 | 3): Uint8Array<ArrayBuffer> {
  return concat(uint(data.length, lengthBytes), data);
}
