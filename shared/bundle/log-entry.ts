// SPDX-License-Identifier: Apache-2.0
// TransparencyLogEntry as a bundle stores it: what a log, of Rekor v1 or v2, says about a signature.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_rekor.proto

import { bytes, type Decoder, message, repeated, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";
import { type Hash, hash } from "../tlog/hash.ts";

/** A Merkle inclusion proof with the signed tree head that it leads to. */
export interface InclusionProof {
  readonly leafIndex: number;
  readonly treeSize: number;
  readonly rootHash: Hash;
  readonly hashes: readonly Hash[];
  /** A signed note. */
  readonly checkpoint: string;
}

/** An entry. */
export interface LoggedEntry {
  /** In Rekor v1 the index over all shards, which differs from the one in the proof. */
  readonly logIndex: number;
  readonly logId: Uint8Array;
  readonly kind: string;
  readonly version: string;
  /** Unix seconds, by the log's clock; 0 in Rekor v2. Only the promise signs it. */
  readonly integratedTime: number;
  /** The SignedEntryTimestamp of Rekor v1. */
  readonly promise: Uint8Array | null;
  readonly proof: InclusionProof | null;
  /** The bytes that the leaf hash covers. */
  readonly body: Uint8Array;
}

/** A non-negative int64: a decimal string, or a number (protobuf JSON). */
const count: Decoder<number> = (value, path) => {
  const number = typeof value === "string" && /^(0|[1-9]\d{0,15})$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0
    ? ok(number)
    : err({ code: "field_type", path });
};

const digest: Decoder<Hash> = (value, path) => {
  const decoded = bytes(value, path);
  if (!decoded.ok) return decoded;
  return decoded.value.length === 32 ? ok(hash(decoded.value)) : err({ code: "field_bytes", path });
};

/** A tree of 2^53 leaves has proofs of 53 hashes. */
const MAX_HASHES = 64;

/** Decodes the message. */
export const LOG_ENTRY = message(
  {
    logIndex: count,
    logId: message({ keyId: bytes }, "ignore"),
    kindVersion: message({ kind: string, version: string }, "ignore"),
    integratedTime: count,
    inclusionPromise: message({ signedEntryTimestamp: bytes }, "ignore"),
    inclusionProof: message(
      {
        logIndex: count,
        rootHash: digest,
        treeSize: count,
        hashes: repeated(digest, MAX_HASHES),
        checkpoint: message({ envelope: string }, "ignore"),
      },
      "ignore",
    ),
    canonicalizedBody: bytes,
  },
  "ignore",
);

type EntryMessage = Extract<ReturnType<typeof LOG_ENTRY>, { ok: true }>["value"];
type ProofMessage = NonNullable<EntryMessage["inclusionProof"]>;

/**
 * Makes an entry of the decoded message, whose numbers are 0 where they are absent. The error completes "an entry
 * without …". A proof without a checkpoint proves nothing: version 0.1 of bundles allowed it, and it counts as absent.
 */
export function toLoggedEntry(entry: EntryMessage): Result<LoggedEntry, string> {
  const { logId, kindVersion, canonicalizedBody, inclusionPromise, inclusionProof } = entry;
  if (logId?.keyId === undefined) return err("the id of its log");
  if (kindVersion === undefined) return err("its kind and version");
  if (canonicalizedBody === undefined) return err("its body");
  if (inclusionProof !== undefined && inclusionProof.rootHash === undefined)
    return err("a root in its inclusion proof");
  return ok({
    logIndex: entry.logIndex ?? 0,
    logId: logId.keyId,
    kind: kindVersion.kind ?? "",
    version: kindVersion.version ?? "",
    integratedTime: entry.integratedTime ?? 0,
    promise: inclusionPromise?.signedEntryTimestamp ?? null,
    proof: inclusionProof === undefined ? null : toProof(inclusionProof),
    body: canonicalizedBody,
  });
}

function toProof({ logIndex, treeSize, rootHash, hashes, checkpoint }: ProofMessage): InclusionProof | null {
  if (rootHash === undefined || checkpoint?.envelope === undefined) return null;
  return {
    leafIndex: logIndex ?? 0,
    treeSize: treeSize ?? 0,
    rootHash,
    hashes: hashes ?? [],
    checkpoint: checkpoint.envelope,
  };
}
