// SPDX-License-Identifier: Apache-2.0
// A strict witness of c2sp.org/tlog-witness. It holds one head, cosigns what is consistent with it, and reports a log
// that shows it a second history, or a head that the log's anchor does not hold.

import { createHash } from "node:crypto";
import { decodeBase64, encodeBase64 } from "../../shared/bytes/base64.ts";
import { concat, equal } from "../../shared/bytes/bytes.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { uint } from "../../shared/bytes/writer.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { EMPTY_ROOT, type Hash, hash } from "../../shared/tlog/hash.ts";
import { ed25519CosignatureKeyId, formatVkey, NOTE_COSIGNATURE, parseNote } from "../../shared/tlog/note.ts";
import { parseWitnessPolicy, type WitnessPolicy } from "../../shared/tlog/policy.ts";
import { verifyConsistency } from "../../shared/tlog/proof.ts";
import type { WitnessAnswer, Witnessing } from "../../workers/sequencer/deps.ts";
import { valueOf } from "../support/value-of.ts";

const NAME = "witness.example.com/w";
const KEY = new Uint8Array(32).fill(3);
const KEY_ID = ed25519CosignatureKeyId(NAME, KEY);

/** A policy whose quorum is this one witness. */
export const witnessPolicy: WitnessPolicy = valueOf(
  parseWitnessPolicy(
    `witness w ${formatVkey(NAME, KEY_ID, NOTE_COSIGNATURE, KEY)} https://witness.example.com\nquorum w\n`,
  ),
);

const sign = (message: Uint8Array): Uint8Array => new Uint8Array(createHash("sha512").update(message).digest());

/** Verifies this witness's signatures. */
export const verifySimulated: Witnessing["verify"] = async (_key, message, signature) =>
  await Promise.resolve(equal(signature, sign(message)));

interface WitnessWatch {
  readonly anchoredSize: () => number;
  readonly now: () => number;
  readonly violate: (what: string) => void;
}

/** Cosigns what is consistent with its head, and reports everything else. */
export class SimulatedWitness {
  readonly #watch: WitnessWatch;
  #size = 0;
  #root: Hash = EMPTY_ROOT;

  constructor(watch: WitnessWatch) {
    this.#watch = watch;
  }

  addCheckpoint(body: string): WitnessAnswer {
    const split = body.indexOf("\n\n");
    const [old = "", ...proof] = body.slice(0, split).split("\n");
    const note = parseNote(encodeUtf8(body.slice(split + 2)));
    const checkpoint = note.ok ? parseCheckpoint(note.value.text) : note;
    const oldSize = Number(old.replace("old ", ""));
    if (!note.ok || !checkpoint.ok) return this.#accuse(`a witness is sent something else than a checkpoint: ${body}`);
    const { treeSize, rootHash } = checkpoint.value;
    if (treeSize > this.#watch.anchoredSize()) this.#accuse(`a witness sees a head of ${treeSize} before the anchor`);
    if (oldSize !== this.#size || treeSize < this.#size) return { status: 409, body: `${this.#size}\n` };
    const claim = {
      oldSize,
      newSize: treeSize,
      oldRoot: this.#root,
      newRoot: rootHash,
      proof: proof.map((line) => hash(valueOf(decodeBase64(line)))),
    };
    if (!verifyConsistency(claim)) return this.#accuse(`a witness sees no consistency from ${oldSize} to ${treeSize}`);
    this.#size = treeSize;
    this.#root = rootHash;
    const seconds = Math.floor(this.#watch.now() / 1000);
    const signature = sign(encodeUtf8(`cosignature/v1\ntime ${seconds}\n${note.value.text}`));
    return {
      status: 200,
      body: `\u2014 ${NAME} ${encodeBase64(concat(KEY_ID, uint(seconds, 8), signature))}\n`,
    };
  }

  #accuse(what: string): WitnessAnswer {
    this.#watch.violate(what);
    return { status: 422, body: "" };
  }
}
