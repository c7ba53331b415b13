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

/** The names of the witnesses; their keys and addresses follow from these. */
export const WITNESSES = ["w1", "w2", "w3"] as const;
type WitnessName = (typeof WITNESSES)[number];

const fullName = (name: WitnessName): string => `${name}.example.com/w`;
const keyOf = (name: WitnessName): Uint8Array => new Uint8Array(32).fill(WITNESSES.indexOf(name) + 3);
const keyIdOf = (name: WitnessName): Uint8Array => ed25519CosignatureKeyId(fullName(name), keyOf(name));
const vkeyOf = (name: WitnessName): string => formatVkey(fullName(name), keyIdOf(name), NOTE_COSIGNATURE, keyOf(name));

/** Two of the three make a quorum. */
export const witnessPolicy: WitnessPolicy = valueOf(
  parseWitnessPolicy(
    [
      ...WITNESSES.map((name) => `witness ${name} ${vkeyOf(name)} https://${name}.example.com`),
      `group two 2 ${WITNESSES.join(" ")}`,
      "quorum two\n",
    ].join("\n"),
  ),
);

/** The witness at an address. */
export function witnessAt(url: string): WitnessName {
  const found = WITNESSES.find((name) => url.startsWith(`https://${name}.`));
  if (found === undefined) throw new Error(`no witness at ${url}`);
  return found;
}

const sign = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  new Uint8Array(createHash("sha512").update(key).update(message).digest());

/** Verifies the witnesses' signatures. */
export const verifySimulated: Witnessing["verify"] = async (key, message, signature) =>
  await Promise.resolve(equal(signature, sign(key, message)));

interface WitnessWatch {
  readonly anchoredSize: () => number;
  readonly now: () => number;
  readonly violate: (what: string) => void;
}

/** Cosigns what is consistent with its head, and reports everything else. */
export class SimulatedWitness {
  readonly #name: WitnessName;
  readonly #watch: WitnessWatch;
  #size = 0;
  #root: Hash = EMPTY_ROOT;

  constructor(name: WitnessName, watch: WitnessWatch) {
    this.#name = name;
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
    const signature = sign(keyOf(this.#name), encodeUtf8(`cosignature/v1\ntime ${seconds}\n${note.value.text}`));
    const line = encodeBase64(concat(keyIdOf(this.#name), uint(seconds, 8), signature));
    return { status: 200, body: `\u2014 ${fullName(this.#name)} ${line}\n` };
  }

  #accuse(what: string): WitnessAnswer {
    this.#watch.violate(what);
    return { status: 422, body: "" };
  }
}
