// SPDX-License-Identifier: Apache-2.0
// The witnesses of a log, and the checkpoint that readers are shown. Receives only heads that the anchor already holds.
// The newest cosigned head is in a row before anybody sees it, so that what the public was shown outlives the instance.

import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, Appended, Duplicate } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { isLineOf } from "../../../shared/tlog/cosignature.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { formatNote, type NoteSignature, parseNote } from "../../../shared/tlog/note.ts";
import { isQuorum, type WitnessPolicy } from "../../../shared/tlog/policy.ts";
import type { Witnessing } from "../deps.ts";
import type { CosignedRow } from "../tables/cosigned.ts";
import { Cosigning } from "./cosigning.ts";
import { type SubmissionDeps, Submissions } from "./submission.ts";

/** How long a head with a quorum is shown instead of a newer one without, unless answers wait for the quorum. */
const SHOW_COSIGNED_MS = 10_000;
/** How long an answer waits for a required quorum. */
const QUORUM_DEADLINE_MS = 5_000;
/** A line that comes after the decision is written after this time, unless a newer head has been written by then. */
const SAVE_LATE_LINES_MS = 1_000;

interface WitnessDeps extends SubmissionDeps, Pick<Witnessing, "policy" | "requireQuorum"> {
  /** Writes the row. Throws if the instance no longer owns its storage. */
  readonly save: (cosigned: CosignedRow) => void;
}

const LONG_AGO = unixMs(0);

