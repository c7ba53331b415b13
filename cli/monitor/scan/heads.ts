// SPDX-License-Identifier: Apache-2.0
// Judges the head that a log serves: its signatures, its witnesses, and whether it extends the head that was seen
// before. Whatever is wrong becomes an event; only a head that is known to extend the earlier one is remembered.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import type { EventOf } from "../../../shared/monitor/event.ts";
import { parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { isQuorum } from "../../../shared/tlog/policy.ts";
import { isCosigner, type NoteVerifier, verifyLines } from "../../../shared/tlog/verify-note.ts";
import { describeFinding, type Finding } from "../../served-log/findings.ts";
import { type AuditedHead, keyName, readHead, readNewestHead } from "../../served-log/head.ts";
import { compareHistory, type ForkEvidence, type History, pairHeads } from "../../served-log/history.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import type { SeenTree } from "../../served-log/seen-tree.ts";
import { verifiersOf } from "../../served-log/trust.ts";
import { describeFork } from "../evidence.ts";
import type { LogState } from "../state/state.ts";
import type { ScanContext } from "./context.ts";

/** A verified head, and how it relates to the one that was seen before. */
export interface JudgedHead {
  readonly head: AuditedHead;
  /** `open`: tiles cannot prove it, so the entries decide. */
  readonly history: "extends" | "open";
}

type EventHead = EventOf<"log.inconsistent">["details"]["latter"];

/** Size and root of a head. */
export const toEventHead = ({ treeSize, rootHash }: Pick<AuditedHead, "treeSize" | "rootHash">): EventHead => ({
  size: treeSize,
  root: encodeBase64(rootHash),
});

const headOfSeen = ({ size, root }: SeenTree): EventHead => ({ size, root });

/** Reads and judges the head. Null if nothing can be read below it; events say why. */
export async function judgeHead(log: LogState, source: LogSource, context: ScanContext): Promise<JudgedHead | null> {
  const { journal, witnesses } = context;
  const verifiers = verifiersOf(log.vkeys);
  if (!verifiers.ok) {
    journal.reportCondition("log.unreachable", { log: log.origin }, (since) => ({ since, reason: verifiers.error }));
    return null;
  }
  const keys = { trusted: [...verifiers.value, ...witnesses.verifiers], listed: [] };
  const least = { size: log.head?.size ?? 0, staleWaitsMs: context.staleWaitsMs };
  const read = await readNewestHead(source, log.origin, keys, least);
  if (!read.ok) {
    reportUnread(log, read.error, context);
    return null;
  }
  const head = read.value;
  judgeWitnesses(log, head, context);
  judgeFrozen(log, head, context);
  const history = await compareHeads(log, source, head);
  if (history.kind !== "forked") return { head, history: history.kind };
  await reportFork(log, head, history.evidence, context);
  return null;
}

async function compareHeads({ head: seen }: LogState, source: LogSource, head: AuditedHead): Promise<History> {
  if (seen === null) return { kind: "extends" };
  if (head.treeSize < seen.size) return { kind: "forked", evidence: pairHeads(seen, head, null) };
  return compareHistory(source, seen, head);
}

/** The size of the log now, as its keys sign it; null if that cannot be read. */
export async function readSize({ vkeys, origin }: LogState, source: LogSource): Promise<number | null> {
  const verifiers = verifiersOf(vkeys);
  const head = verifiers.ok ? await readHead(source, origin, { trusted: verifiers.value, listed: [] }) : verifiers;
  return head.ok ? head.value.treeSize : null;
}

/** A head that cannot be read proves nothing; one that a wrong key signed, or that is signed wrongly, does. */
function reportUnread(log: LogState, findings: readonly Finding[], { journal }: ScanContext): void {
  const reason = findings.map(describeFinding).join("; ");
  const codes = new Set(findings.map(({ code }) => code));
  const former = log.vkeys.join(", ");
  if (codes.has("checkpoint_unsigned") && !codes.has("checkpoint_signature_wrong")) {
    journal.reportCondition("key.changed", { log: log.origin, subject: "unsigned" }, () => ({
      former,
      latter: reason,
    }));
  } else if (WRONG.some((code) => codes.has(code))) {
    const latter = { size: log.head?.size ?? 0, root: log.head?.root ?? "" };
    journal.reportCondition("log.inconsistent", { log: log.origin }, () => ({
      former: null,
      latter,
      reason,
      evidence: null,
    }));
  } else journal.reportCondition("log.unreachable", { log: log.origin }, (since) => ({ since, reason }));
}

const WRONG: readonly Finding["code"][] = [
  "checkpoint_signature_wrong",
  "cosignature_wrong",
  "checkpoint_origin_wrong",
];

function judgeWitnesses(log: LogState, { lines }: AuditedHead, { journal, witnesses }: ScanContext): void {
  const { verifiers, policy } = witnesses;
  const signed = new Set(lines.filter(({ isTrusted }) => isTrusted).map(({ key }) => key));
  const present = verifiers.filter(({ vkey }) => signed.has(keyName(vkey)));
  for (const { vkey } of verifiers) {
    if (signed.has(keyName(vkey))) continue;
    const witness = vkey.name;
    journal.reportCondition("witness.lost", { log: log.origin, subject: keyName(vkey) }, (since) => ({
      witness,
      since,
    }));
  }
  const isEnough =
    policy === null
      ? present.length === verifiers.length
      : isQuorum(
          policy,
          new Set(policy.witnesses.filter(({ key }) => signed.has(keyName(key))).map(({ name }) => name)),
        );
  if (isEnough) return;
  const reason = "the checkpoint lacks cosignatures that you require: others may be shown another tree";
  journal.reportCondition("log.unreachable", { log: log.origin, subject: "quorum" }, (since) => ({ since, reason }));
}

/** A log that was frozen, or whose keys have expired, must not grow. */
function judgeFrozen(log: LogState, head: AuditedHead, { journal, keepEvidence }: ScanContext): void {
  const { frozenSize, head: seen, origin, vkeys } = log;
  if (frozenSize === null || head.treeSize <= frozenSize) return;
  const evidence =
    seen === null ? null : keepEvidence(origin, "grew", describeFork(pairHeads(seen, head, null), vkeys));
  journal.reportCondition("shard.inactive_grew", { log: origin }, () => ({
    frozenSize,
    size: head.treeSize,
    evidence,
  }));
}

/** Reports two heads of which neither extends the other, and the witnesses that signed both. */
export async function reportFork(
  log: LogState,
  head: AuditedHead,
  evidence: ForkEvidence,
  { journal, keepEvidence, witnesses }: ScanContext,
): Promise<void> {
  const { origin, vkeys, head: seen } = log;
  if (seen === null) return;
  const file = keepEvidence(origin, "fork", describeFork(evidence, vkeys));
  const isSmaller = head.treeSize < seen.size;
  const reason = isSmaller
    ? `the log showed a tree of ${head.treeSize} entries after one of ${seen.size}: entries are gone, or a cache is old`
    : `the tree of ${head.treeSize} entries does not begin with the tree of ${seen.size} entries that the log signed before: history was rewritten`;
  const [former, latter] = [headOfSeen(seen), toEventHead(head)];
  journal.reportCondition("log.inconsistent", { log: origin }, () => ({ former, latter, reason, evidence: file }));
  // A witness may sign an older head again, unless another one of its size.
  if (isSmaller) return;
  for (const witness of await findCosigners(witnesses.verifiers, { origin, texts: [evidence.older, evidence.newer] })) {
    const details = { witness, heads: [former, latter] as const, evidence: file };
    journal.reportCondition("witness.equivocated", { log: origin, subject: witness }, () => details);
  }
}

/** The names of the witnesses that signed every note. */
async function findCosigners(
  verifiers: readonly NoteVerifier[],
  { origin, texts }: { readonly origin: string; readonly texts: readonly string[] },
): Promise<readonly string[]> {
  const signers = await Promise.all(
    texts.map(async (text) => {
      const note = parseNote(Buffer.from(text));
      const lines = note.ok ? await verifyLines(note.value, verifiers) : [];
      return new Set(lines.filter(({ isGood }) => isGood).map(({ verifier }) => verifier));
    }),
  );
  const all = verifiers.filter((verifier) => signers.every((set) => set.has(verifier)));
  return all.filter((verifier) => isCosigner(verifier, origin)).map(({ vkey }) => vkey.name);
}

/** Whether the log says in its checkpoint that it is frozen (rekor-tiles, cmd/freeze-checkpoint). */
export function isFrozenNote(text: string): boolean {
  const note = parseNote(Buffer.from(text));
  const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
  return checkpoint.ok && checkpoint.value.extensions.some((line) => line.startsWith("Log frozen"));
}
