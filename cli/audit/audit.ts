// SPDX-License-Identifier: Apache-2.0
// Audits one log: its head, its history since earlier audits, every hash of its tree, every entry, their order. Reads
// the log only; `remember` and `save` receive what the next audit needs.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { equal } from "../../shared/bytes/bytes.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { type Edge, EMPTY_EDGE } from "../../shared/tlog/edge.ts";
import { TILE_WIDTH } from "../../shared/tlog/tile.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import { type Finding, Findings, type FindingsSummary } from "../served-log/findings.ts";
import { type AuditedHead, checkHeadTime, readNewestHead } from "../served-log/head.ts";
import { compareHistory, type ForkEvidence, type History, pairHeads } from "../served-log/history.ts";
import type { LogSource } from "../served-log/log-source.ts";
import { LOGS_PATH } from "../served-log/paths.ts";
import { decodeEdge, encodeEdge, type SeenTree } from "../served-log/seen-tree.ts";
import {
  compareOpenTiles,
  type Piece,
  rebuildTree,
  rootOf,
  type ServiceOfLog,
  type TreeParts,
} from "../served-log/tree.ts";
import type { TrustedLog } from "../served-log/trust.ts";
import type { BundleCheck } from "./bundle-check.ts";
import { bundleChecker } from "./bundle-checker.ts";
import { EntryOrder } from "./entry-order.ts";
import type { AuditPolicy } from "./entry-policy.ts";
import { SeenEntries } from "./seen-entries.ts";
import type { SeenSidecars } from "./seen-sidecars.ts";
import { type Checks, type Counts, NO_COUNTS, type Progress } from "./state.ts";

/** The log, its keys, and the state of earlier audits. */
export interface AuditOptions {
  readonly log: TrustedLog;
  /** The keys of the log and of witnesses. */
  readonly verifiers: readonly NoteVerifier[];
  /** Keys that the log's service lists and nobody vouches for: their lines must verify, and prove nothing. */
  readonly listedVerifiers: readonly NoteVerifier[];
  readonly source: LogSource;
  /** The service of a log of Sigedge, whose sidecars are read; null for other logs. */
  readonly service: ServiceOfLog | null;
  readonly checks: Checks;
  /** Who may write; null if nothing is known about it. */
  readonly policy: AuditPolicy | null;
  /** Until when keys of the log are trusted, by `<name>+<hex key id>`. */
  readonly keyEnds: ReadonlyMap<string, number>;
  /** The number of worker threads; 0 uses this thread. */
  readonly jobs: number;
  /** The newest tree that an audit saw. */
  readonly audited: SeenTree | null;
  /** Where to continue; null for the beginning. */
  readonly progress: Progress | null;
  /** The identities of the first `size` entries, null if they are not known. */
  readonly seenFrom: (size: number) => SeenEntries | null;
  /** The sidecars that earlier audits have read; the caller saves them. */
  readonly sidecars: SeenSidecars;
  /** Remembers a head that extends `audited`. Called as soon as that is known, whatever else the audit finds. */
  readonly remember: (head: AuditedHead) => void;
  /** Saves the progress. Called every few seconds and at the end. */
  readonly save: (progress: Progress) => void;
  readonly onProgress: (done: number, total: number) => void;
  /** A clock that does not go back, in ms. */
  readonly now: () => number;
  /** The time, in ms since 1970. */
  readonly time: () => number;
  /** Waits between reads of a checkpoint that is older than the last audited one. */
  readonly staleWaitsMs?: readonly number[];
}

/** The result of an audit. */
export interface AuditReport {
  readonly verdict: "good" | "bad" | "could not tell";
  /** Null if no head could be verified. */
  readonly head: AuditedHead | null;
  readonly findings: FindingsSummary;
  /** Proof of a fork against `audited`, or evidence of a tree that shrank; null if there is neither. */
  readonly evidence: ForkEvidence | null;
  readonly counts: Counts;
  /** The number of entries read by this audit. */
  readonly entriesRead: number;
  /** The index of the first entry read; 0 unless the audit continued another. */
  readonly startedAt: number;
}

