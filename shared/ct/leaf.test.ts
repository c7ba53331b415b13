// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { unixMs } from "../time.ts";
import { decodeTileLeaves, encodeTileLeaf, splitTileLeaves, type TileLeaf } from "./leaf.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

const certificate = (i: number): TileLeaf => ({
  entry: { entryType: "x509_entry", timestamp: unixMs(i), signedEntry: bytes(1 + i, 1), extensions: bytes(8, 2) },
  precertificate: null,
  chainFingerprints: [],
});
const precertificate = (i: number): TileLeaf => ({
  entry: {
    entryType: "precert_entry",
    timestamp: unixMs(i),
    issuerKeyHash: bytes(32, 3),
    signedEntry: bytes(200 + i, 4),
    extensions: bytes(0, 0),
  },
  precertificate: bytes(300 + i, 5),
  chainFingerprints: [bytes(32, 6), bytes(32, 7)],
});
const leaves = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, i) => encodeTileLeaf(i % 2 === 0 ? certificate(i) : precertificate(i)));

describe("splitTileLeaves", () => {
  test.each([1, 2, 255, 256])("gives the bytes of %i leaves, without a copy", (count) => {
    const bundle = new Uint8Array(Buffer.concat(leaves(count)));
    const split = splitTileLeaves(bundle);
    expect(split).toEqual({ ok: true, value: leaves(count) });
    expect(split.ok && split.value.every(({ buffer }) => buffer === bundle.buffer)).toBe(true);
  });

  test.each([
    ["257 leaves", Buffer.concat(leaves(257)), "bundle_too_long"],
    ["a type that does not exist", Buffer.concat([bytes(8, 0), Uint8Array.of(0, 2)]), "tile_leaf_invalid"],
    [
      "a fingerprint of 31 bytes",
      Buffer.concat([bytes(15, 0), Uint8Array.of(0, 31), bytes(31, 1)]),
      "tile_leaf_invalid",
    ],
    ["a leaf that ends too early", Buffer.concat(leaves(2)).subarray(0, -1), "bytes_truncated"],
    ["a byte too many", Buffer.concat([...leaves(2), Uint8Array.of(0)]), "bytes_truncated"],
  ])("rejects %s as the decoder does", (_, bundle, code) => {
    expect(splitTileLeaves(bundle)).toEqual({ ok: false, error: { code } });
    expect(decodeTileLeaves(bundle)).toEqual({ ok: false, error: { code } });
  });
});
