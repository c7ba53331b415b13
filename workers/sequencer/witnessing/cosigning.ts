// SPDX-License-Identifier: Apache-2.0
// Decides when a tree is cosigned. All witnesses that are free are asked about one head; it is cosigned as soon as the
// lines that have come make a quorum, and the next head follows at once. A witness has one request at a time: one that
// answers late adds its line to the head that it was asked about, if that is still the newest cosigned one, and takes
// part again. So a witness that is slow, dead or lying costs its own cosignature and nothing else.

import type { UnixMs } from "../../../shared/time.ts";
import { unixMs } from "../../../shared/time.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { sameHead } from "../../../shared/tlog/head.ts";
import type { NoteSignature } from "../../../shared/tlog/note.ts";
import { isQuorum, type Witness, type WitnessPolicy } from "../../../shared/tlog/policy.ts";
import type { Host } from "../deps.ts";
import type { Submissions } from "./submission.ts";

/** After a failure, and twice as long after each further one, a witness that the quorum does not need is left alone. */
const BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 60_000;

/** A head that a quorum has cosigned, with the lines by the names of their witnesses. */
export interface Cosigned {
  readonly head: SignedTreeHead;
  readonly lines: ReadonlyMap<string, NoteSignature>;
  readonly since: UnixMs;
}

interface CosigningDeps {
  readonly policy: WitnessPolicy;
  readonly host: Host;
  readonly submissions: Pick<Submissions, "ask">;
  /** Called when a head is cosigned, and when one more line has come for it. False if it cannot be kept. */
  readonly keep: (cosigned: Cosigned) => boolean;
  /** Called when a head is decided: it is cosigned, or has found no quorum. */
  readonly decided: () => void;
}

interface Round {
  readonly head: SignedTreeHead;
  readonly lines: Map<string, NoteSignature>;
  /** The witnesses that have not answered yet. */
  readonly pending: Set<string>;
}

interface Failures {
  readonly count: number;
  readonly last: UnixMs;
}

/** Collects cosignatures, one head at a time. */
export class Cosigning {
  readonly #deps: CosigningDeps;
  readonly #witnesses: readonly Witness[];
  /** Witnesses that have a request. */
  readonly #busy = new Set<string>();
  readonly #failures = new Map<string, Failures>();
  #newest: SignedTreeHead | null = null;
  #round: Round | null = null;
  #cosigned: Cosigned | null = null;

  constructor(deps: CosigningDeps) {
    this.#deps = deps;
    this.#witnesses = deps.policy.witnesses.filter(({ url }) => url !== null);
  }

  /** The newest head that was given. */
  get newest(): SignedTreeHead | null {
    return this.#newest;
  }

  /** Whether lines are awaited that may make a quorum. */
  get isUnderWay(): boolean {
    return this.#round !== null;
  }

  /** Takes up what an earlier instance found; null forgets it. */
  restore(cosigned: Cosigned | null): void {
    this.#cosigned = cosigned;
  }

  /** Takes a head that the anchor holds, or the newest one again. It is next as soon as the head before is decided. */
  submit(head: SignedTreeHead): void {
    this.#newest = head;
    if (this.#round !== null) return;
    if (!this.#isCosigned(head)) this.#startRound(head);
    else for (const witness of this.#witnesses) if (this.#isMissing(witness)) this.#ask(witness, head);
  }

  /** Whether a witness that is free has no line in the newest head, which a quorum has cosigned. */
  #isMissing({ name }: Witness): boolean {
    return this.#lacks(name) && !this.#busy.has(name) && !this.#isLeftAlone(name);
  }

  #isCosigned({ treeSize }: SignedTreeHead): boolean {
    return this.#cosigned?.head.treeSize === treeSize;
  }

  #startRound(head: SignedTreeHead): void {
    const pending = new Set(this.#witnesses.filter((witness) => this.#takesPart(witness)).map(({ name }) => name));
    this.#round = { head, lines: new Map(), pending };
    for (const witness of this.#witnesses) {
      if (pending.has(witness.name) && !this.#busy.has(witness.name)) this.#ask(witness, head);
    }
    this.#decide();
  }

  /** A witness that failed lately is left alone while the others can make a quorum. */
  #takesPart({ name }: Witness): boolean {
    if (!this.#isLeftAlone(name)) return true;
    const others = this.#witnesses.filter((witness) => !this.#isLeftAlone(witness.name));
    return !isQuorum(this.#deps.policy, new Set(others.map((witness) => witness.name)));
  }

  #isLeftAlone(name: string): boolean {
    const failures = this.#failures.get(name);
    if (failures === undefined) return false;
    const since = this.#deps.host.now() - failures.last;
    // A clock that was put back ends the pause.
    return since >= 0 && since < Math.min(BACK_OFF_MS * 2 ** (failures.count - 1), MAX_BACK_OFF_MS);
  }

  #ask(witness: Witness, head: SignedTreeHead): void {
    const { host, submissions } = this.#deps;
    this.#busy.add(witness.name);
    host.keepAlive(submissions.ask(witness, head).then((line) => this.#recordAnswer(witness, head, line)));
  }

  #recordAnswer(witness: Witness, head: SignedTreeHead, line: NoteSignature | null): void {
    const { name } = witness;
    this.#busy.delete(name);
    this.#noteHealth(name, line !== null);
    const round = this.#round;
    if (round?.head === head) {
      round.pending.delete(name);
      if (line !== null) round.lines.set(name, line);
      this.#decide();
      return;
    }
    if (line !== null) this.#addLate(name, head, line);
    if (round?.pending.has(name) === true) this.#ask(witness, round.head);
    else if (line !== null && this.#newest !== null && this.#lacks(name)) this.#ask(witness, this.#newest);
  }

  #noteHealth(name: string, isGood: boolean): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    if (isGood) this.#failures.delete(name);
    else this.#failures.set(name, { count, last: unixMs(this.#deps.host.now()) });
  }

  #addLate(name: string, head: SignedTreeHead, line: NoteSignature): void {
    const cosigned = this.#cosigned;
    if (cosigned === null || !this.#isCosigned(head)) return;
    const more = { ...cosigned, lines: new Map([...cosigned.lines, [name, line]]) };
    if (this.#deps.keep(more)) this.#cosigned = more;
  }

  /** Whether the log rests at a cosigned head that this witness was too late for. */
  #lacks(name: string): boolean {
    const cosigned = this.#cosigned;
    const isAtRest = this.#round === null && this.#newest !== null && this.#isCosigned(this.#newest);
    return isAtRest && cosigned?.lines.has(name) === false;
  }

  #decide(): void {
    const round = this.#round;
    if (round === null) return;
    const { head, lines, pending } = round;
    // Without a quorum line any line will do, but one is waited for.
    const isCosigned = isQuorum(this.#deps.policy, new Set(lines.keys())) && (lines.size > 0 || pending.size === 0);
    if (!isCosigned && pending.size > 0) return;
    this.#round = null;
    const cosigned = { head, lines, since: unixMs(this.#deps.host.now()) };
    if (isCosigned && this.#deps.keep(cosigned)) this.#cosigned = cosigned;
    this.#deps.decided();
    const next = this.#newest;
    if (next !== null && !sameHead(next, head) && this.#round === null) this.#startRound(next);
  }
}
