// SPDX-License-Identifier: Apache-2.0
// The kinds of log, one object each: everything outside the sequencer that differs between kinds. To add a kind, add an
// object here, its format in workers/sequencer/kinds/ and its view in workers/log/api/records.ts.

import type { PublicKey } from "../crypto/public-key.ts";
import { decodeTileLeaves, encodeMerkleTreeLeaf, encodeTileLeaf, type TileLeaf } from "../ct/leaf.ts";
import type { UnixMs } from "../time.ts";
import { decodeEntryBundle, frameEntry } from "../tlog/entries.ts";
import { NOTE_ECDSA, NOTE_ED25519, NOTE_RFC6962 } from "../tlog/note.ts";
import type { Vkey } from "../tlog/vkey.ts";

/** A log of signatures (Rekor v2) or of certificates (static-ct-api). */
export type LogKind = "signature" | "certificate";

export interface LogKindFacts {
  /** The level in the path of an entry bundle: `tile/entries/…` (tlog-tiles) or `tile/data/…` (static-ct-api). */
  readonly bundleLevel: "entries" | "data";
  /** Path of the log below its host, without a trailing slash. */
  readonly basePath: "" | "/ct";
  /** First line of the log's checkpoints. `baseUrl` has no trailing slash. */
  readonly originOf: (baseUrl: string) => string;
  /** Whether a sidecar `meta/<N>` accompanies every full bundle. */
  readonly hasSidecars: boolean;
  /** Number of entries that a new log is created with. */
  readonly genesisSize: 0 | 1;
  /** The member of the Sigstore trusted root that lists logs of this kind. */
  readonly trustedRootMember: "tlogs" | "ctlogs";
  /** Whether entries are Rekor entries, whose attestations can be found by what they attest. */
  readonly isRekor: boolean;
  /** Who submits entries: our own CA, which reads its settings, or clients, which read the signing config. */
  readonly writer: "ca" | "clients";
  /** Which key of the trusted root signs the log's checkpoints, as type and bytes of a vkey; null for other keys. */
  readonly checkpointKey: (key: PublicKey) => Pick<Vkey, "type" | "key"> | null;
  readonly records: RecordFormat;
}

/**
 * How a kind of log stores its entries. A record is one entry of a bundle without the length prefix of tile/entries.
 */
interface RecordFormat {
  /** The records of a bundle, 1 to 256; null if the bundle is malformed. */
  readonly split: (bundle: Uint8Array) => readonly Uint8Array[] | null;
  /** A record as it appears in a bundle. */
  readonly frame: (record: Uint8Array) => Uint8Array;
  /** The data that the leaf hash covers; null if the record is malformed. */
  readonly leafData: (record: Uint8Array) => Uint8Array | null;
  /** When the entry was appended; null if the record is malformed, or if this kind keeps times in the sidecar. */
  readonly timestamp: (record: Uint8Array) => UnixMs | null;
}

export const LOG_KINDS: Readonly<Record<LogKind, LogKindFacts>> = {
  signature: {
    bundleLevel: "entries",
    basePath: "",
    // No port: sigstore-go compares the origin with the URL's host name.
    originOf: (baseUrl) => new URL(baseUrl).hostname,
    hasSidecars: true,
    genesisSize: 1,
    trustedRootMember: "tlogs",
    isRekor: true,
    writer: "clients",
    checkpointKey: (key) => {
      if (key.kind === "ed25519") return { type: NOTE_ED25519, key: key.point };
      return key.kind.startsWith("ecdsa") ? { type: NOTE_ECDSA, key: key.spki } : null;
    },
    records: {
      split: (bundle) => {
        const entries = decodeEntryBundle(bundle);
        return entries.ok ? entries.value : null;
      },
      frame: frameEntry,
      leafData: (record) => record,
      timestamp: () => null,
    },
  },
  certificate: {
    bundleLevel: "data",
    basePath: "/ct",
    // The submission prefix without its scheme (static-ct-api).
    originOf: (baseUrl) => baseUrl.replace(/^https?:\/\//, ""),
    hasSidecars: false,
    genesisSize: 0,
    trustedRootMember: "ctlogs",
    isRekor: false,
    writer: "ca",
    checkpointKey: ({ spki }) => ({ type: NOTE_RFC6962, key: spki }),
    records: {
      split: (bundle) => {
        const leaves = decodeTileLeaves(bundle);
        return leaves.ok ? leaves.value.map(encodeTileLeaf) : null;
      },
      frame: (record) => record,
      leafData: (record) => {
        const leaf = readTileLeaf(record);
        return leaf === null ? null : encodeMerkleTreeLeaf(leaf.entry);
      },
      timestamp: (record) => readTileLeaf(record)?.entry.timestamp ?? null,
    },
  },
};

function readTileLeaf(record: Uint8Array): TileLeaf | null {
  const leaves = decodeTileLeaves(record);
  const [leaf, ...more] = leaves.ok ? leaves.value : [];
  return leaf === undefined || more.length > 0 ? null : leaf;
}

/** Whether a word from outside names a kind. */
export const isLogKind = (word: unknown): word is LogKind => typeof word === "string" && Object.hasOwn(LOG_KINDS, word);
