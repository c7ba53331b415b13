// SPDX-License-Identifier: Apache-2.0
// Entry bundles of a tlog-tiles log: a concatenation of opaque entry<0..2^16-1>. Spec:
// https://c2sp.org/tlog-tiles#log-entries

import { concat } from "../bytes/bytes.ts";
import { type BytesError, decodeBytes } from "../bytes/reader.ts";
import { vector } from "../bytes/writer.ts";
import { err, type Result } from "../result.ts";
import { TILE_WIDTH } from "./tile.ts";

/**
 * Formats an entry as it appears in a bundle: two bytes of length, then the entry. Throws RangeError above 65,535
 * bytes.
 */
export const frameEntry = (entry: Uint8Array): Uint8Array<ArrayBuffer> => vector(entry, 2);

/** Concatenates entries, each with its length. Throws like frameEntry. */
export const encodeEntryBundle = (entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> =>
  concat(...entries.map(frameEntry));

/** Decodes at most 256 entries. Fails with the reader's codes, or bundle_too_long. */
export function decodeEntryBundle(
  bundle: Uint8Array,
): Result<readonly Uint8Array[], BytesError | { readonly code: "bundle_too_long" }> {
  const entries: Uint8Array[] = [];
  const decoded = decodeBytes(bundle, (reader) => {
    while (!reader.done && entries.length <= TILE_WIDTH) entries.push(reader.vector(2));
    return entries;
  });
  return entries.length > TILE_WIDTH ? err({ code: "bundle_too_long" }) : decoded;
}
