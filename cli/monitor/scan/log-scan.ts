// SPDX-License-Identifier: Apache-2.0
// One pass over one log: judges its head, reads the entries that are new since the last pass, rebuilds the tree from
// them, and raises an event for everything that somebody should know. The cursor passes an entry only in the write of
// the state that holds the events about it.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { equal } from "../../../shared/bytes/bytes.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { ok } from "../../../shared/result.ts";
import { formatRfc3339, unixMs } from "../../../shared/time.ts";
import { type Edge, EMPTY_EDGE } from "../../../shared/tlog/edge.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import { encodeTile, TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import { describeFinding, type Finding, isGap } from "../../served-log/findings.ts";
import type { AuditedHead } from "../../served-log/head.ts";
import { pairHeads } from "../../served-log/history.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import { decodeEdge, encodeEdge } from "../../served-log/seen-tree.ts";
import { compareOpenTiles, type Piece, rebuildTree, rootOf, type TreeParts } from "../../served-log/tree.ts";
import type { Coverage } from "../coverage.ts";
import { describeContradiction } from "../evidence.ts";
import type { Gap, LogState, Position } from "../state/state.ts";
import type { ScanContext } from "./context.ts";
import { EntryDesk } from "./entry-desk.ts";
import { findPosition } from "./first-position.ts";
import { hashOfLeaves, MAX_GAPS, readGaps, withGapOfHints } from "./gaps.ts";
import { isFrozenNote, type JudgedHead, judgeHead, readSize, reportFork, toEventHead } from "./heads.ts";
import { findService, hintsOf, type ReadHints } from "./hints.ts";
import { judgeLiveness } from "./liveness.ts";
import { addHints, type HintedBundle, readBundle, readEntry } from "./watched-bundle.ts";

/** Where the first pass over a log begins: at its first entry, at another one, or at its end. */
export type FirstEntry = number | "now";

/** The scan of one log. Call `open`, then `readNext` until `isDone`. */
export class LogScan {
  readonly #context: ScanContext;
  readonly #source: LogSource;
  readonly #desk: EntryDesk;
  readonly #first: FirstEntry;
  readonly #startedAt: number;
  #log: LogState;
  #judged: JudgedHead | null = null;
  #pieces: AsyncGenerator<Piece<HintedBundle>, void, void> | null = null;
  #edge: Edge = EMPTY_EDGE;
  /** The tree of the whole bundles so far, and the cursor. */
  #position: Position;
  #damages: readonly Finding[] = [];
  #isComplete = false;
  #openedAt = 0;
  isDone = false;

  /** @param first where to begin, if the log was never read */
  constructor(log: LogState, context: ScanContext, first: FirstEntry) {
    this.#log = log;
    this.#context = context;
    this.#first = first;
    this.#source = context.openSource(log.url);
    this.#desk = new EntryDesk(log, context);
    this.#position = log.progress ?? log.position;
    this.#startedAt = this.#position.cursor;
  }

  get log(): LogState {
    return this.#log;
  }

  /** The size of the log's head, 0 if it has none. */
  get size(): number {
    return this.#judged?.head.treeSize ?? 0;
  }

  get cursor(): number {
    return this.#position.cursor;
  }

