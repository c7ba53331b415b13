// SPDX-License-Identifier: Apache-2.0
// Walks over all of a DER text before anything is read from it: bounds its depth and its number of values, and knows no
// schema. A certificate that the log takes is parsed by every verifier later, also where our own reader skips a part.
// Spec: X.690 §8.1, §10.1.

/**
 * Certificates and requests nest up to ten levels. A timestamp nests to 18, where it names the issuer of its
 * certificate, and a CMS signature that holds a timestamp to 26.
 */
export const MAX_DER_DEPTH = 32;
/** A certificate with 64 extensions has about 300 values; extnValue is one of them, and is scanned when it is read. */
export const MAX_DER_VALUES = 2048;

/** The header of a value: the offset and the length of its contents. */
interface Header {
  readonly from: number;
  readonly length: number;
}

/** Reads tag and length of the value at `at`, which must end at `end` at the latest. Fails with the reason. */
export function readHeader(bytes: Uint8Array, at: number, end: number): Header | string {
  const tag = bytes[at];
  if (at >= end || tag === undefined || (tag & 0x1f) === 0x1f) return "no element";
  const first = bytes[at + 1];
  if (at + 1 >= end || first === undefined) return "truncated";
  const header = first < 0x80 ? { from: at + 2, length: first } : readLongLength(bytes, at + 1, end);
  return typeof header === "string" || header.length <= end - header.from ? header : "truncated";
}

function readLongLength(bytes: Uint8Array, at: number, end: number): Header | string {
  const count = (bytes[at] ?? 0) & 0x7f;
  const from = at + 1 + count;
  // Four length octets reach 4 GiB, more than any input that our body limits let through.
  if (count === 0 || count > 4 || from > end) return "length";
  let length = 0;
  for (let i = at + 1; i < from; i++) length = length * 256 + (bytes[i] ?? 0);
  return length < 0x80 || bytes[at + 1] === 0 ? "length not minimal" : { from, length };
}

/**
 * Scans values and everything inside constructed ones. Stops at the first limit that is exceeded and at the first
 * length that is wrong, so it takes time for MAX_DER_VALUES values at most. Returns what is wrong, or null.
 */
export function scanDer(bytes: Uint8Array): string | null {
  const ends: number[] = [];
  let end = bytes.length;
  let at = 0;
  for (let values = 1; ; values++) {
    while (at === end) {
      const outer = ends.pop();
      if (outer === undefined) return null;
      end = outer;
    }
    if (values > MAX_DER_VALUES) return `more than ${MAX_DER_VALUES} values`;
    const header = readHeader(bytes, at, end);
    if (typeof header === "string") return header;
    const isConstructed = ((bytes[at] ?? 0) & 0x20) !== 0;
    at = header.from + (isConstructed ? 0 : header.length);
    if (!isConstructed) continue;
    if (ends.length === MAX_DER_DEPTH) return `nested deeper than ${MAX_DER_DEPTH}`;
    ends.push(end);
    end = header.from + header.length;
  }
}
