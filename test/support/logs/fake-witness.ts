// SPDX-License-Identifier: Apache-2.0
// A witness in memory, from c2sp.org/tlog-witness, over node:crypto and a tree of its own. It can misbehave.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { WitnessAnswer } from "../../../workers/sequencer/deps.ts";

/** The way in which the witness misbehaves. */
export type Misbehavior =
  | "none"
  | "down"
  | "garbage"
  | "wrong-signature"
  | "other-key"
  | "ahead"
  | "always-409"
  | "time-zero";

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** A witness of one log. */
export class FakeWitness {
  readonly name: string;
  readonly vkey: string;
  readonly url: string;
  behavior: Misbehavior = "none";
  /** The sizes and roots that it has cosigned, newest last. */
  readonly cosigned: { readonly size: number; readonly root: string }[] = [];
  /** The statuses of its answers. */
  readonly statuses: number[] = [];
  readonly #keys = generateKeyPairSync("ed25519");
  readonly #keyId: Buffer;

  constructor(name: string) {
    this.name = name;
    this.url = `https://${name}`;
    const raw = this.#keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    this.#keyId = sha256(Buffer.from(`${name}\n`), Buffer.of(4), raw).subarray(0, 4);
    this.vkey = `${name}+${this.#keyId.toString("hex")}+${Buffer.concat([Buffer.of(4), raw]).toString("base64")}`;
  }

  get policyLine(): string {
    return `witness ${this.name} ${this.vkey} ${this.url}`;
  }

  answer(body: string): WitnessAnswer {
    const answer = this.#answer(body);
    this.statuses.push(answer.status);
    return answer;
  }

  #answer(body: string): WitnessAnswer {
    if (this.behavior === "down") throw new Error("connection refused");
    if (this.behavior === "garbage") return { status: 200, body: "<html>\n" };
    if (this.behavior === "always-409") return { status: 409, body: "0\n" };
    if (this.behavior === "ahead") return { status: 409, body: "9007199254740991\n" };
    const end = body.indexOf("\n\n");
    const [first = "", ...proof] = body.slice(0, end).split("\n");
    const checkpoint = body.slice(end + 2);
    const text = checkpoint.slice(0, checkpoint.indexOf("\n\n") + 1);
    const [, size = "", root = ""] = text.split("\n");
    const held = this.cosigned.at(-1);
    if (first !== `old ${held?.size ?? 0}`) return { status: 409, body: `${held?.size ?? 0}\n` };
    if (held !== undefined && !isConsistent(held, { size: Number(size), root }, proof))
      return { status: 422, body: "" };
    this.cosigned.push({ size: Number(size), root });
    return { status: 200, body: this.#line(text) };
  }

  #line(text: string): string {
    const seconds = this.behavior === "time-zero" ? 0 : 1_790_000_000;
    const key = this.behavior === "other-key" ? generateKeyPairSync("ed25519").privateKey : this.#keys.privateKey;
    const signed = this.behavior === "wrong-signature" ? `${text}more\n` : text;
    const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${signed}`), key);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(seconds));
    return `— ${this.name} ${Buffer.concat([this.#keyId, time, signature]).toString("base64")}\n`;
  }
}

interface Head {
  readonly size: number;
  readonly root: string;
}

/** RFC 9162 §2.1.4.2, transcribed literally: another algorithm than the one under test. */
function isConsistent(first: Head, second: Head, lines: readonly string[]): boolean {
  const path = lines.map((line) => Buffer.from(line, "base64"));
  if (first.size === second.size) return path.length === 0 && first.root === second.root;
  if (first.size === 0) return path.length === 0;
  const isPower = (first.size & (first.size - 1)) === 0;
  const all = isPower ? [Buffer.from(first.root, "base64"), ...path] : path;
  let [fn, sn] = [first.size - 1, second.size - 1];
  while (fn & 1) [fn, sn] = [fn >> 1, sn >> 1];
  let [fr, sr] = [all[0] ?? Buffer.alloc(0), all[0] ?? Buffer.alloc(0)];
  for (const c of all.slice(1)) {
    if (sn === 0) return false;
    if (fn & 1 || fn === sn) {
      fr = sha256(Buffer.of(1), c, fr);
      sr = sha256(Buffer.of(1), c, sr);
      while (!(fn & 1) && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else {
      sr = sha256(Buffer.of(1), sr, c);
    }
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && fr.toString("base64") === first.root && sr.toString("base64") === second.root;
}
