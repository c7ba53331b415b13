// SPDX-License-Identifier: Apache-2.0
// An independent reader of a served log. Downloads every bundle and tile and recomputes the tree by RFC 6962's
// definition. Shares nothing with the code under test.

import { expect } from "vitest";
import { plainNodeHash, sha256 } from "./tree-hashes.ts";

/** A checkpoint as it was served. */
export interface ServedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

/** Fetches a checkpoint. Does not verify its signatures. */
export async function fetchCheckpoint(url: string): Promise<ServedCheckpoint> {
  const response = await fetch(`${url}/checkpoint`);
  if (!response.ok) throw new Error(`checkpoint: ${response.status} ${await response.text()}`);
  const [origin = "", size = "", root = ""] = (await response.text()).split("\n");
  return { origin, size: Number(size), root };
}

/** MTH of RFC 6962 §2.1, level by level from the bottom. A node without a sibling moves up unchanged. */
export function merkleRoot(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  if (level.length === 0) return sha256();
  while (level.length > 1) level = parents(level);
  return level[0] ?? sha256();
}

function parents(level: readonly Buffer[]): readonly Buffer[] {
  const above: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i], level[i + 1]];
    if (left !== undefined) above.push(right === undefined ? left : plainNodeHash(left, right));
  }
  return above;
}

/** `N` in groups of three digits, all but the last with an x (c2sp.org/tlog-tiles). */
export function tilePath(level: number | string, index: number, width = 256): string {
  let name = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, "0")}/${name}`;
  }
  return `tile/${level}/${name}${width === 256 ? "" : `.p/${width}`}`;
}

/** Fetches an object of the log. Throws unless it is served with 2xx. */
export async function fetchBytes(url: string, path: string): Promise<Buffer> {
  const response = await fetch(`${url}/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Splits a tile/entries bundle: two length bytes, then the entry. */
function splitBundle(bundle: Buffer): readonly Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length; at += 2 + bundle.readUInt16BE(at)) {
    entries.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)));
  }
  return entries;
}

/** Reads all entries of a signature log of `size` entries from its bundles. */
export async function fetchEntries(url: string, size: number): Promise<readonly Buffer[]> {
  const entries: Buffer[] = [];
  for (let index = 0; index * 256 < size; index++) {
    const width = Math.min(256, size - index * 256);
    const bundle = splitBundle(await fetchBytes(url, tilePath("entries", index, width)));
    expect(bundle.length).toBe(width);
    entries.push(...bundle);
  }
  return entries;
}

/** The hashes of every tile level: level 0 has the leaves, level n the roots of 256 nodes of level n−1. */
export function tileLevels(leaves: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const levels: (readonly Buffer[])[] = [leaves];
  for (let level = leaves; level.length >= 256; ) {
    const above: Buffer[] = [];
    for (let i = 0; i + 256 <= level.length; i += 256) above.push(merkleRoot(level.slice(i, i + 256)));
    levels.push(above);
    level = above;
  }
  return levels;
}
