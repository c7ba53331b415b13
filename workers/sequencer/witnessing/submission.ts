// SPDX-License-Identifier: Apache-2.0
// Asks one witness at a time to cosign a checkpoint, and verifies what it answers. Knows nothing of quorums.
// Spec: https://c2sp.org/tlog-witness#add-checkpoint, https://c2sp.org/tlog-cosignature

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type CosignatureKey, isLineOf, verifyCosignature } from "../../../shared/tlog/cosignature.ts";
import type { Hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { type NoteSignature, parseNote, parseSignatureLines } from "../../../shared/tlog/note.ts";
import type { Witness } from "../../../shared/tlog/policy.ts";
import type { Host, Witnessing } from "../deps.ts";

/** A conflict tells the size that the witness has, so one retry with that size is enough. */
const MAX_TRIES = 2;

/** The parts of a log that asking a witness needs. */
export interface SubmissionDeps extends Pick<Witnessing, "verify" | "post"> {
  readonly host: Host;
  /** Makes the consistency proof between two sizes of this log. Rejects if a tile cannot be read. */
  readonly consistency: (oldSize: number, newSize: number) => Promise<readonly Hash[]>;
}

type WitnessError =
  | { readonly code: "witness_status"; readonly status: number }
  | { readonly code: "witness_answer_invalid" }
  | { readonly code: "witness_size_invalid" }
  | { readonly code: "witness_cosignature_wrong" };

/** Submits checkpoints, and remembers the size that each witness last reported. */
export class Submissions {
  readonly #deps: SubmissionDeps;
  readonly #sizes = new Map<string, number>();

  constructor(deps: SubmissionDeps) {
    this.#deps = deps;
  }

  /** Returns the witness's line. Logs the reason and returns null if there is no valid one. Does not reject. */
  async ask(witness: Witness, head: SignedTreeHead): Promise<NoteSignature | null> {
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