const SAVE_EVERY_MS = 2000;

/** Audits a log. Rejects only if this machine fails. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { audited, keyEnds } = options;
  const auditedSize = audited?.size ?? 0;
  const { source, log, verifiers, listedVerifiers, staleWaitsMs } = options;
  const keys = { trusted: verifiers, listed: listedVerifiers };
  const least = { size: auditedSize, ...(staleWaitsMs === undefined ? {} : { staleWaitsMs }) };
  const read = await readNewestHead(source, log.origin, keys, least);
  const findings = new Findings();
  if (!read.ok) {
    findings.add(...read.error);
    return report(null, findings, NO_WORK);
  }
  const head = read.value;
  const { treeSize } = head;
  findings.add(...checkHeadTime(head, { earlier: audited, ends: keyEnds, now: options.time() }));
  if (audited !== null && treeSize < auditedSize) {
    findings.add({ code: "tree_shrunk", auditedSize, size: treeSize });
    return report(head, findings, { ...NO_WORK, evidence: pairHeads(audited, head, null) });
  }
  return auditTree(options, head, findings);
}

type Work = Pick<AuditReport, "counts" | "entriesRead" | "startedAt" | "evidence">;

const NO_WORK: Work = { counts: NO_COUNTS, entriesRead: 0, startedAt: 0, evidence: null };

function report(head: AuditedHead | null, findings: Findings, work: Work): AuditReport {
  const { summary } = findings;
  const open = summary.gaps > 0 ? "could not tell" : "good";
  return { verdict: summary.damages > 0 ? "bad" : open, head, findings: summary, ...work };
}

async function auditTree(options: AuditOptions, head: AuditedHead, found: Findings): Promise<AuditReport> {
  const { log, checks, policy, jobs, source, service, sidecars, audited } = options;
  const history = audited === null ? EXTENDS : await compareHistory(source, audited, head);
  if (history.kind === "extends") options.remember(head);
  const { treeSize, rootHash: signedRoot, timestamp: headTimestamp } = head;
  // A service that no longer names its log hides the times of its entries.
  const hidesTimes = checks.order && service === null && LOG_KINDS[log.kind].hasSidecars;
  if (hidesTimes) found.add({ code: "resource_missing", path: LOGS_PATH });
  const settings = { kind: log.kind, verifies: checks.signatures, headTimestamp, policy, url: log.url };
  const checker = bundleChecker(jobs, settings);
  const parts: TreeParts<BundleCheck> = {
    source,
    service,
    sidecars,
    kind: log.kind,
    treeSize,
    signedRoot,
    // Tiles that cannot be read prove nothing; the entries then decide.
    markedSize: history.kind === "open" ? (audited?.size ?? null) : null,
    check: (task) => checker.check(task),
  };
  try {
    return await new TreeAudit(options, { head, history, found }, parts).run();
  } finally {
    await checker.close();
  }
}

const EXTENDS: History = { kind: "extends" };

/** Facts about the tree that are known before its entries are read. */
interface KnownTree {
  readonly head: AuditedHead;
  readonly history: History;
  readonly found: Findings;
}

/** One run over a tree, with its findings so far. */
class TreeAudit {
  readonly #options: AuditOptions;
  readonly #head: AuditedHead;
  readonly #parts: TreeParts<BundleCheck>;
  readonly #findings: Findings;
  readonly #start: Edge;
  readonly #seen: SeenEntries;
  readonly #order: EntryOrder | null;
  #evidence: ForkEvidence | null;
  #counts: Counts;
  #resumable: Resumable;
  #savedAt: number;

