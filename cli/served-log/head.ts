// SPDX-License-Identifier: Apache-2.0
// Reads and verifies the signed tree head that an audit starts from.
// Spec: https://c2sp.org/tlog-checkpoint, https://c2sp.org/signed-note

import { setTimeout as sleep } from "node:timers/promises";
import { encodeHex } from "../../shared/bytes/hex.ts";
import { decodeTreeHeadSignature } from "../../shared/ct/tree-head.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Checkpoint, parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { NOTE_RFC6962, type Note, parseNote } from "../../shared/tlog/note.ts";
import { isCosigner, type LineVerdict, type NoteVerifier, verifyLines } from "../../shared/tlog/verify-note.ts";
import type { Finding } from "./findings.ts";
import type { LogSource } from "./log-source.ts";
import type { SeenTree } from "./seen-tree.ts";

interface SignatureLine {
  /** `<name>+<hex key id>` */
  readonly key: string;
  /** The type of the key that verified the line; null for an unknown key. */
  readonly type: number | null;
  /** False for a key that is unknown, or that only the log's own service lists. */
  readonly isTrusted: boolean;
}

/** The keys that may sign a head. */
export interface HeadKeys {
  readonly trusted: readonly NoteVerifier[];
  /** Their lines must verify, and prove nothing. */
  readonly listed: readonly NoteVerifier[];
}

/** A verified tree head. */
export interface AuditedHead extends Checkpoint {
  /** The signed note as served. */
  readonly note: string;
  readonly lines: readonly SignatureLine[];
  /** In ms; null without a signature of type 05. */
  readonly timestamp: number | null;
}

/** 64 lines of 5 kB, the most that Sigedge writes, and some more. */
const MAX_CHECKPOINT_BYTES = 512 * 1024;

/** Reads the checkpoint and verifies every line of a known key. Fails with findings that end the audit. */
export async function readHead(
  source: LogSource,
  origin: string,
  keys: HeadKeys,
): Promise<Result<AuditedHead, readonly Finding[]>> {
  const fetched = await source.read("checkpoint", MAX_CHECKPOINT_BYTES);
  if (fetched.kind === "missing") return err([{ code: "resource_missing", path: "checkpoint" }]);
  if (fetched.kind === "unreadable") {
    return err([{ code: "resource_unreadable", path: "checkpoint", reason: fetched.reason }]);
  }
  const note = parseNote(fetched.bytes);
  if (!note.ok) return err([{ code: "checkpoint_invalid", reason: note.error.reason.replaceAll("_", " ") }]);
  const checkpoint = parseCheckpoint(note.value.text);
  if (!checkpoint.ok) return err([{ code: "checkpoint_invalid", reason: `${checkpoint.error.line} line` }]);
  const problems = await checkHead(note.value, checkpoint.value, origin, keys);
  if (problems.findings.length > 0) return err(problems.findings);
  return ok({
    ...checkpoint.value,
    note: Buffer.from(fetched.bytes).toString(),
    lines: problems.verdicts.map(({ line, verifier }) => ({
      key: keyName(line),
      type: verifier?.vkey.type ?? null,
      isTrusted: verifier !== null && keys.trusted.includes(verifier),
    })),
    timestamp: timestampOf(problems.verdicts),
  });
}

/** tlog-tiles allows caches of a few seconds for checkpoints. */
const STALE_WAITS_MS = [1000, 2000, 4000];

/** The size that a head must have, and the waits between reads of one that is smaller. */
export interface LeastHead {
  readonly size: number;
  readonly staleWaitsMs?: readonly number[];
}

/**
 * Reads the head. A cache can serve an old checkpoint, so a tree smaller than the one that was seen is read again
 * before it counts.
 */
