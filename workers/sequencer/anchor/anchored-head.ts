// SPDX-License-Identifier: Apache-2.0
// The row in which an anchor keeps the newest committed head of its log. Knows SQL and the rule by which the head moves.

import { describeTooNew, migrate, type Schema } from "../../../shared/sql/schema.ts";
import { hash } from "../../../shared/tlog/hash.ts";
import { sameHead, type TreeHead } from "../../../shared/tlog/head.ts";
import type { Advance, Storage } from "../deps.ts";

type Sql = Pick<Storage, "exec">;

/** A change of the table is a further step at the end. */
export const ANCHOR_SCHEMA: Schema = {
  firstTable: "head",
  steps: [
    ["CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT"],
  ],
};

/**
 * Brings the table to its newest version; once for each instance, before anything else. Throws if a newer version of the code
 * has written here: its caller cannot reach its anchor then, and writes nothing.
 */
export function prepareAnchoredHead(storage: Storage): void {
  const migrated = migrate(storage, ANCHOR_SCHEMA);
  if (!migrated.ok) throw new Error(`the anchor: ${describeTooNew(migrated.error)}`);
}

/** The head it holds, null before the log's first. */
export function readAnchoredHead(storage: Sql): TreeHead | null {
  const [row] = storage.exec("SELECT size, root FROM head");
  const [size, root] = [row?.["size"], row?.["root"]];
  if (row === undefined) return null;
  if (typeof size !== "number" || !(root instanceof ArrayBuffer)) throw new RangeError("the anchored head is damaged");
  return { treeSize: size, rootHash: hash(new Uint8Array(root)) };
}

/**
 * Moves from one head to the next, synchronously: compare and write cannot be interrupted. True if `to` is held now, also
 * when a repeated call finds it there; false, and nothing is written, if it holds neither `from` nor `to` or would not grow.
 */
export function advanceAnchoredHead(storage: Sql, { from, to }: Advance): boolean {
  if (from !== null && to.treeSize > from.treeSize && moveHead(storage, from, to)) return true;
  const held = readAnchoredHead(storage);
  if (held !== null) return sameHead(held, to);
  if (from !== null) return false;
  storage.exec("INSERT INTO head VALUES (1, ?, ?)", to.treeSize, blob(to.rootHash));
  return true;
}

/**
 * Moves from exactly `from`, synchronously, and gives what is held then. Unlike advance it is not safe to repeat: who comes
 * second has started from a head that is not the newest any more, even if both lead to the same.
 */
export function exchangeAnchoredHead(
  storage: Sql,
  { from, to }: Advance,
): { readonly isTaken: boolean; readonly held: TreeHead | null } {
  const held = readAnchoredHead(storage);
  const isHeld = held === null || from === null ? held === from : sameHead(held, from);
  const grows = held === null || to.treeSize > held.treeSize || sameHead(held, to);
  if (!isHeld || !grows) return { isTaken: false, held };
  storage.exec("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", to.treeSize, blob(to.rootHash));
  return { isTaken: true, held: to };
}

/** Compares and writes in one statement: what every round asks for. False if the row is not at `from`. */
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

/** A copy: SQL takes the whole buffer behind a view. */
const blob = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
