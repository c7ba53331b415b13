// SPDX-License-Identifier: Apache-2.0
// Asks witnesses to cosign the log's checkpoints, and chooses the checkpoint that readers are shown. Receives only
// heads that the anchor already holds. A witness that is slow, dead or lying costs its own cosignature and nothing
// else.
// Spec: https://c2sp.org/tlog-witness, https://c2sp.org/tlog-cosignature

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AppendError, Appended, Duplicate } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type CosignatureKey, isLineOf, verifyCosignature } from "../../../shared/tlog/cosignature.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { formatNote, type NoteSignature, parseNote, parseSignatureLines } from "../../../shared/tlog/note.ts";
import { isQuorum, type Witness } from "../../../shared/tlog/policy.ts";
import type { Host, Witnessing } from "../deps.ts";

/** How long a head with a quorum is shown instead of a newer one without. */
const SHOW_COSIGNED_MS = 10_000;
/** How long an answer waits for a required quorum. */
const QUORUM_DEADLINE_MS = 5_000;
/** A conflict tells the size that the witness has, so one retry with that size is enough. */
const MAX_TRIES = 2;

interface WitnessDeps extends Pick<Witnessing, "policy" | "verify" | "post"> {
  readonly host: Host;
  /** Makes the consistency proof between two sizes of this log. Rejects if a tile cannot be read. */
  readonly consistency: (oldSize: number, newSize: number) => Promise<readonly Hash[]>;
}

type WitnessError =
  | { readonly code: "witness_status"; readonly status: number }
  | { readonly code: "witness_answer_invalid" }
  | { readonly code: "witness_size_invalid" }
  | { readonly code: "witness_cosignature_wrong" };

/** A head whose checkpoint has the lines of a quorum. */
interface CosignedHead {
  readonly head: SignedTreeHead;
  readonly since: UnixMs;
}

