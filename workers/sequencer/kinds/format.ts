// SPDX-License-Identifier: Apache-2.0
// What differs between the two kinds of log: how a submission becomes a leaf, what tells two submissions apart, how a tree
// head is signed and what stands in a bundle. Pure but for the keys.

import { sha256 } from "#sha256";
import { concat } from "../../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { uint } from "../../../shared/bytes/writer.ts";
import type { Ed25519Signer } from "../../../shared/crypto/signer.ts";
import {
  decodeTileLeaves,
  encodeMerkleTreeLeaf,
  encodeTileLeaf,
  type TimestampedEntry,
} from "../../../shared/ct/leaf.ts";
import type { LoggedCertificate } from "../../../shared/ct/sct.ts";
import {
  encodeDigitallySigned,
  leafIndexExtension,
  sctSignedData,
  treeHeadSignedData,
} from "../../../shared/ct/sct.ts";
import { decodeTreeHeadSignature } from "../../../shared/ct/tree-head.ts";
import type { AttestationHints } from "../../../shared/rekor/hints.ts";
import type { CertificateSubmission, SignatureSubmission } from "../../../shared/rpc/sequencer.ts";
import type { SearchRow } from "../../../shared/search/row.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { formatCheckpoint, frozenLine, parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { encodeEntryBundle } from "../../../shared/tlog/entries.ts";
import { type Hash, hash, leafHash } from "../../../shared/tlog/hash.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import {
  ecdsaKeyId,
  ed25519KeyId,
  findSignature,
  formatNote,
  formatVkey,
  NOTE_ECDSA,
  NOTE_ED25519,
  NOTE_RFC6962,
  type Note,
  rfc6962KeyId,
} from "../../../shared/tlog/note.ts";
import type { LogSigner } from "./log-keys.ts";

/** Where and when a submission was put into the tree. */
export interface Placement {
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
}

interface Leaf {
  readonly record: Uint8Array;
  readonly leafHash: Hash;
}

/** The submission's own part, whatever its kind. */
export interface Submission {
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
  /** What it takes in memory and in a row, about. */
  readonly bytes: number;
  /** Equal identities are one entry. */
  readonly identity: Hash;
  readonly toLeaf: (placement: Placement) => Leaf;
}

export interface LogFormat {
  readonly bundleLevel: "entries" | "data";
  /** The log remembers every identity for ever, not only those of its tail. */
  readonly remembersAll: boolean;
  readonly hasSidecars: boolean;
  readonly spki: Uint8Array;
  readonly vkeys: readonly string[];
  /** The signed note of a tree head. */
  signCheckpoint(head: TreeHead, timestamp: UnixMs): string;
  /** The last note of a frozen log, which says so; null where clients know no such line: the newest note is the last. */
  signFrozen(head: TreeHead, frozenAt: UnixMs): string | null;
  /** Whether the log's ECDSA key has signed this note. */
  hasSigned(note: Note): boolean;
  encodeBundle(records: readonly Uint8Array[]): Uint8Array;
  /** Recomputes what a stored record hashes to, and its identity. Throws RangeError if it does not parse: a damaged store. */
  readRecord(record: Uint8Array): { readonly leafHash: Hash; readonly identity: Hash };
}

/** The signature log: c2sp tlog-tiles, first line ECDSA, second line Ed25519 under the same name. */
export function signatureFormat(origin: string, ecdsa: LogSigner, ed25519: Ed25519Signer): LogFormat {
  const ecdsaId = ecdsaKeyId(ecdsa.spki);
  const ed25519Id = ed25519KeyId(origin, ed25519.publicKey);
  const signHead = ({ treeSize, rootHash }: TreeHead, extensions: readonly string[]): string => {
    const text = formatCheckpoint({ origin, treeSize, rootHash, extensions });
    const message = encodeUtf8(text);
    return formatNote({
      text,
      signatures: [
        { name: origin, keyId: ecdsaId, signature: ecdsa.sign(message) },
        { name: origin, keyId: ed25519Id, signature: ed25519.sign(message) },
      ],
    });
  };
  return {
    bundleLevel: "entries",
    remembersAll: true,
    hasSidecars: true,
    spki: ecdsa.spki,
    vkeys: [
      formatVkey(origin, ecdsaId, NOTE_ECDSA, ecdsa.spki),
      formatVkey(origin, ed25519Id, NOTE_ED25519, ed25519.publicKey),
    ],
    signCheckpoint: (head) => signHead(head, []),
    signFrozen: (head, frozenAt) => signHead(head, [frozenLine(frozenAt)]),
    hasSigned(note) {
      const line = findSignature(note, origin, ecdsaId);
      return line !== null && ecdsa.verify(encodeUtf8(note.text), line.signature);
    },
    encodeBundle: encodeEntryBundle,
    readRecord: (record) => ({ leafHash: leafHash(record), identity: leafHash(record) }),
  };
}