/** The witnesses of one log, and what they have cosigned. */
export class Witnesses {
  readonly #deps: WitnessDeps;
  readonly #cosigning: Cosigning;
  /** The newest cosigned head, with the lines that have come. */
  #cosigned: CosignedRow | null = null;
  /** The newest cosigned head as the row has it. */
  #saved: CosignedRow | null = null;
  #shownSize = 0;
  #isSaving = false;
  /** Resolved when a head arrives, is cosigned, or finds no quorum. */
  #changed = Promise.withResolvers<void>();

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
    this.#cosigning = new Cosigning({
      ...deps,
      submissions: new Submissions(deps),
      keep: ({ head, lines, since }) =>
        this.#keep({ ...head, checkpoint: withLines(head.checkpoint, sortLines(deps.policy, lines)), since }),
      decided: () => this.#announce(),
    });
  }

  /**
   * Takes up the cosigned head of an earlier instance, unless the policy no longer finds a quorum in it. Call it before
   * the first observe.
   * @param newest the log's newest head
   */
  restore(row: CosignedRow, newest: SignedTreeHead): void {
    const { policy } = this.#deps;
    const note = parseNote(encodeUtf8(row.checkpoint));
    if (!note.ok || row.treeSize > newest.treeSize) return;
    const lines = new Map<string, NoteSignature>();
    for (const { name, key } of policy.witnesses) {
      const line = note.value.signatures.find((candidate) => isLineOf(key, candidate));
      if (line !== undefined) lines.set(name, line);
    }
    if (!isQuorum(policy, new Set(lines.keys()))) return;
    this.#cosigned = row;
    const signatures = note.value.signatures.filter((candidate) => ![...lines.values()].includes(candidate));
    const checkpoint = formatNote({ text: note.value.text, signatures });
    this.#cosigning.restore({ head: { ...row, checkpoint }, lines, since: row.since });
  }

  /** Takes a head that the anchor holds, and asks for cosignatures. */
  observe(head: SignedTreeHead): void {
    const cosigned = this.#cosigned;
    // Freezing signs the same tree under another text.
    if (cosigned?.treeSize === head.treeSize && textOf(cosigned) !== textOf(head)) {
      this.#cosigned = null;
      this.#cosigning.restore(null);
    }
    this.#cosigning.submit(head);
    this.#announce();
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * A new head is shown only if it is written: answers leave when the row is durable. One that is older than what was
   * shown is no longer fresh, or the next instance, which does not know what was shown, would go back to it.
   */
  #keep(cosigned: CosignedRow): boolean {
    const row = cosigned.treeSize < this.#shownSize ? { ...cosigned, since: LONG_AGO } : cosigned;
    const isLate = this.#cosigned?.treeSize === row.treeSize;
    if (!isLate && !this.#save(row)) return false;
    this.#cosigned = row;
    if (isLate) this.#saveLater();
    return true;
  }

  #saveLater(): void {
    if (this.#isSaving) return;
    this.#isSaving = true;
    this.#deps.host.runAfter(SAVE_LATE_LINES_MS, () => {
      this.#isSaving = false;
      if (this.#cosigned !== null && this.#cosigned !== this.#saved) this.#save(this.#cosigned);
    });
  }

  #save(row: CosignedRow): boolean {
    try {
      this.#deps.save(row);
      this.#saved = row;
      return true;
    } catch (error) {
      this.#deps.host.logLine("cosigned_head_not_saved", { treeSize: row.treeSize, reason: String(error) });
      return false;
    }
  }

  /**
   * Waits at most 5 s until an entry's tree has a quorum. The answer then has the witnesses' lines, or says where the
   * entry is if only a later tree has them. Fails with witnesses_missing; the entry stays in the log.
   */
  async cosign(answer: Appended | Duplicate): Promise<Result<Appended | Duplicate, AppendError>> {
    const needed = answer.kind === "appended" ? answer.treeSize : answer.leafIndex + 1;
    if (!(await this.#awaitDeadline(this.#reachQuorum(needed))))
      return err({ code: "witnesses_missing", retryAfterSeconds: 2 });
    const head = this.#cosigned;
    if (answer.kind === "appended" && head?.treeSize === answer.treeSize) {
      return ok({ ...answer, checkpoint: head.checkpoint });
    }
    return ok({ kind: "duplicate", leafIndex: answer.leafIndex });
  }

  /**
   * Whether a quorum reaches this size. If the newest head found none before, asks again, because no other call may
   * come.
   */
  async #reachQuorum(treeSize: number): Promise<boolean> {
    this.#retry();
    while (!this.#has(treeSize)) {
      // A tree that was just committed arrives once the anchor holds it. The quorum of a later tree will do.
      const isAsked = !this.#cosigning.isUnderWay && (this.#cosigning.newest?.treeSize ?? 0) >= treeSize;
      if (isAsked) return false;
      await this.#changed.promise;
    }
    return true;
  }

  #retry(): void {
    const { newest, isUnderWay } = this.#cosigning;
    if (newest !== null && this.isBehind && !isUnderWay) this.#cosigning.submit(newest);
  }

  /** True while the newest head lacks a quorum. */
  get isBehind(): boolean {
    const { newest } = this.#cosigning;
    return newest !== null && !this.#has(newest.treeSize);
  }

  /** Size of the newest head with a quorum, null before the first. */
  get cosignedSize(): number | null {
    return this.#cosigned?.treeSize ?? null;
  }

  /** Asks again if the newest head lacks a quorum. Resolves when that is decided. Does not reject. */
  async askAgain(): Promise<void> {
    this.#retry();
    while (this.#cosigning.isUnderWay) await this.#changed.promise;
  }

  #has(treeSize: number): boolean {
    return this.#cosigned !== null && this.#cosigned.treeSize >= treeSize;
  }

  /** Resolves to false if the deadline comes first. `work` must not reject. */
  async #awaitDeadline(work: Promise<boolean>): Promise<boolean> {
    return await new Promise((resolve) => {
      const cancel = this.#deps.host.runAfter(QUORUM_DEADLINE_MS, () => resolve(false));
      void work.then(resolve).finally(cancel);
    });
  }

  /**
   * Chooses the head to show: the newest with a quorum, for 10 s, then the newest. Where answers wait for the quorum,
   * no acknowledged entry is beyond it, and it is shown however old it is. The size never goes back.
   */
  chooseHead(newest: SignedTreeHead): SignedTreeHead {
    const cosigned = this.#cosigned;
    // A clock that was put back must not make a head fresher.
    const age = cosigned === null ? 0 : this.#deps.host.now() - cosigned.since;
    const isFresh = this.#deps.requireQuorum || (age >= 0 && age <= SHOW_COSIGNED_MS);
    const isNewest = cosigned !== null && cosigned.treeSize === newest.treeSize;
    const head = cosigned !== null && (isNewest || isFresh) && cosigned.treeSize >= this.#shownSize ? cosigned : newest;
    this.#shownSize = Math.max(this.#shownSize, head.treeSize);
    return head;
  }

  /** The head that proves entries below `minTreeSize`: the newest cosigned one if it does, otherwise the newest. */
  headOver(newest: SignedTreeHead, minTreeSize: number): SignedTreeHead {
    const cosigned = this.#cosigned;
    return cosigned !== null && cosigned.treeSize >= minTreeSize ? cosigned : newest;
  }
}

/** The text that a checkpoint's lines sign. */
const textOf = ({ checkpoint }: SignedTreeHead): string => checkpoint.slice(0, checkpoint.indexOf("\n\n"));

/** The lines in the order of the policy. */
function sortLines({ witnesses }: WitnessPolicy, lines: ReadonlyMap<string, NoteSignature>): readonly NoteSignature[] {
  return witnesses.map(({ name }) => lines.get(name)).filter((line) => line !== undefined);
}

/** Adds lines to a checkpoint. The log's own stay first, because some clients look no further. */
function withLines(checkpoint: string, lines: readonly NoteSignature[]): string {
  const note = parseNote(encodeUtf8(checkpoint));
  if (!note.ok) throw new TypeError("the log's own checkpoint does not parse");
  return formatNote({ text: note.value.text, signatures: [...note.value.signatures, ...lines] });
}
