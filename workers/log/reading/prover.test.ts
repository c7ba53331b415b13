// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { type Hash, hash } from "../../../shared/tlog/hash.ts";
import { testLogs } from "../../../test/support/logs/memory-log.ts";
import { NaiveLog, naiveRecords } from "../../../test/support/logs/naive-log.ts";
import { naiveRoot, rootFromProof } from "../../../test/support/logs/naive-tree.ts";
import { CachedTail } from "./cached-tail.ts";
import type { LogReader } from "./log-reader.ts";
import { proveConsistency, proveInclusion, proveInclusionIn } from "./prover.ts";

function readerOf(naive: NaiveLog): LogReader & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    log: testLogs.signature,
    objects: {
      get: (key) => {
        reads.push(key);
        return Promise.resolve((naive.objects.get(key) as Uint8Array<ArrayBuffer>) ?? null);
      },
    },
    tail: new CachedTail(
      () => naive,
      () => 0,
    ),
    admit: () => Promise.resolve(true),
  };
}

const makeLog = (size: number, publishedTiles: number): NaiveLog => {
  const naive = new NaiveLog("signature", naiveRecords("signature", size));
  naive.publish(publishedTiles);
  return naive;
};
const leafOf = (naive: NaiveLog, index: number): Hash => hash(new Uint8Array(naive.leaves[index] ?? []));

const SIZE = 70_000;
let shared: NaiveLog | null = null;
/** A log of three levels, built once. */
const large = (): NaiveLog => (shared ??= makeLog(SIZE, 273));

describe("proveInclusion", () => {
  test.each([1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 700])(
    "proves every leaf in a tree of %i leaves",
    async (size) => {
      const full = Math.floor(size / 256);
      for (const published of new Set([0, Math.max(0, full - 1), full])) {
        const naive = makeLog(size, published);
        const root = naiveRoot(naive.leaves);
        const indexes = [0, 1, 2, 6, 7, 127, 128, 254, 255, 256, 257, 510, 511, 512, size - 2, size - 1];
        for (const leafIndex of new Set(indexes.filter((index) => index >= 0 && index < size))) {
          const leaf = leafOf(naive, leafIndex);
          const proven = await proveInclusion(readerOf(naive), leafIndex, leaf);
          if (!proven.ok) throw new Error(proven.error.code);
          const { head, proof } = proven.value;
          expect(head.treeSize).toBe(size);
          expect(rootFromProof(leaf, { leafIndex, treeSize: size }, proof)).toStrictEqual(root);
        }
      }
    },
  );

  test("reads at most two tiles per level", async () => {
    const naive = large();
    const reader = readerOf(naive);
    for (const leafIndex of [0, 65_535, 65_536, 69_887, 69_888, 69_999]) {
      reader.reads.length = 0;
      const proven = await proveInclusion(reader, leafIndex, leafOf(naive, leafIndex));
      expect(proven).toMatchObject({ ok: true });
      expect(new Set(reader.reads).size).toBe(reader.reads.length);
      expect(reader.reads.length).toBeLessThanOrEqual(6);
    }
  });

  test("requests a newer head if the known one does not cover the leaf", async () => {
    const naive = makeLog(10, 0);
    const reader = readerOf(naive);
    await reader.tail.readHead(reader.admit);
    naive.records.push(...naiveRecords("signature", 11).slice(10));
    expect(await proveInclusion(reader, 10, leafOf(naive, 10))).toMatchObject({ ok: true });
    expect(await proveInclusion(reader, 11, leafOf(naive, 10))).toStrictEqual({
      ok: false,
      error: { code: "beyond_head" },
    });
  });

  const mismatch = { code: "proof_mismatch", log: "signature", leafIndex: 3, treeSize: 600 };

  test("never returns a proof that does not verify: another leaf", async () => {
    const naive = makeLog(600, 2);
    expect(await proveInclusion(readerOf(naive), 3, leafOf(naive, 4))).toStrictEqual({ ok: false, error: mismatch });
  });

  test("never returns a proof that does not verify: a changed tile in R2", async () => {
    const naive = makeLog(600, 2);
    const changed = Uint8Array.from(naive.objects.get("signature/tile/0/001") ?? []);
    changed[0] = (changed[0] ?? 0) ^ 1;
    naive.objects.set("signature/tile/0/001", changed);
    const leaf = leafOf(naive, 300);
    expect(await proveInclusion(readerOf(naive), 300, leaf)).toMatchObject({ error: { code: "proof_mismatch" } });
  });

  test("never returns a proof that does not verify: the root of another tree", async () => {
    const naive = makeLog(600, 2);
    const reader = readerOf(naive);
    reader.tail.observe({ treeSize: 600, rootHash: hash(new Uint8Array(32)), checkpoint: "" }, true);
    expect(await proveInclusion(reader, 3, leafOf(naive, 3))).toStrictEqual({ ok: false, error: mismatch });
  });

  test("fails with proof_mismatch, not beyond_head, if a tile that the head covers is missing", async () => {
    const naive = makeLog(600, 2);
    const reader = readerOf(naive);
    reader.tail.observe({ treeSize: 601, rootHash: hash(new Uint8Array(32)), checkpoint: "" }, true);
    expect(await proveInclusion(reader, 3, leafOf(naive, 3))).toMatchObject({ error: { code: "proof_mismatch" } });
  });
});

