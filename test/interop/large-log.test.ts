// SPDX-License-Identifier: Apache-2.0
// A log beyond the first tile of level 1: written through the sequencer's append, served over HTTP, recomputed from
// outside.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  fetchBytes,
  fetchCheckpoint,
  fetchEntries,
  merkleRoot,
  tileLevels,
  tilePath,
} from "../support/logs/check-log.ts";
import { plainLeafHash } from "../support/logs/tree-hashes.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ENTRIES = 70_000;

let stack: TestStack;
let leaves: readonly Buffer[];
let entries: readonly Buffer[];
let levels: readonly (readonly Buffer[])[];

beforeAll(async () => {
  stack = await startStack({ entry: "test/support/logs/filler-worker.ts" });
  const batch = 3_500;
  for (let from = 0; from < ENTRIES; from += batch) {
    const response = await fetch(`${stack.url}/test/fill?from=${from}&count=${batch}`, { method: "POST" });
    if (!response.ok) throw new Error(await response.text());
  }
  entries = await fetchEntries(stack.url, ENTRIES + 1);
  leaves = entries.map(plainLeafHash);
  levels = tileLevels(leaves);
}, 170_000);

afterAll(async () => await stack.stop());

describe("a log of 70,001 entries", () => {
  it("has the root that its bundles hash to, and every entry once", async () => {
    const { size, root } = await fetchCheckpoint(stack.url);
    expect(size).toBe(ENTRIES + 1);
    expect(merkleRoot(leaves).toString("base64")).toBe(root);
    const texts = new Set(entries.slice(1).map(String));
    expect(texts.size).toBe(ENTRIES);
    expect(texts.has("entry 69999 of a test")).toBe(true);
  });

  it("serves every full tile of every level with the right hashes", async () => {
    expect(levels.map(({ length }) => length)).toEqual([70_001, 273, 1]);
    for (const [level, hashes] of levels.entries()) {
      for (let index = 0; (index + 1) * 256 <= hashes.length; index++) {
        const tile = await fetchBytes(stack.url, tilePath(level, index));
        expect(tile.equals(Buffer.concat(hashes.slice(index * 256, (index + 1) * 256)))).toBe(true);
      }
    }
  });

  it("serves every width of the open tiles and bundle, and no wider one", async () => {
    for (const [level, hashes] of levels.entries()) {
      const index = Math.floor(hashes.length / 256);
      const open = hashes.slice(index * 256);
      for (let width = 1; width <= open.length; width++) {
        const tile = await fetchBytes(stack.url, tilePath(level, index, width));
        expect(tile.equals(Buffer.concat(open.slice(0, width)))).toBe(true);
      }
      const beyond = await fetch(`${stack.url}/${tilePath(level, index, open.length + 1)}`);
      expect([beyond.status, beyond.headers.get("cache-control")]).toEqual([404, "no-store"]);
    }
    const openBundle = await fetchBytes(stack.url, tilePath("entries", 273, 113));
    for (let width = 1; width < 113; width += 7) {
      const part = await fetchBytes(stack.url, tilePath("entries", 273, width));
      expect(openBundle.subarray(0, part.length).equals(part)).toBe(true);
      expect(part.length).toBeLessThan(openBundle.length);
    }
    expect((await fetch(`${stack.url}/${tilePath("entries", 273, 114)}`)).status).toBe(404);
    expect((await fetch(`${stack.url}/${tilePath("entries", 273)}`)).status).toBe(404);
    expect((await fetch(`${stack.url}/${tilePath(3, 0, 1)}`)).status).toBe(404);
  });

  it("cuts partial tiles from full ones", async () => {
    for (const [level, index, width] of [
      [0, 0, 1],
      [0, 272, 255],
      [0, 100, 128],
      [1, 0, 17],
      [1, 0, 255],
    ] as const) {
      const tile = await fetchBytes(stack.url, tilePath(level, index, width));
      expect(tile.equals(Buffer.concat((levels[level] ?? []).slice(index * 256, index * 256 + width)))).toBe(true);
    }
    const full = await fetchBytes(stack.url, tilePath("entries", 200));
    const part = await fetchBytes(stack.url, tilePath("entries", 200, 200));
    expect(full.subarray(0, part.length).equals(part)).toBe(true);
  });

  it("is unchanged after a restart", async () => {
    const before = await fetchCheckpoint(stack.url);
    await stack.restart();
    expect(await fetchCheckpoint(stack.url)).toEqual(before);
    const response = await fetch(`${stack.url}/test/fill?from=${ENTRIES}&count=1`, { method: "POST" });
    expect(response.ok).toBe(true);
  });
});
