// SPDX-License-Identifier: Apache-2.0
// The interface of a kind of log: everything outside the sequencer that differs between kinds. Code asks the object for
// a fact and never which kind it is. What only the sequencer knows is in workers/sequencer/kinds/kind.ts.

import type { PublicKey } from "../../crypto/public-key.ts";
import type { AttestationHints } from "../../rekor/hints.ts";
import type { SearchRow } from "../../search/row.ts";
import type { UnixMs } from "../../time.ts";
import type { Vkey } from "../../tlog/vkey.ts";

/** The facts of one kind. */
export interface LogKindFacts {
  /** The name of the log's entries, in the plural. */
  readonly holds: string;
  /** The level in the path of an entry bundle: `tile/entries/…` (tlog-tiles) or `tile/data/…` (static-ct-api). */
  readonly bundleLevel: "entries" | "data";
  /** Path of the log below its host, without a trailing slash. */
  readonly basePath: "" | "/ct" | "/rekor-v1";
  /** First line of the log's checkpoints. `baseUrl` has no trailing slash. */
  readonly originOf: (baseUrl: string) => string;
  /** The name on the signature lines of checkpoints with this origin. */
  readonly signerNameOf: (origin: string) => string;
  /** Whether a sidecar `meta/<N>` accompanies every full bundle. */
  readonly hasSidecars: boolean;
  /** Number of entries that a new log is created with. */
  readonly genesisSize: 0 | 1;
  /** The member of the Sigstore trusted root that lists logs of this kind. */
  readonly trustedRootMember: "tlogs" | "ctlogs";
  /** Whether entries are Rekor entries. */
  readonly isRekor: boolean;
  /** Whether an attestation's entry has only the digest of what was signed: its subjects may be submitted later. */
  readonly logsDigests: boolean;
  /** Who submits entries: our own CA, which reads its settings, or clients, which read the signing config. */
  readonly writer: "ca" | "clients";
  /** The major version of Rekor's API by which clients write; null if they do not. */
  readonly rekorApi: 1 | 2 | null;
  /** Which key of the trusted root signs the log's checkpoints, as type and bytes of a vkey; null for other keys. */
  readonly checkpointKey: (key: PublicKey) => Pick<Vkey, "type" | "key"> | null;
  /** The type of vkey that signs checkpoints of this kind and of no other; null if there is none. */
  readonly ownCheckpointType: Vkey["type"] | null;
}

/** An entry as the read API shows it. */
export interface ShownRecord {
  /** The data that the leaf hash covers. */
  readonly body: Uint8Array;
  readonly kindVersion: { readonly kind: string; readonly version: string };
  /** For an attestation: what the leaf does not hold. The log does not prove it. */
  readonly hints?: AttestationHints | null;
  /** For a certificate log: the certificate or precertificate as submitted, base64 DER. */
  readonly certificate?: string;
}

/**
 * How a kind of log stores its entries. A record is one entry of a bundle without the length prefix of tile/entries.
 */
export interface RecordFormat {
  /** The records of a bundle, 1 to 256; null if the bundle is malformed. */
  readonly split: (bundle: Uint8Array) => readonly Uint8Array[] | null;
  /** A record as it appears in a bundle. */
  readonly frame: (record: Uint8Array) => Uint8Array;
  /** The data that the leaf hash covers; null if the record is malformed. */
  readonly leafData: (record: Uint8Array) => Uint8Array | null;
  /** When the entry was appended; null if the record is malformed, or if this kind keeps times in the sidecar. */
  readonly timestamp: (record: Uint8Array) => UnixMs | null;
  /**
   * The paths below the log's base URL of what the record names by hash; none if it is malformed. Null if records of
   * this kind name nothing.
   */
  readonly namedPaths: ((record: Uint8Array) => readonly string[]) | null;
  /**
   * The search row of the record, equal to the one that came with its submission. Null if this version cannot read it.
   * @param hints those of its sidecar
   */
  readonly searchRow: (record: Uint8Array, hints: AttestationHints | null) => SearchRow | null;
  /** Null if the record is malformed. @param hints those of its sidecar */
  readonly show: (record: Uint8Array, hints: AttestationHints | null) => ShownRecord | null;
}