/** The witnesses of one log, and what they have cosigned. */
export class Witnesses {
  readonly #deps: WitnessDeps;
  /** The size that each witness last reported. */
  readonly #sizes = new Map<string, number>();
  #cosigned: CosignedHead | null = null;
  #shownSize = 0;
  #newest: SignedTreeHead | null = null;
  #running: Promise<void> | null = null;
  /** Resolved when a head arrives, and when the witnesses have been asked about one. */
  #changed = Promise.withResolvers<void>();

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
  }

  /** Takes a head that the anchor holds and asks for cosignatures. While that is under way, the newest head is next. */
  observe(head: SignedTreeHead): void {
    this.#newest = head;
    this.#announce();
    if (this.#running !== null) return;
    this.#running = this.#askUntilCurrent().finally(() => {
      this.#running = null;
      this.#announce();
    });
    this.#deps.host.keepAlive(this.#running);
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /**
   * Waits at most 5 s until an entry's tree has a quorum. The answer then has the witnesses' lines, or says where the
   * entry is if only a later tree has them. Fails with witnesses_missing; the entry stays in the log.
   */
  async cosign(answer: Appended | Duplicate): Promise<Result<Appended | Duplicate, AppendError>> {
    const needed = answer.kind === "appended" ? answer.treeSize : answer.leafIndex + 1;
    if (!(await this.#awaitDeadline(this.#reaches(needed))))
      return err({ code: "witnesses_missing", retryAfterSeconds: 2 });
    const head = this.#cosigned?.head;
    if (answer.kind === "appended" && head?.treeSize === answer.treeSize) {
      return ok({ ...answer, checkpoint: head.checkpoint });
    }
    return ok({ kind: "duplicate", leafIndex: answer.leafIndex });
  }

  /**
   * Whether a quorum reaches this size. If the newest head found none before, asks again, because no other call may
   * come.
   */
  async #reaches(treeSize: number): Promise<boolean> {
    const newest = this.#newest;
    if (this.#running === null && newest !== null && !this.#has(treeSize)) this.observe(newest);
    while (!this.#has(treeSize)) {
      // A tree that was just committed arrives once the anchor holds it. The quorum of a later tree will do.
      const isAsked = this.#running === null && (this.#newest?.treeSize ?? 0) >= treeSize;
      if (isAsked) return false;
      await this.#changed.promise;
    }
    return true;
  }

  /** True while the newest head lacks a quorum. */
  get isBehind(): boolean {
    return this.#newest !== null && !this.#has(this.#newest.treeSize);
  }

  /** Size of the newest head with a quorum, null before the first. */
  get cosignedSize(): number | null {
    return this.#cosigned?.head.treeSize ?? null;
  }

  /** Asks again if the newest head lacks a quorum. Resolves when the witnesses have been asked. Does not reject. */
  async askAgain(): Promise<void> {
    if (this.#newest !== null && this.isBehind) this.observe(this.#newest);
    await this.#running;
  }

  #has(treeSize: number): boolean {
    return this.#cosigned !== null && this.#cosigned.head.treeSize >= treeSize;
  }

  /** Resolves to false if the deadline comes first. `work` must not reject. */
  async #awaitDeadline(work: Promise<boolean>): Promise<boolean> {
    return await new Promise((resolve) => {
      const cancel = this.#deps.host.after(QUORUM_DEADLINE_MS, () => resolve(false));
      void work.then(resolve).finally(cancel);
    });
  }

  /** Chooses the head to show: the newest with a quorum, for 10 s, then the newest. The size never goes back. */
  chooseHead(newest: SignedTreeHead): SignedTreeHead {
    const cosigned = this.#cosigned;
    // A clock that was put back must not make a head fresher.
    const age = cosigned === null ? 0 : this.#deps.host.now() - cosigned.since;
    const isFresh = age >= 0 && age <= SHOW_COSIGNED_MS;
    const isNewest = cosigned !== null && cosigned.head.treeSize === newest.treeSize;
    const head =
      cosigned !== null && (isNewest || isFresh) && cosigned.head.treeSize >= this.#shownSize ? cosigned.head : newest;
    this.#shownSize = Math.max(this.#shownSize, head.treeSize);
    return head;
  }

  async #askUntilCurrent(): Promise<void> {
    for (let head = this.#newest; head !== null; head = this.#newest) {
      await this.#askAll(head);
      this.#announce();
      if (this.#newest === head) return;
    }
  }

  async #askAll(head: SignedTreeHead): Promise<void> {
    const { policy, host } = this.#deps;
    const asked = policy.witnesses.filter(({ url }) => url !== null);
    const lines = await Promise.all(asked.map((witness) => this.#ask(witness, head)));
    const signers = new Set(asked.filter((_, i) => lines[i] !== null).map(({ name }) => name));
    if (!isQuorum(policy, signers)) return;
    const checkpoint = withLines(
      head.checkpoint,
      lines.filter((line) => line !== null),
    );
    this.#cosigned = { head: { ...head, checkpoint }, since: unixMs(host.now()) };
  }

  /** Returns the witness's line. Logs the reason and returns null if there is no valid one. */
  async #ask(witness: Witness, head: SignedTreeHead): Promise<NoteSignature | null> {
    const { host } = this.#deps;
    try {
      const line = await this.#submit(witness, head);
      if (line.ok) return line.value;
      host.logLine("witness_failed", { witness: witness.name, ...line.error });
    } catch (error) {
      host.logLine("witness_failed", { witness: witness.name, code: "witness_unreachable", reason: String(error) });
    }
    return null;
  }

  async #submit({ name, url, key }: Witness, head: SignedTreeHead): Promise<Result<NoteSignature, WitnessError>> {
    for (let attempt = 1; ; attempt++) {
      const oldSize = this.#sizes.get(name) ?? 0;
      const { status, body } = await this.#deps.post(`${url}/add-checkpoint`, await this.#request(oldSize, head));
      if (status === 200) {
        const line = await this.#readLine(key, body, head);
        if (line.ok) this.#sizes.set(name, head.treeSize);
        return line;
      }
      if (status !== 409 || attempt === MAX_TRIES) return err({ code: "witness_status", status });
      const size = /^(0|[1-9]\d{0,15})\n$/.exec(body)?.[1];
      // A witness ahead of our newest head has seen another history or answers for another log: there is nothing to
      // prove.
      if (size === undefined || Number(size) > head.treeSize) return err({ code: "witness_size_invalid" });
      this.#sizes.set(name, Number(size));
    }
  }

  /** Builds the request: `old <size>`, the consistency proof, an empty line, the checkpoint. */
  async #request(oldSize: number, head: SignedTreeHead): Promise<string> {
    const isPrefix = oldSize > 0 && oldSize < head.treeSize;
    const proof = isPrefix ? await this.#deps.consistency(oldSize, head.treeSize) : [];
    return `old ${oldSize}\n${proof.map((node) => `${encodeBase64(node)}\n`).join("")}\n${head.checkpoint}`;
  }

  async #readLine(
    key: CosignatureKey,
    body: string,
    head: SignedTreeHead,
  ): Promise<Result<NoteSignature, WitnessError>> {
    const lines = parseSignatureLines(body);
    const line = lines.ok ? lines.value.find((candidate) => isLineOf(key, candidate)) : undefined;
    const note = parseNote(encodeUtf8(head.checkpoint));
    if (line === undefined || !note.ok) return err({ code: "witness_answer_invalid" });
    const verified = await verifyCosignature(key, line, note.value.text, this.#deps.verify);
    return verified.ok ? ok(line) : err({ code: "witness_cosignature_wrong" });
  }
}

/** Adds lines to a checkpoint. The log's own stay first, because some clients look no further. */
function withLines(checkpoint: string, lines: readonly NoteSignature[]): string {
  const note = parseNote(encodeUtf8(checkpoint));
  if (!note.ok) throw new TypeError("the log's own checkpoint does not parse");
  return formatNote({ text: note.value.text, signatures: [...note.value.signatures, ...lines] });
}
