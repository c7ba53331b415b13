// SPDX-License-Identifier: Apache-2.0
// Audits one log: its head, its history since the last audit, every hash of its tree, every entry. Reads the log
// only; `save` receives what the next audit needs.

import { setTimeout as sleep } from "node:timers/promises";
import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { equal } from "../../shared/bytes/bytes.ts";
import { type Edge, EMPTY_EDGE } from "../../shared/tlog/edge.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import type { LogSource } from "../served-log/log-source.ts";
import type { BundleCheck } from "./bundle-check.ts";
import { bundleChecker } from "./bundle-checker.ts";
import { Findings, type FindingsSummary } from "./findings.ts";
import { type AuditedHead, readHead } from "./head.ts";
import { type AuditedTree, type Counts, decodeEdge, encodeEdge, NO_COUNTS, type Progress } from "./state.ts";
import { compareOpenTiles, type Piece, rebuildTree, rootOf, type TreeParts } from "./tree.ts";
import type { TrustedLog } from "./trust.ts";

/** The log, its keys, and the state of earlier audits. */
export interface AuditOptions {
  readonly log: TrustedLog;
  /** The keys of the log and of witnesses. */
  readonly verifiers: readonly NoteVerifier[];
  readonly source: LogSource;
  /** Whether signatures and chains of entries are verified. */
  readonly verifies: boolean;
  /** The number of worker threads; 0 uses this thread. */
  readonly jobs: number;
  /** The tree that the last good audit saw. */
  readonly audited: AuditedTree | null;
  /** Where to continue; null for the beginning. */
  readonly progress: Progress | null;
  /** Saves the progress. Called every few seconds and at the end. */
  readonly save: (progress: Progress) => void;
  readonly onProgress: (done: number, total: number) => void;
  readonly now: () => number;
  /** Waits between reads of a checkpoint that is older than the last audited one. */
  readonly staleWaitsMs?: readonly number[];
}

/** The result of an audit. */
export interface AuditReport {
  readonly verdict: "good" | "bad" | "could not tell";
  /** Null if no head could be verified. */
  readonly head: AuditedHead | null;
  readonly findings: FindingsSummary;
  readonly counts: Counts;
  /** The number of entries read by this audit. */
  readonly entriesRead: number;
  /** The index of the first entry read; 0 unless the audit continued another. */
  readonly startedAt: number;
}

const SAVE_EVERY_MS = 2000;
/** tlog-tiles allows caches of a few seconds for checkpoints. */
const STALE_WAITS_MS = [1000, 2000, 4000];

/** Audits a log. Rejects only if this machine fails. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const auditedSize = options.audited?.size ?? 0;
  const head = await readNewestHead(options, auditedSize);
  const findings = new Findings();
  if (!head.ok) {
    findings.add(...head.error);
    return report(null, findings, NO_WORK);
  }
  const { treeSize } = head.value;
  if (treeSize >= auditedSize) return auditTree(options, head.value);
  findings.add({ code: "tree_shrunk", auditedSize, size: treeSize });
  return report(head.value, findings, NO_WORK);
}

/**
 * Reads the head. A cache can serve an old checkpoint, so a tree smaller than the audited one is read again before it
 * counts.
 */
async function readNewestHead(options: AuditOptions, auditedSize: number): ReturnType<typeof readHead> {
  const { source, log, verifiers, staleWaitsMs = STALE_WAITS_MS } = options;
  let head = await readHead(source, log.origin, verifiers);
  for (const waitMs of staleWaitsMs) {
    if (!head.ok || head.value.treeSize >= auditedSize) return head;
    await sleep(waitMs);
    head = await readHead(source, log.origin, verifiers);
  }
  return head;
}

type Work = Pick<AuditReport, "counts" | "entriesRead" | "startedAt">;

const NO_WORK: Work = { counts: NO_COUNTS, entriesRead: 0, startedAt: 0 };

function report(head: AuditedHead | null, findings: Findings, work: Work): AuditReport {
  const { summary } = findings;
  const open = summary.gaps > 0 ? "could not tell" : "good";
  return { verdict: summary.damages > 0 ? "bad" : open, head, findings: summary, ...work };
}

async function auditTree(options: AuditOptions, head: AuditedHead): Promise<AuditReport> {
  const { log, verifies, jobs, source, audited } = options;
  const { treeSize, rootHash: signedRoot, timestamp: headTimestamp } = head;
  const checker = bundleChecker(jobs, { kind: log.kind, verifies, headTimestamp, url: log.url });
  const parts: TreeParts = {
    source,
    kind: log.kind,
    treeSize,
    signedRoot,
    markedSize: audited?.size ?? null,
    check: (task) => checker.check(task),
  };
  try {
    return await new TreeAudit(options, head, parts).run();
  } finally {
    await checker.close();
  }
}

