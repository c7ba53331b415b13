// SPDX-License-Identifier: Apache-2.0
// The table `state`: the newest tree head, the one before it, and how far R2 and D1 are.

import { blob, buffer, integer, text } from "../../../shared/sql/columns.ts";
import { unixMs } from "../../../shared/time.ts";
import { type Hash, hash } from "../../../shared/tlog/hash.ts";
import type { SignedTreeHead, TreeHead } from "../../../shared/tlog/head.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";

/** The newest tree head of a log, and its cursors. */
export interface StateRow extends SignedTreeHead {
  /** The head before this one, null for the first. */
  readonly previous: TreeHead | null;
  /** How many full tiles of level 0 are in R2, with their bundles and all upper tiles that they complete. */
  readonly publishedTiles: number;
  /** Root of the last published tile of level 0, null before the first. */
  readonly publishedRoot: Hash | null;
  /** Every entry below this index is in D1. Written lazily: D1 may be ahead. */
  readonly indexed: number;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** Throws RangeError if the row is missing: the store is damaged. */
export function readState(storage: Sql): StateRow {
  const [row] = storage.exec("SELECT * FROM state");
  if (row === undefined) throw new RangeError("the state row is missing");
  const previousSize = row["previous_size"];
  return {
    treeSize: integer(row, "size"),
    rootHash: hash(blob(row, "root")),
    timestamp: unixMs(integer(row, "time_ms")),
    checkpoint: text(row, "checkpoint"),
    previous:
      typeof previousSize === "number" ? { treeSize: previousSize, rootHash: hash(blob(row, "previous_root")) } : null,
    publishedTiles: integer(row, "published_tiles"),
    publishedRoot: row["published_root"] === null ? null : hash(blob(row, "published_root")),
    indexed: integer(row, "indexed"),
  };
}

/** Replaces the row. @param isAnchored whether the anchor is known to hold this head */
export function writeState(storage: Sql, state: StateRow, isAnchored: boolean): void {
  storage.exec(
    "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    state.treeSize,
    buffer(state.rootHash),
    state.timestamp,
    state.checkpoint,
    state.previous?.treeSize ?? null,
    state.previous === null ? null : buffer(state.previous.rootHash),
    state.publishedTiles,
    state.publishedRoot === null ? null : buffer(state.publishedRoot),
    state.indexed,
    isAnchored ? 1 : 0,
  );
}

/**
 * Writes the cursors and leaves the head as it is: a round may have written one that the anchor does not hold yet.
 * @param state the newest state that the anchor holds
 */
export function writeCursors(storage: Sql, { treeSize, publishedTiles, publishedRoot, indexed }: StateRow): void {
  storage.exec(
    `UPDATE state SET published_tiles = ?, published_root = ?, indexed = ?, is_anchored = is_anchored OR size = ?`,
    publishedTiles,
    publishedRoot === null ? null : buffer(publishedRoot),
    indexed,
    treeSize,
  );
}

/** Writes time and checkpoint of the same tree. False, and nothing is written, if the row has a newer tree. */
export function writeFreshHead(storage: Sql, { treeSize, timestamp, checkpoint }: StateRow): boolean {
  const written = storage.exec(
    "UPDATE state SET time_ms = ?, checkpoint = ? WHERE size = ? RETURNING id",
    timestamp,
    checkpoint,
    treeSize,
  );
  return written.length === 1;
}

/** Whether the anchor is known to hold the head of the row. */
export function isStateAnchored(storage: Sql): boolean {
  const [row] = storage.exec("SELECT is_anchored FROM state");
  return row?.["is_anchored"] === 1;
}
