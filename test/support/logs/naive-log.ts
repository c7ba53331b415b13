// SPDX-License-Identifier: Apache-2.0
// A log in memory, as its readers see it: a list of records, cut into tiles straight from RFC 6962. What is below
// `publishedTiles` is in its object store, the rest in its tail. Shares no code with the sequencer.

import type { TailAnswer, TailEntry } from "../../../shared/rpc/sequencer.ts";
import { unixMs } from "../../../shared/time.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead } from "../../../shared/tlog/head.ts";
import { naiveRoot, naiveTile } from "./naive-tree.ts";
import { plainLeafHash } from "./tree-hashes.ts";

/** A record and its leaf. */
export interface NaiveRecord {
  /** The bytes in the bundle, with the length prefix if there is one. */
  readonly framed: Uint8Array;
  readonly record: Uint8Array;
  /** The bytes that the leaf hash covers. */
  readonly hashed: Uint8Array;
}

/** A record of the signature log: any bytes. */
function signatureRecord(body: Uint8Array): NaiveRecord {
  return {
    record: body,
    hashed: body,
    framed: Buffer.concat([Uint8Array.of(body.length >> 8, body.length & 0xff), body]),
  };
}

/**
 * A record of the certificate log, an x509_entry: timestamp ‖ 0 ‖ u24 certificate ‖ u16 extensions ‖ u16 fingerprints.
 */
function certificateRecord(certificate: Uint8Array, index: number): NaiveRecord {
  const header = Buffer.alloc(13);
  header.writeUIntBE(BASE_MS + index, 2, 6);
  header.writeUIntBE(certificate.length, 10, 3);
  const extensions = Buffer.from("00080000050000000000", "hex");
  extensions.writeUIntBE(index, 5, 5);
  const entry = Buffer.concat([header, certificate, extensions]);
  const record = new Uint8Array(Buffer.concat([entry, Uint8Array.of(0, 32), Buffer.alloc(32, 7)]));
  return { record, framed: record, hashed: Buffer.concat([Uint8Array.of(0, 0), entry]) };
}

const BASE_MS = 1_790_000_000_000;

/** A log in memory. */
export class NaiveLog {
  readonly kind: "signature" | "certificate";
  readonly records: NaiveRecord[];
  readonly objects = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  readonly #leaves: Buffer[] = [];
  readonly #name: string;
  publishedTiles = 0;
  /** The error that all calls to the tail reject with, null for none. */
  failing: string | null = null;

  /** @param name prefix of the keys of its objects */
  constructor(kind: "signature" | "certificate", records: readonly NaiveRecord[] = [], name: string = kind) {
    this.kind = kind;
    this.#name = name;
    this.records = [...records];
  }

  get leaves(): readonly Buffer[] {
    for (const { hashed } of this.records.slice(this.#leaves.length)) this.#leaves.push(plainLeafHash(hashed));
    return this.#leaves;
  }

  /**
   * Puts the first `tiles` full tiles into the object store, with the tiles that they complete, bundles and sidecars.
   */
  publish(tiles: number): void {
    this.publishedTiles = tiles;
    const leaves = this.leaves;
    for (let level = 0; 256 ** level <= tiles; level++) {
      for (let index = 0; (index + 1) * 256 ** level <= tiles; index++) {
        this.#put(`tile/${level}/${naiveIndex(index)}`, Buffer.concat(naiveTile(leaves, level, index)));
      }
    }
    for (let index = 0; index < tiles; index++) {
      const records = this.records.slice(index * 256, (index + 1) * 256);
      const bundle = Buffer.concat(records.map(({ framed }) => framed));
      this.#put(`tile/${this.kind === "signature" ? "entries" : "data"}/${naiveIndex(index)}`, bundle);
      const lines = records.map((_, i) => JSON.stringify({ timestamp: BASE_MS + index * 256 + i, hints: null }));
      if (this.kind === "signature") this.#put(`meta/${index}`, Buffer.from(`${lines.join("\n")}\n`));
    }
  }

  #put(path: string, bytes: Buffer): void {
    this.objects.set(`${this.#name}/${path}`, new Uint8Array(bytes));
  }

  #recordCall(name: string): void {
    this.calls.push(name);
    if (this.failing !== null) throw new Error(this.failing);
  }

  async head(): Promise<SignedTreeHead> {
    this.#recordCall("head");
    const rootHash = hash(new Uint8Array(naiveRoot(this.leaves)));
    const treeSize = this.records.length;
    return Promise.resolve({ treeSize, rootHash, timestamp: unixMs(BASE_MS), checkpoint: `naive\n${treeSize}\n` });
  }

  async readTile(level: number, tileIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    this.#recordCall(`tile ${level}/${tileIndex}/${width}`);
    const hashes = naiveTile(this.leaves, level, tileIndex);
    if (hashes.length < width) return Promise.resolve({ kind: "beyond" });
    if ((tileIndex + 1) * 256 ** level <= this.publishedTiles) return Promise.resolve({ kind: "published" });
    return Promise.resolve({ kind: "found", value: new Uint8Array(Buffer.concat(hashes.slice(0, width))) });
  }

  async readBundle(bundleIndex: number, width: number): Promise<TailAnswer<Uint8Array>> {
    this.#recordCall(`bundle ${bundleIndex}/${width}`);
    if (bundleIndex * 256 + width > this.records.length) return Promise.resolve({ kind: "beyond" });
    if (bundleIndex < this.publishedTiles) return Promise.resolve({ kind: "published" });
    const records = this.records.slice(bundleIndex * 256, bundleIndex * 256 + width);
    return Promise.resolve({
      kind: "found",
      value: new Uint8Array(Buffer.concat(records.map(({ framed }) => framed))),
    });
  }

  async readEntry(leafIndex: number): Promise<TailAnswer<TailEntry>> {
    this.#recordCall(`entry ${leafIndex}`);
    const found = this.records[leafIndex];
    if (found === undefined) return Promise.resolve({ kind: "beyond" });
    if (leafIndex < this.publishedTiles * 256) return Promise.resolve({ kind: "published" });
    const value = { record: found.record, timestamp: unixMs(BASE_MS + leafIndex), hints: null };
    return Promise.resolve({ kind: "found", value });
  }
}

/** Valid below a million, which is enough for tests. */
function naiveIndex(index: number): string {
  const digits = String(index).padStart(6, "0");
  return index < 1000 ? digits.slice(3) : `x${digits.slice(0, 3)}/${digits.slice(3)}`;
}

/** Makes `count` small, different records of a kind. */
export function naiveRecords(kind: "signature" | "certificate", count: number): readonly NaiveRecord[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(Buffer.from(`record ${i}`));
    return kind === "signature" ? signatureRecord(bytes) : certificateRecord(bytes, i);
  });
}