/** One run over a tree, with its findings so far. */
class TreeAudit {
  readonly #options: AuditOptions;
  readonly #head: AuditedHead;
  readonly #parts: TreeParts;
  readonly #findings: Findings;
  readonly #start: Edge;
  #counts: Counts;
  #resumable: Resumable;
  #savedAt: number;

  constructor(options: AuditOptions, head: AuditedHead, parts: TreeParts) {
    const { progress } = options;
    const start = progress === null ? null : decodeEdge(progress);
    const resumed = progress !== null && start !== null && start.treeSize <= head.treeSize ? progress : null;
    this.#options = options;
    this.#head = head;
    this.#parts = parts;
    this.#start = resumed === null ? EMPTY_EDGE : (start ?? EMPTY_EDGE);
    this.#findings = new Findings(resumed?.findings);
    this.#counts = resumed?.counts ?? NO_COUNTS;
    this.#resumable = { edge: this.#start, counts: this.#counts, findings: this.#findings.summary };
    this.#savedAt = options.now();
  }

  async run(): Promise<AuditReport> {
    let edge: Edge = this.#start;
    for await (const piece of rebuildTree(this.#parts, this.#start)) {
      this.#take(piece);
      if (piece.edge === null) return this.#report(edge);
      edge = piece.edge;
      this.#options.onProgress(edge.treeSize, this.#head.treeSize);
      this.#saveOccasionally(edge);
    }
    this.#findings.add(...(await compareOpenTiles(this.#parts, edge)));
    this.#checkRoot(edge);
    this.#checkUnknown();
    return this.#report(edge);
  }

  #take({ check, findings, markedRoot }: Piece): void {
    this.#findings.add(...findings);
    if (check !== null) this.#counts = sum(this.#counts, check);
    const { audited } = this.#options;
    if (markedRoot === null || audited === null) return;
    const root = encodeBase64(markedRoot);
    if (root === audited.root) return;
    this.#findings.add({ code: "tree_forked", auditedSize: audited.size, auditedRoot: audited.root, root });
  }

  #checkRoot(edge: Edge): void {
    const { treeSize: size, rootHash } = this.#head;
    const rebuilt = rootOf(edge);
    if (equal(rebuilt, rootHash)) return;
    this.#findings.add({ code: "root_wrong", size, rebuilt: encodeBase64(rebuilt), signed: encodeBase64(rootHash) });
  }

  /**
   * A log with entries of Rekor's kinds must have no others. A log without any is another kind of log, and is not
   * judged.
   */
  #checkUnknown(): void {
    const { verified, unverified, firstUnknown } = this.#counts;
    const isRekor = this.#options.log.isRekor || verified + unverified > 0;
    if (firstUnknown === null || !isRekor) return;
    this.#findings.add({
      code: "entry_invalid",
      leafIndex: firstUnknown,
      reason: "it has a kind that the log does not accept",
    });
  }

  /** Saves only up to the first gap, as the next audit may be able to read what is missing. */
  #saveOccasionally(edge: Edge): void {
    const findings = this.#findings.summary;
    if (findings.gaps > 0 || edge.treeSize % TILE_WIDTH !== 0) return;
    this.#resumable = { edge, counts: this.#counts, findings };
    const now = this.#options.now();
    if (now - this.#savedAt < SAVE_EVERY_MS) return;
    this.#savedAt = now;
    this.#save(false);
  }

  #save(isComplete: boolean): void {
    const { edge, counts, findings } = this.#resumable;
    const { verifies, save } = this.#options;
    save({ treeSize: edge.treeSize, edge: encodeEdge(edge), verifies, counts, findings, isComplete });
  }

  #report(edge: Edge): AuditReport {
    const startedAt = this.#start.treeSize;
    const work = { counts: this.#counts, entriesRead: edge.treeSize - startedAt, startedAt };
    const finished = report(this.#head, this.#findings, work);
    this.#save(finished.verdict === "good");
    return finished;
  }
}

/** A tree of whole bundles, with the findings in them. */
interface Resumable {
  readonly edge: Edge;
  readonly counts: Counts;
  readonly findings: FindingsSummary;
}

const sum = (counts: Counts, check: BundleCheck): Counts => ({
  verified: counts.verified + check.verified,
  unverified: counts.unverified + check.unverified,
  unknown: counts.unknown + check.unknown,
  firstUnknown: counts.firstUnknown ?? check.firstUnknown,
});
