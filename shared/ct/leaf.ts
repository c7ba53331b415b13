// SPDX-License-Identifier: Apache-2.0
// Entries of a certificate log, as hashed and as stored in tile/data.
// Spec: RFC 6962 §3.4; https://c2sp.org/static-ct-api#log-entries

import { concat } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { type ByteReader, type BytesError, decodeBytes } from "../bytes/reader.ts";
import { uint, vector } from "../bytes/writer.ts";
import { err, type Result } from "../result.ts";
import { parseUnixMs, type UnixMs } from "../time.ts";
import { TILE_WIDTH } from "../tlog/tile.ts";

/** LogEntryType entry_type; signed_entry. */
export type CertificateEntry = {
  /** The certificate, or the TBSCertificate without the poison. */
  readonly signedEntry: Uint8Array;
} & (
  | { readonly entryType: "x509_entry" }
  | { readonly entryType: "precert_entry"; readonly issuerKeyHash: Uint8Array }
);

/** struct { uint64 timestamp; LogEntryType entry_type; signed_entry; CtExtensions extensions; } */
export type TimestampedEntry = CertificateEntry & {
  readonly timestamp: UnixMs;
  readonly extensions: Uint8Array;
};

/** An entry as stored in tile/data. */
export interface TileLeaf {
  readonly entry: TimestampedEntry;
  /** The precertificate as submitted, null for an x509_entry. */
  readonly precertificate: Uint8Array | null;
  /** SHA-256 of each certificate of the chain, issuer first. */
  readonly chainFingerprints: readonly Uint8Array[];
}

/** The path of an issuer below the log's base URL, and below its prefix in R2 (static-ct-api, Issuers). */
export const issuerPath = (fingerprint: Uint8Array): string => `issuer/${encodeHex(fingerprint)}`;

const FINGERPRINT_BYTES = 32;
/** Version v1 and MerkleLeafType timestamped_entry. */
const MERKLE_TREE_LEAF_PREFIX = Uint8Array.of(0x00, 0x00);

/** Encodes the part of an entry that its SCT signs and its leaf hash covers. */
export function encodeTimestampedEntry(entry: TimestampedEntry): Uint8Array<ArrayBuffer> {
  const signed =
    entry.entryType === "x509_entry"
      ? concat(uint(0, 2), vector(entry.signedEntry, 3))
      : concat(uint(1, 2), entry.issuerKeyHash, vector(entry.signedEntry, 3));
  return concat(uint(entry.timestamp, 8), signed, vector(entry.extensions, 2));
}

/** Encodes MerkleTreeLeaf, the data that the leaf hash covers: version v1 ‖ timestamped_entry ‖ entry. */
export const encodeMerkleTreeLeaf = (entry: TimestampedEntry): Uint8Array<ArrayBuffer> =>
  concat(MERKLE_TREE_LEAF_PREFIX, encodeTimestampedEntry(entry));

export const encodeTileLeaf = (leaf: TileLeaf): Uint8Array<ArrayBuffer> =>
  appendChain(encodeTimestampedEntry(leaf.entry), leaf);

function appendChain(
  timestampedEntry: Uint8Array,
  { precertificate, chainFingerprints }: Omit<TileLeaf, "entry">,
): Uint8Array<ArrayBuffer> {
  const submitted = precertificate === null ? new Uint8Array(0) : vector(precertificate, 3);
  return concat(timestampedEntry, submitted, vector(concat(...chainFingerprints), 2));
}

/**
 * Both forms of an entry, from one encoding of its TimestampedEntry: the TileLeaf, and the MerkleTreeLeaf that is
 * hashed.
 */
export function encodeLeafForms(leaf: TileLeaf): {
  readonly tileLeaf: Uint8Array<ArrayBuffer>;
  readonly merkleTreeLeaf: Uint8Array<ArrayBuffer>;
} {
  const entry = encodeTimestampedEntry(leaf.entry);
  return { tileLeaf: appendChain(entry, leaf), merkleTreeLeaf: concat(MERKLE_TREE_LEAF_PREFIX, entry) };
}

/** Why a bundle does not decode. */
type BundleError = BytesError | { readonly code: "tile_leaf_invalid" | "bundle_too_long" };

/** Decodes at most 256 leaves. Fails with the reader's codes, tile_leaf_invalid or bundle_too_long. */
export const decodeTileLeaves = (bundle: Uint8Array): Result<readonly TileLeaf[], BundleError> =>
  readLeaves(bundle, readTileLeaf);

/** The bytes of at most 256 leaves, as views: encodeTileLeaf of each decoded leaf. Fails as decodeTileLeaves does. */
export const splitTileLeaves = (bundle: Uint8Array): Result<readonly Uint8Array[], BundleError> =>
  readLeaves(bundle, (reader) => {
    const start = reader.position;
    return readTileLeaf(reader) === null ? null : bundle.subarray(start, reader.position);
  });

function readLeaves<T>(bundle: Uint8Array, read: (reader: ByteReader) => T | null): Result<readonly T[], BundleError> {
  const leaves: (T | null)[] = [];
  const decoded = decodeBytes(bundle, (reader) => {
    while (!reader.done && leaves.length <= TILE_WIDTH && leaves.at(-1) !== null) leaves.push(read(reader));
    return leaves.filter((leaf) => leaf !== null);
  });
  if (leaves.length > TILE_WIDTH) return err({ code: "bundle_too_long" });
  return leaves.includes(null) ? err({ code: "tile_leaf_invalid" }) : decoded;
}

function readTileLeaf(reader: ByteReader): TileLeaf | null {
  const timestamp = parseUnixMs(reader.uint(8));
  const type = reader.uint(2);
  if (timestamp === null || type > 1) return null;
  const issuerKeyHash = type === 1 ? reader.bytes(32) : null;
  const signedEntry = reader.vector(3);
  const extensions = reader.vector(2);
  const precertificate = type === 1 ? reader.vector(3) : null;
  const fingerprints = reader.vector(2);
  if (fingerprints.length % FINGERPRINT_BYTES !== 0) return null;
  const common = { timestamp, extensions, signedEntry };
  const entry: TimestampedEntry =
    issuerKeyHash === null
      ? { ...common, entryType: "x509_entry" }
      : { ...common, entryType: "precert_entry", issuerKeyHash };
  return { entry, precertificate, chainFingerprints: split(fingerprints) };
}

function split(fingerprints: Uint8Array): readonly Uint8Array[] {
  const count = fingerprints.length / FINGERPRINT_BYTES;
  return Array.from({ length: count }, (_, i) =>
    fingerprints.subarray(i * FINGERPRINT_BYTES, (i + 1) * FINGERPRINT_BYTES),
  );
}