describe("proofs in and between older trees", () => {
  test("read few tiles, each of them once", async () => {
    const naive = large();
    const root = naiveRoot(naive.leaves);
    const reader = readerOf(naive);
    for (const [from, to] of [
      [0, null],
      [1, SIZE],
      [256, 65_536],
      [65_535, 65_537],
      [69_888, 69_999],
      [SIZE, SIZE],
    ] as const) {
      reader.reads.length = 0;
      const consistency = await proveConsistency(reader, from, to);
      if (!consistency.ok) throw new Error(consistency.error.code);
      expect(new Set(reader.reads).size).toBe(reader.reads.length);
      expect(reader.reads.length).toBeLessThanOrEqual(9);
      const { to: newer } = consistency.value;
      if (newer.treeSize === SIZE) expect(Buffer.from(newer.rootHash)).toStrictEqual(root);
      expect(newer.checkpoint).toBe(newer.treeSize === SIZE ? `naive\n${SIZE}\n` : null);
    }
    for (const [index, size] of [
      [0, 1],
      [65_535, 65_536],
      [65_535, null],
      [300, 69_000],
    ] as const) {
      reader.reads.length = 0;
      const inclusion = await proveInclusionIn(reader, index, size);
      if (!inclusion.ok) throw new Error(inclusion.error.code);
      expect(Buffer.from(inclusion.value.leaf)).toStrictEqual(naive.leaves[index]);
      expect(reader.reads.length).toBeLessThanOrEqual(9);
    }
  });

  test("request a newer head if the known one is smaller than the tree", async () => {
    const small = makeLog(10, 0);
    const reader = readerOf(small);
    await reader.tail.readHead(reader.admit);
    small.records.push(...naiveRecords("signature", 12).slice(10));
    expect(await proveInclusionIn(reader, 3, 12)).toMatchObject({ ok: true, value: { tree: { treeSize: 12 } } });
    expect(await proveConsistency(reader, 10, 12)).toMatchObject({ ok: true });
    for (const beyond of [proveInclusionIn(reader, 12, null), proveConsistency(reader, 1, 13)]) {
      expect(await beyond).toStrictEqual({ ok: false, error: { code: "beyond_head" } });
    }
  });

  test("are never returned against the root of another tree", async () => {
    const reader = readerOf(makeLog(600, 2));
    reader.tail.observe({ treeSize: 600, rootHash: hash(new Uint8Array(32)), checkpoint: "" }, true);
    for (const proven of [
      proveInclusionIn(reader, 3, 5),
      proveInclusionIn(reader, 3, null),
      proveConsistency(reader, 5, 6),
    ]) {
      expect(await proven).toMatchObject({ error: { code: "proof_mismatch", treeSize: 600 } });
    }
    // The empty tree has nothing to prove.
    expect(await proveConsistency(reader, 0, 0)).toMatchObject({ ok: true });
  });
});