  constructor(options: AuditOptions, { head, history, found }: KnownTree, parts: TreeParts<BundleCheck>) {
    const { checks, seenFrom } = options;
    // A forked tree does not continue the one that an earlier audit read.
    const resumed = history.kind === "forked" ? null : resume(options, head);
    this.#options = options;
    this.#head = head;
    this.#evidence = history.kind === "forked" ? history.evidence : null;
    this.#parts = parts;
    this.#start = resumed?.edge ?? EMPTY_EDGE;
    this.#seen = resumed?.seen ?? seenFrom(0) ?? new SeenEntries();
    this.#order = checks.order ? new EntryOrder(this.#seen, resumed?.lastTime ?? 0, options.time()) : null;
    this.#findings = new Findings(resumed?.findings);
    this.#counts = resumed?.counts ?? NO_COUNTS;
    this.#resumable = this.#stopAt(this.#start);
    this.#findings.add(...found.summary.listed, ...this.#fork());
    this.#savedAt = options.now();
  }

  /** The finding of a fork, once it is proven. */
  #fork(): readonly Finding[] {
    const { audited } = this.#options;
    if (audited === null || this.#evidence === null) return [];
    const { size: auditedSize, root: auditedRoot } = audited;
    const root = this.#evidence.newerRootAtOlderSize ?? "";
    return [{ code: "tree_forked", auditedSize, auditedRoot, root }];
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

  #take({ check, findings, markedRoot, firstIndex, width }: Piece<BundleCheck>): void {
    this.#findings.add(...findings);
    if (check !== null) this.#counts = sum(this.#counts, check);
    this.#findings.add(...(this.#order?.take(check, firstIndex, width) ?? []));
    const { audited } = this.#options;
    if (markedRoot === null || audited === null) return;
    const root = encodeBase64(markedRoot);
    if (root === audited.root) {
      this.#options.remember(this.#head);
      return;
    }
    this.#findings.add({ code: "tree_forked", auditedSize: audited.size, auditedRoot: audited.root, root });
    this.#evidence = pairHeads(audited, this.#head, root);
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
    if (this.#findings.summary.gaps > 0 || edge.treeSize % TILE_WIDTH !== 0) return;
    this.#resumable = this.#stopAt(edge);
    const now = this.#options.now();
    if (now - this.#savedAt < SAVE_EVERY_MS) return;
    this.#savedAt = now;
    this.#save(false);
  }

  #stopAt(edge: Edge): Resumable {
    return { edge, counts: this.#counts, findings: this.#findings.summary, lastTime: this.#order?.lastTime ?? 0 };
  }

  #save(isComplete: boolean): void {
    const { edge, counts, findings, lastTime } = this.#resumable;
    const { checks, save } = this.#options;
    if (checks.order) this.#seen.save(edge.treeSize);
    save({ treeSize: edge.treeSize, edge: encodeEdge(edge), checks, lastTime, counts, findings, isComplete });
  }

  #report(edge: Edge): AuditReport {
    const startedAt = this.#start.treeSize;
    const work = {
      counts: this.#counts,
      entriesRead: edge.treeSize - startedAt,
      startedAt,
      evidence: this.#evidence,
    };
    const finished = report(this.#head, this.#findings, work);
    this.#save(finished.verdict === "good");
    return finished;
  }
}

/** Resumes where an earlier audit stopped. Null if this one must start from the beginning. */
function resume(
  { progress, seenFrom, checks }: AuditOptions,
  head: AuditedHead,
): (Resumable & { seen: SeenEntries }) | null {
  if (progress === null || progress.treeSize > head.treeSize) return null;
  const edge = decodeEdge(progress);
  const seen = checks.order ? seenFrom(progress.treeSize) : new SeenEntries();
  return edge === null || seen === null ? null : { ...progress, edge, seen };
}

/** A tree of whole bundles, with the findings in them. */
interface Resumable {
  readonly edge: Edge;
  readonly counts: Counts;
  readonly findings: FindingsSummary;
  readonly lastTime: number;
}

const sum = (counts: Counts, check: BundleCheck): Counts => ({
  verified: counts.verified + check.verified,
  unverified: counts.unverified + check.unverified,
  unknown: counts.unknown + check.unknown,
  firstUnknown: counts.firstUnknown ?? check.firstUnknown,
});