export async function readNewestHead(
  source: LogSource,
  origin: string,
  keys: HeadKeys,
  { size, staleWaitsMs = STALE_WAITS_MS }: LeastHead,
): ReturnType<typeof readHead> {
  let head = await readHead(source, origin, keys);
  for (const waitMs of staleWaitsMs) {
    if (!head.ok || head.value.treeSize >= size) return head;
    await sleep(waitMs);
    head = await readHead(source, origin, keys);
  }
  return head;
}

/** `<name>+<hex key id>` */
export const keyName = ({ name, keyId }: { readonly name: string; readonly keyId: Uint8Array }): string =>
  `${name}+${encodeHex(keyId)}`;

interface Problems {
  readonly verdicts: readonly LineVerdict[];
  readonly findings: readonly Finding[];
}

async function checkHead(
  note: Note,
  checkpoint: Checkpoint,
  origin: string,
  { trusted, listed }: HeadKeys,
): Promise<Problems> {
  const verdicts = await verifyLines(note, [...trusted, ...listed]);
  const findings: Finding[] = [];
  if (checkpoint.origin !== origin) {
    findings.push({ code: "checkpoint_origin_wrong", expected: origin, found: checkpoint.origin });
  }
  for (const { line, verifier, isGood } of verdicts) {
    if (verifier === null || isGood) continue;
    // signed-note: a signature of a known key that does not verify makes the whole note invalid.
    const code = isCosigner(verifier, origin) ? "cosignature_wrong" : "checkpoint_signature_wrong";
    findings.push({ code, key: keyName(line) });
  }
  if (
    !verdicts.some(({ verifier }) => verifier !== null && trusted.includes(verifier) && !isCosigner(verifier, origin))
  ) {
    const logKeys = trusted.filter((verifier) => !isCosigner(verifier, origin));
    findings.push({ code: "checkpoint_unsigned", keys: logKeys.map(({ vkey }) => keyName(vkey)) });
  }
  return { verdicts, findings };
}

/** Checks the time of a head, if its signature has one, against the head that an earlier audit saw. */
export function checkHeadTime(head: AuditedHead, { earlier, ends, now }: HeadTimes): readonly Finding[] {
  const { timestamp } = head;
  if (timestamp === null) return [];
  const findings: Finding[] = [];
  if (timestamp > now + CLOCKS_MS) findings.push({ code: "time_in_future", leafIndex: null, time: timestamp });
  if (earlier !== null && earlier.size < head.treeSize) {
    const before = timestampOfNote(earlier.checkpoint, head);
    if (before !== null && timestamp <= before) findings.push({ code: "head_not_newer", timestamp, before });
  }
  for (const { key } of head.lines) {
    const end = ends.get(key) ?? null;
    if (end !== null && timestamp > end) findings.push({ code: "head_after_retirement", key, timestamp, end });
  }
  return findings;
}

/** The times that the time of a head is compared with. */
export interface HeadTimes {
  readonly earlier: SeenTree | null;
  /** Until when keys of the log are trusted, by `<name>+<hex key id>`. */
  readonly ends: ReadonlyMap<string, number>;
  readonly now: number;
}

/** How far the clocks of a log and of this machine may differ. */
const CLOCKS_MS = 600_000;

/** The time in an earlier note's signature by the key of this head. The note was verified when it was stored. */
function timestampOfNote(text: string, { lines }: AuditedHead): number | null {
  const note = parseNote(Buffer.from(text));
  const signed = lines.find(({ type }) => type === NOTE_RFC6962);
  const line = note.ok ? note.value.signatures.find((one) => keyName(one) === signed?.key) : undefined;
  return line === undefined ? null : (decodeTreeHeadSignature(line.signature)?.timestamp ?? null);
}

function timestampOf(verdicts: readonly LineVerdict[]): number | null {
  const treeHead = verdicts.find(({ verifier }) => verifier?.vkey.type === NOTE_RFC6962);
  return treeHead === undefined ? null : (decodeTreeHeadSignature(treeHead.line.signature)?.timestamp ?? null);
}
