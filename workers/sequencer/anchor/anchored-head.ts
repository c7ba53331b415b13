// SPDX-License-Identifier: Apache-2.0
// The row in which an anchor keeps the newest committed head of its log, and of a log that we witness the checkpoint
// that was cosigned for it. Knows SQL, and the rule by which the head moves.

import type { Advance, CosignedAdvance } from "../../../shared/rpc/anchor.ts";
import { describeTooNew, migrate, type Schema } from "../../../shared/sql/schema.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import { sameHead, type TreeHead } from "../../../shared/tlog/head.ts";
import type { Storage } from "../platform/durable-storage.ts";

type Sql = Pick<Storage, "exec">;

/** To change the table, append a step. */
export const ANCHOR_SCHEMA: Schema = {
  firstTable: "head",
  steps: [
    ["CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT"],
    // In the head's own row: one write holds both, so the note is always that of the head.
    ["ALTER TABLE head ADD COLUMN note TEXT"],
  ],
};

/**
 * Brings the table to its newest version. Call it once per instance, before anything else. Throws if a newer version of
 * the code has written the table: the log then cannot reach its anchor, and writes nothing.
 */
export function prepareAnchoredHead(storage: Storage): void {
  const migrated = migrate(storage, ANCHOR_SCHEMA);
  if (!migrated.ok) throw new Error(`the anchor: ${describeTooNew(migrated.error)}`);
}

/** Reads the head, null before the log's first. Throws RangeError if the row is damaged. */
export function readAnchoredHead(storage: Sql): TreeHead | null {
  const [row] = storage.exec("SELECT size, root FROM head");
  const [size, root] = [row?.["size"], row?.["root"]];
  if (row === undefined) return null;
  if (typeof size !== "number" || !(root instanceof ArrayBuffer)) throw new RangeError("the anchored head is damaged");
  return { treeSize: size, rootHash: hash(new Uint8Array(root)) };
}

/** Reads the cosigned checkpoint of the head; null without a head, or if its log is our own. */
export function readCosignedNote(storage: Sql): string | null {
  const note = storage.exec("SELECT note FROM head")[0]?.["note"] ?? null;
  if (note !== null && typeof note !== "string") throw new RangeError("the anchored note is damaged");
  return note;
}

/**
 * Moves from one head to the next. Synchronous: nothing comes between compare and write. True if the anchor now holds
 * `to`, also when a repeated call finds it there. False, and nothing is written, if it holds neither `from` nor `to` or
 * would not grow.
 */
export function advanceAnchoredHead(storage: Sql, { from, to }: Advance): boolean {
  if (from !== null && to.treeSize > from.treeSize && moveHead(storage, from, to)) return true;
  const held = readAnchoredHead(storage);
  if (held !== null) return sameHead(held, to);
  if (from !== null) return false;
  storage.exec("INSERT INTO head (id, size, root) VALUES (1, ?, ?)", to.treeSize, blob(to.rootHash));
  return true;
}

/**
 * Moves from exactly `from`, synchronously, and returns the head that is then held. Unlike advance, it fails when
 * repeated: the second caller started from a head that is no longer the newest, even if both lead to the same one.
 */
export function exchangeAnchoredHead(
  storage: Sql,
  { from, to, note }: CosignedAdvance,
): { readonly isTaken: boolean; readonly held: TreeHead | null } {
  const held = readAnchoredHead(storage);
  const isHeld = held === null || from === null ? held === from : sameHead(held, from);
  const grows = held === null || to.treeSize > held.treeSize || sameHead(held, to);
  if (!isHeld || !grows) return { isTaken: false, held };
  const row = "INSERT OR REPLACE INTO head (id, size, root, note) VALUES (1, ?, ?, ?)";
  storage.exec(row, to.treeSize, blob(to.rootHash), note);
  return { isTaken: true, held: to };
}

/** Compares and writes in one statement, as every round needs. False if the row does not hold `from`. */
function moveHead(storage: Sql, from: TreeHead, to: TreeHead): boolean {
  const moved = storage.exec(
    "UPDATE head SET size = ?, root = ? WHERE size = ? AND root = ? RETURNING id",
    to.treeSize,
    blob(to.rootHash),
    from.treeSize,
    blob(from.rootHash),
  );
  return moved.length === 1;
}

/** Copies the bytes: SQL would store the whole buffer behind a view. */
const blob = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