export function signatureSubmission({ body, search, hints }: SignatureSubmission): Submission {
  const identity = leafHash(body);
  return {
    search,
    hints,
    bytes: body.length + textLength(search, hints),
    identity,
    toLeaf: () => ({ record: body, leafHash: identity }),
  };
}

/** What search terms and hints add to a submission in memory: an attestation of many subjects has more of them than body. */
function textLength({ terms }: SearchRow, hints: AttestationHints | null): number {
  return [...terms, ...(hints?.subjectDigests ?? [])].reduce((sum, text) => sum + text.length, 0);
}

/** The certificate log: static-ct-api, one line of type 05. */
export function certificateFormat(origin: string, ecdsa: LogSigner): LogFormat {
  const keyId = rfc6962KeyId(origin, ecdsa.logId);
  return {
    bundleLevel: "data",
    remembersAll: false,
    hasSidecars: false,
    spki: ecdsa.spki,
    vkeys: [formatVkey(origin, keyId, NOTE_RFC6962, ecdsa.spki)],
    signCheckpoint(head, timestamp) {
      const text = formatCheckpoint({ origin, ...head, extensions: [] });
      const signed = encodeDigitallySigned(ecdsa.sign(treeHeadSignedData(timestamp, head.treeSize, head.rootHash)));
      return formatNote({ text, signatures: [{ name: origin, keyId, signature: concat(uint(timestamp, 8), signed) }] });
    },
    signFrozen: () => null,
    hasSigned(note) {
      const line = findSignature(note, origin, keyId);
      const signed = line === null ? null : decodeTreeHeadSignature(line.signature);
      const head = parseCheckpoint(note.text);
      if (signed === null || !head.ok) return false;
      const { treeSize, rootHash } = head.value;
      return ecdsa.verify(treeHeadSignedData(signed.timestamp, treeSize, rootHash), signed.signature);
    },
    encodeBundle: (records) => concat(...records),
    readRecord(record) {
      const leaves = decodeTileLeaves(record);
      const [leaf] = leaves.ok ? leaves.value : [];
      if (leaf === undefined) throw new RangeError("a record does not parse");
      return { leafHash: leafHash(encodeMerkleTreeLeaf(leaf.entry)), identity: certificateIdentity(leaf.entry) };
    },
  };
}

export function certificateSubmission(submission: CertificateSubmission): Submission {
  const { search, signedEntry, precertificate, chainFingerprints } = submission;
  return {
    search,
    hints: null,
    bytes: signedEntry.length + (precertificate?.length ?? 0),
    identity: certificateIdentity(timestamped(submission, { leafIndex: 0, timestamp: unixMs(0) })),
    toLeaf(placement) {
      const entry = timestamped(submission, placement);
      return {
        record: encodeTileLeaf({ entry, precertificate, chainFingerprints }),
        leafHash: leafHash(encodeMerkleTreeLeaf(entry)),
      };
    },
  };
}

/** Type ‖ issuer key hash ‖ what is signed: what stays the same when index and time differ. */
function certificateIdentity(entry: TimestampedEntry): Hash {
  const issuer = entry.entryType === "precert_entry" ? entry.issuerKeyHash : new Uint8Array(0);
  return hash(sha256(encodeUtf8(entry.entryType), issuer, entry.signedEntry));
}

function timestamped(submission: CertificateSubmission, { leafIndex, timestamp }: Placement): TimestampedEntry {
  const { signedEntry, issuerKeyHash } = submission;
  const common = { timestamp, extensions: leafIndexExtension(leafIndex), signedEntry };
  return submission.entryType === "precert_entry" && issuerKeyHash !== null
    ? { ...common, entryType: "precert_entry", issuerKeyHash }
    : { ...common, entryType: "x509_entry" };
}

/** The SCT of a logged certificate: the same timestamp and index give the same promise, however often it is signed. */
export function signSct(ecdsa: LogSigner, submission: CertificateSubmission, placement: Placement): LoggedCertificate {
  const entry = timestamped(submission, placement);
  const { timestamp, extensions } = entry;
  const { logId, spki } = ecdsa;
  return { logId, spki, timestamp, extensions, signature: ecdsa.sign(sctSignedData(entry)) };
}