  /**
   * How far the log was read, as the time of its certificates; -Infinity if that is unknown. The end of a log is where
   * it was when its head was read, however long the pass took since; a certificate log's head may be older still.
   */
  get clock(): number {
    const { frozenSize, kind } = this.#log;
    const isAtEnd = this.#isComplete || (this.isDone && frozenSize !== null && this.cursor >= frozenSize);
    if (!isAtEnd) return this.#desk.clock;
    const signedAt = this.#judged?.head.timestamp ?? Number.NEGATIVE_INFINITY;
    const mayBeOld = LOG_KINDS[kind].isRekor ? 0 : MAX_HEAD_AGE_MS;
    return Math.max(this.#desk.clock, Math.min(signedAt, this.#openedAt), this.#openedAt - mayBeOld);
  }

  /** Whether the head was read, and the entries below it as far as they can be. */
  get isJudged(): boolean {
    return this.isDone && this.#judged !== null;
  }

  /** Reads the head, and prepares the reading of entries. */
  async open(): Promise<void> {
    this.#openedAt = this.#context.now();
    this.#update({});
    this.#judged = await judgeHead(this.#log, this.#source, this.#context);
    if (this.#judged === null) {
      this.isDone = true;
      return;
    }
    const { head, history } = this.#judged;
    if (!(await this.#findStart(head))) return;
    if (history === "extends") this.#remember(head);
    judgeLiveness(this.#log, head, this.#context);
    const readHints = head.treeSize === 0 ? null : await this.#openHints();
    await this.#readGaps(readHints);
    this.#edge = decodeEdge(this.#position.tree) ?? EMPTY_EDGE;
    const parts: TreeParts<HintedBundle> = {
      source: this.#source,
      kind: this.#log.kind,
      treeSize: head.treeSize,
      signedRoot: head.rootHash,
      markedSize: history === "open" ? (this.#log.head?.size ?? null) : null,
      check: (task) => addHints(readBundle(this.#log, { cursor: this.#position.cursor, task }), readHints),
      service: null,
      sidecars: { accept: () => true },
    };
    this.#pieces = rebuildTree(parts, this.#edge);
    this.#compareOpen = () => compareOpenTiles(parts, this.#edge);
  }

  #compareOpen: () => Promise<readonly Finding[]> = () => Promise.resolve([]);

  /** Finds the first position of a log that was never read. */
  async #findStart({ treeSize }: AuditedHead): Promise<boolean> {
    const isNew = this.#log.head === null && this.#position.cursor === 0;
    if (!isNew || this.#first === 0) return true;
    const from = this.#first === "now" ? treeSize : this.#first;
    const position = await findPosition(this.#source, from, treeSize);
    if (!position.ok) {
      const { error: reason } = position;
      this.#context.journal.reportCondition("log.unreachable", { log: this.#log.origin }, (since) => ({
        since,
        reason,
      }));
      this.isDone = true;
      return false;
    }
    this.#position = position.value;
    this.#update({ from: position.value.cursor, since: this.#context.now(), position: position.value });
    return true;
  }

  #update(change: Partial<LogState>): void {
    this.#log = { ...this.#log, ...change };
    this.#context.journal.updateLog(this.#log);
  }

  #remember(head: AuditedHead): void {
    const { treeSize: size, rootHash, note: checkpoint } = head;
    const now = unixMs(this.#context.now());
    const { frozenSize: known, head: former, grewAt: grewBefore } = this.#log;
    const frozenSize = known ?? (isFrozenNote(checkpoint) ? size : null);
    const grewAt = former?.size === size && grewBefore !== null ? grewBefore : now;
    const seen = { size, root: encodeBase64(rootHash), checkpoint, at: formatRfc3339(now) };
    this.#update({ head: seen, frozenSize, grewAt });
  }

  /** The reader of what the leaves do not hold; null if no selector asks for it, or if the log has no such data. */
  async #openHints(): Promise<ReadHints | null> {
    const { readsHints, openSource } = this.#context;
    const service = readsHints ? await findService(this.#log, openSource) : ok(null);
    if (!service.ok) return () => Promise.resolve(service);
    return service.value === null ? null : hintsOf(service.value);
  }

  async #readGaps(readHints: ReadHints | null): Promise<void> {
    if (this.#log.gaps.length === 0) return;
    const { gaps, entries } = await readGaps(this.#log, { source: this.#source, readHints });
    this.#update({ gaps });
    for (const entry of entries) this.#desk.take(entry);
  }

  /** Reads one more bundle, or ends the scan. */
  async readNext(): Promise<void> {
    const next = await this.#pieces?.next();
    if (next === undefined || next.done === true) await this.#finish();
    else await this.#take(next.value);
  }

  async #take(piece: Piece<HintedBundle>): Promise<void> {
    const { check, leaves, edge, firstIndex, width, findings, markedRoot } = piece;
    this.#reportDamages(findings.filter((finding) => !isGap(finding)));
    if (edge === null || leaves === null) return this.#stop(findings);
    for (const record of check?.records ?? []) this.#desk.take(readEntry(this.#log, record));
    const isHidden = check === null || findings.some(({ code }) => code === "entry_not_in_tree");
    if (isHidden && !this.#addGap(firstIndex, firstIndex + width, encodeTile(leaves), findings))
      return this.#stop(findings);
    if (!isHidden) this.#addGapOfHints(check, leaves);
    const cursor = Math.max(this.#position.cursor, firstIndex + width);
    const tree = width === TILE_WIDTH ? { treeSize: edge.treeSize, edge: encodeEdge(edge) } : this.#position.tree;
    this.#edge = edge;
    this.#position = { cursor, tree };
    // A tree that is not the signed one must not be continued.
    if (this.#damages.length === 0) this.#update({ progress: this.#position });
    if (markedRoot !== null) await this.#compareMarked(encodeBase64(markedRoot));
  }

  async #compareMarked(root: string): Promise<void> {
    const { head: seen } = this.#log;
    const judged = this.#judged;
    if (seen === null || judged === null) return;
    if (root === seen.root) return this.#remember(judged.head);
    await reportFork(this.#log, judged.head, pairHeads(seen, judged.head, root), this.#context);
    this.#end(false);
  }

  /** Entries that the service should have described were watched without that; their gap says so. */
  #addGapOfHints({ hintsProblem: reason, records }: HintedBundle, leaves: readonly Hash[]): void {
    const [first] = records;
    if (reason === null || first === undefined || this.#damages.length > 0) return;
    const [from, to] = [first.index, first.index + records.length];
    const gap: Gap = { from, to, leaves: hashOfLeaves(encodeTile(leaves)), reason, lacks: "hints" };
    this.#update({ gaps: withGapOfHints(this.#log.gaps, gap) });
  }

  #addGap(from: number, to: number, leafHashes: Uint8Array, findings: readonly Finding[]): boolean {
    const { gaps } = this.#log;
    const start = Math.max(from, this.#position.cursor);
    if (start >= to || this.#damages.length > 0) return true;
    if (gaps.length >= MAX_GAPS) return false;
    const gap: Gap = {
      from: start,
      to,
      leaves: hashOfLeaves(leafHashes),
      reason: findings.map(describeFinding).join("; "),
      lacks: "entries",
    };
    this.#update({ gaps: [...gaps, gap] });
    return true;
  }

  /** Neither entries nor hashes can be read: the rest is read by the next pass. */
  #stop(findings: readonly Finding[]): void {
    const reason = findings.map(describeFinding).join("; ");
    const [from, to] = [this.#position.cursor, this.size];
    this.#context.journal.reportCondition("log.gap", { log: this.#log.origin, subject: "rest" }, () => ({
      from,
      to,
      reason,
    }));
    this.#end(false);
  }

  async #finish(): Promise<void> {
    const judged = this.#judged;
    if (judged === null) return this.#end(false);
    const { head } = judged;
    const tiles = await this.#compareOpen();
    const rebuilt = rootOf(this.#edge);
    const isRight = equal(rebuilt, head.rootHash);
    const [rebuiltText, signed] = [encodeBase64(rebuilt), encodeBase64(head.rootHash)];
    const wrong: readonly Finding[] = isRight
      ? []
      : [{ code: "root_wrong", size: head.treeSize, rebuilt: rebuiltText, signed }];
    this.#reportDamages([...tiles.filter((finding) => !isGap(finding)), ...wrong]);
    if (isRight && this.#damages.length === 0) {
      this.#remember(head);
      this.#update({ position: this.#position, progress: null, caughtUpAt: this.#openedAt });
    }
    this.#end(isRight);
  }

  /** Reports how far the log is ahead of the entries that were read, where that is more than the limit. */
  async reportLag(): Promise<void> {
    if (!this.isJudged) return;
    const { journal, limits, now } = this.#context;
    const { origin, caughtUpAt } = this.#log;
    const size = Math.max(this.size, (await readSize(this.#log, this.#source)) ?? 0);
    const entries = size - this.cursor;
    if (entries <= limits.lagEntries) return;
    journal.reportCondition("monitor.lagging", { log: origin }, (since) => ({
      since,
      entries,
      seconds: Math.round((now() - (caughtUpAt ?? since)) / 1000),
    }));
  }

  #reportDamages(findings: readonly Finding[]): void {
    if (findings.length === 0 || this.#judged === null) return;
    this.#damages = [...this.#damages, ...findings].slice(0, MAX_DAMAGES);
    const { origin, vkeys } = this.#log;
    const { head } = this.#judged;
    const texts = this.#damages.map(describeFinding);
    // The next pass reads from the last tree that a head has confirmed.
    const confirmed = this.#log.position.cursor;
    this.#update({ progress: null, gaps: this.#log.gaps.filter(({ from }) => from < confirmed) });
    const evidence = this.#context.keepEvidence(
      origin,
      "contradiction",
      describeContradiction({ note: head.note, vkeys, findings: texts }),
    );
    const latter = toEventHead(head);
    const reason = texts.join("; ");
    this.#context.journal.reportCondition("log.inconsistent", { log: origin }, () => ({
      former: null,
      latter,
      reason,
      evidence,
    }));
  }

  #end(isComplete: boolean): void {
    this.#isComplete = isComplete && this.#damages.length === 0;
    this.isDone = true;
    void this.#pieces?.return();
    for (const { from, to, reason } of this.#log.gaps) {
      this.#context.journal.reportCondition("log.gap", { log: this.#log.origin, subject: String(from) }, () => ({
        from,
        to,
        reason,
      }));
    }
  }

  /** The entries that this pass has read, and those that it has not. */
  get coverage(): Coverage {
    const { origin, kind, url, from: firstRead, gaps, head } = this.#log;
    const judged = this.#judged?.head ?? null;
    const to = this.#damages.length === 0 ? this.cursor : this.#log.position.cursor;
    const end = judged?.treeSize ?? null;
    const rest = this.#isComplete ? [] : [{ from: to, to: end }];
    return {
      log: origin,
      kind,
      url,
      from: Math.min(to, Math.max(this.#startedAt, firstRead)),
      to,
      neverScanned: firstRead,
      at: unixMs(this.#context.now()),
      size: judged?.treeSize ?? head?.size ?? null,
      root: judged === null ? null : encodeBase64(judged.rootHash),
      gaps: [...gaps.map((gap) => ({ from: gap.from, to: gap.to })), ...rest],
    };
  }
}

/**
 * How old the head that a certificate log serves may be without being wrong: publication and caches take seconds, a
 * busy minute some more. For signature logs the time that a certificate has for its first use covers it.
 */
const MAX_HEAD_AGE_MS = 5 * 60_000;
/** Each says the same of another file. */
const MAX_DAMAGES = 20;
