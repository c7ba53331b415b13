// SPDX-License-Identifier: Apache-2.0
// Proofs as files: an index, an inclusion proof and a signed tree head. With the entry, they can be verified offline.
// Spec: https://c2sp.org/tlog-proof

import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { parseDecimal } from "../bytes/decimal.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";
import { type Checkpoint, type CheckpointError, parseCheckpoint } from "./checkpoint.ts";
import type { Hash } from "./hash.ts";
import { parseHashLines } from "./hash-lines.ts";
import { NOTE_COSIGNATURE, type NoteError, parseNote } from "./note.ts";
import { isQuorum, type WitnessPolicy } from "./policy.ts";
import { verifyInclusion } from "./proof.ts";
import { type NoteVerifier, noteVerifier, verifyLines } from "./verify-note.ts";

export interface TlogProof {
  /** Data of the application, which nothing authenticates. Null if there is no such line. */
  readonly extra: Uint8Array | null;
  readonly leafIndex: number;
  /** Leaf to root. */
  readonly hashes: readonly Hash[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

export interface TlogProofError {
  readonly code: "tlog_proof_invalid";
  readonly line: "size" | "utf8" | "header" | "extra" | "index" | "hash" | "checkpoint";
}

const HEADER = "c2sp.org/tlog-proof@v1";
/** Twice the longest note. */
const MAX_PROOF_BYTES = 1024 * 1024;
/** A tree of 2^53 leaves has 53 levels. */
const MAX_HASHES = 53;

/** Formats the lines of the proof, an empty line, and the checkpoint. */
export function formatTlogProof({ extra, leafIndex, hashes, checkpoint }: TlogProof): string {
  const extraLine = extra === null ? [] : [`extra ${encodeBase64(extra)}`];
  return [HEADER, ...extraLine, `index ${leafIndex}`, ...hashes.map(encodeBase64), "", checkpoint].join("\n");
}

/** Parses what formatTlogProof prints. Does not parse the checkpoint. Fails with tlog_proof_invalid. */
export function parseTlogProof(bytes: Uint8Array): Result<TlogProof, TlogProofError> {
  const fail = (line: TlogProofError["line"]): Result<never, TlogProofError> =>
    err({ code: "tlog_proof_invalid", line });
  if (bytes.length > MAX_PROOF_BYTES) return fail("size");
  const text = decodeUtf8(bytes);
  if (!text.ok) return fail("utf8");
  const split = text.value.indexOf("\n\n");
  const [header, ...lines] = text.value.slice(0, Math.max(split, 0)).split("\n");
  if (header !== HEADER) return fail("header");
  const extraText = readRest("extra ", lines[0]);
  const extra = extraText === null ? null : decodeBase64(extraText);
  if (extra?.ok === false) return fail("extra");
  const [index, ...hashLines] = extra === null ? lines : lines.slice(1);
  const leafIndex = parseDecimal(readRest("index ", index) ?? "");
  if (leafIndex === null) return fail("index");
  const hashes = parseHashLines(hashLines, MAX_HASHES);
  if (hashes === null) return fail("hash");
  const checkpoint = text.value.slice(split + 2);
  return checkpoint === "" ? fail("checkpoint") : ok({ extra: extra?.value ?? null, leafIndex, hashes, checkpoint });
}

/** The rest of a line after this word, null if the line starts otherwise. */
const readRest = (word: string, line: string | undefined): string | null =>
  line?.startsWith(word) === true ? line.slice(word.length) : null;

/** The keys and witnesses that the verifier of a proof trusts. */
export interface TlogProofTrust {
  /** First line of the log's checkpoints. */
  readonly origin: string;
  /** The log's keys. The signature of one is enough. */
  readonly logKeys: readonly NoteVerifier[];
  /** Null if no cosignatures are required. */
  readonly witnesses: WitnessPolicy | null;
}

export interface TlogProofUntrusted {
  readonly code: "tlog_proof_untrusted";
  /** The first check that failed. `signature`: a line of a trusted key is wrong, or no line is the log's. */
  readonly reason: "origin" | "signature" | "quorum" | "inclusion";
}

/**
 * Verifies that the entry with this leaf hash is in the log, and returns the checkpoint that covers it.
 * Fails with note_invalid, checkpoint_invalid or tlog_proof_untrusted. Spec: #verifying-a-tlog-proof
 */
export async function verifyTlogProof(
  { leafIndex, hashes, checkpoint }: TlogProof,
  leaf: Hash,
  { origin, logKeys, witnesses }: TlogProofTrust,
): Promise<Result<Checkpoint, NoteError | CheckpointError | TlogProofUntrusted>> {
  const fail = (reason: TlogProofUntrusted["reason"]): Result<never, TlogProofUntrusted> =>
    err({ code: "tlog_proof_untrusted", reason });
  const note = parseNote(encodeUtf8(checkpoint));
  if (!note.ok) return note;
  const head = parseCheckpoint(note.value.text);
  if (!head.ok) return head;
  if (head.value.origin !== origin) return fail("origin");
  const cosigners = cosignersOf(witnesses);
  const verdicts = await verifyLines(note.value, [...logKeys, ...cosigners.map(({ verifier }) => verifier)]);
  const signed = new Set(verdicts.filter(({ isGood }) => isGood).map(({ verifier }) => verifier));
  const isWrong = verdicts.some(({ verifier, isGood }) => verifier !== null && !isGood);
  if (isWrong || !logKeys.some((key) => signed.has(key))) return fail("signature");
  const cosigned = new Set(cosigners.filter(({ verifier }) => signed.has(verifier)).map(({ name }) => name));
  if (witnesses !== null && !isQuorum(witnesses, cosigned)) return fail("quorum");
  const { treeSize, rootHash: root } = head.value;
  return verifyInclusion({ leaf, leafIndex, treeSize, proof: hashes, root }) ? head : fail("inclusion");
}

interface Cosigner {
  /** The name in the policy. */
  readonly name: string;
  readonly verifier: NoteVerifier;
}

function cosignersOf(policy: WitnessPolicy | null): readonly Cosigner[] {
  return (policy?.witnesses ?? []).flatMap(({ name, key: { name: keyName, keyId, publicKey } }) => {
    const verifier = noteVerifier({ name: keyName, keyId, type: NOTE_COSIGNATURE, key: publicKey });
    return verifier.ok ? [{ name, verifier: verifier.value }] : [];
  });
}
