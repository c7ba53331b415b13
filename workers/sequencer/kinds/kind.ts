// SPDX-License-Identifier: Apache-2.0
// The interface of a kind of log. Everything outside this folder asks the object and never which kind it is.
// Facts that other services need too are in shared/logs/kinds.ts.

import type { Ed25519Signer } from "../../../shared/crypto/signer.ts";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import type { WriteBudget } from "../../../shared/rpc/sequencer.ts";
import type { SearchRow } from "../../../shared/search/row.ts";
import type { SettingOf } from "../../../shared/settings/setting.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import type { Note } from "../../../shared/tlog/note.ts";
import type { SETTINGS } from "../declaration.ts";
import type { LogKeys, LogSigner } from "./log-keys.ts";

/** One kind of log. */
export interface SequencerKind {
  /** The settings with the keys of the first log of this kind; null if SHARDS opens all of its logs. */
  readonly keySettings: {
    readonly ecdsa: SettingOf<typeof SETTINGS, LogSigner>;
    readonly ed25519: SettingOf<typeof SETTINGS, Ed25519Signer> | null;
  } | null;
  /** Whether its logs have an Ed25519 key beside the ECDSA key, in SHARD_KEYS too. */
  readonly hasEd25519: boolean;
  /** Whether WITNESS_POLICY applies. Witnesses know a log by its Ed25519 line. */
  readonly isWitnessed: boolean;
  /** The format of a log with this origin. Throws TypeError if a key in `keySettings` is missing. */
  readonly createFormat: (origin: string, keys: LogKeys) => LogFormat;
  /** The entries that a new log starts with: `genesisSize` of them (shared/logs/kinds.ts). */
  readonly createGenesis: (origin: string, keys: LogKeys) => readonly Submission[];
  /** A small submission for the warm-up; different numbers give different entries. */
  readonly createSample: (number: number) => Submission;
}

/** The index and time of an entry. */
export interface Placement {
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
}

/** The two forms of an entry that has its place. */
interface Leaf {
  /** The bytes in its bundle, without the length prefix of tile/entries. */
  readonly record: Uint8Array;
  readonly leafHash: Hash;
}

/** A submission of any kind. */
export interface Submission {
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
  /** The approximate size in memory and in a row. */
  readonly bytes: number;
  /** The key of deduplication: equal identities are one entry. */
  readonly identity: Hash;
  /** Identities of the same thing in other forms. The log takes it once, in the form that comes first. */
  readonly otherForms: readonly Hash[];
  /** True: the other forms cannot name this one, so the entry takes their identities too. */
  readonly takesOtherForms: boolean;
  /** The bound on the writer's new entries; null for none. */
  readonly budget: WriteBudget | null;
  /**
   * The objects that the entry names by hash. R2 has them before the entry is acknowledged
   * (publication/named-objects.ts).
   */
  readonly namedObjects: readonly NamedObject[];
  readonly toLeaf: (placement: Placement) => Leaf;
}

/** An immutable object of a log whose path has the hash of its contents. */
export interface NamedObject {
  /** Below the log's prefix. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How a log encodes its entries and signs its tree heads. Pure, except that it holds the keys. */
export interface LogFormat {
  /** Whether an answer promises the entry's time (an SCT), so that a duplicate must give the same one. */
  readonly promisesTime: boolean;
  /**
   * Whether a head's signature covers its time. "The timestamp MUST be at least as recent as the most recent SCT
   * timestamp in the tree. Each subsequent timestamp MUST be more recent than the timestamp of the previous update."
   * Spec: RFC 6962 §3.5
   */
  readonly signsTime: boolean;
  /** SubjectPublicKeyInfo of the ECDSA key, DER. */
  readonly spki: Uint8Array;
  /** One vkey per signature line of a checkpoint, in their order. */
  readonly vkeys: readonly string[];
  /** Signs a tree head. Returns the signed note. */
  signCheckpoint(head: TreeHead, timestamp: UnixMs): string;
  /**
   * Signs the last checkpoint of a frozen log, with a line that says so. Null where clients know no such line; the
   * newest checkpoint is then the last.
   */
  signFrozen(head: TreeHead, frozenAt: UnixMs): string | null;
  /** Whether the log's ECDSA key signed this note. */
  hasSigned(note: Note): boolean;
  encodeBundle(records: readonly Uint8Array[]): Uint8Array;
  /**
   * Computes the leaf hash and identity of a stored record. Throws RangeError if it does not parse: the store is
   * damaged.
   */
  readRecord(record: Uint8Array): { readonly leafHash: Hash; readonly identity: Hash };
  /**
   * The search row of a stored record, equal to the one that came with its submission. Null if the record does not
   * parse.
   * @param hints those of its sidecar
   */
  readSearchRow(record: Uint8Array, hints: AttestationHints | null): SearchRow | null;
}
