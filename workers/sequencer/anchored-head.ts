// SPDX-License-Identifier: Apache-2.0
// The row in which an anchor keeps the newest committed head of its log. Knows SQL and the rule by which the head moves.

import { equal } from "../../shared/bytes/bytes.ts";
import { describeTooNew, migrate, type Schema } from "../../shared/sql/schema.ts";
import type { Advance, AnchoredHead, Storage } from "./ports.ts";

/** A change of the table is a further step at the end. */
export const ANCHOR_SCHEMA: Schema = {
  firstTable: "head",
  steps: [
    ["CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT"],
  ],
};

/**
 * The head it holds, null before the log's first. Throws if a newer version of the code has written here: its caller cannot
 * reach its anchor then, and writes nothing.
 */
export function readAnchoredHead(storage: Storage): AnchoredHead | null {
  const migrated = migrate(storage, ANCHOR_SCHEMA);
  if (!migrated.ok) throw new Error(`the anchor: ${describeTooNew(migrated.error)}`);
  const [row] = storage.exec("SELECT size, root FROM head");
  const [size, root] = [row?.["size"], row?.["root"]];
  if (row === undefined) return null;
  if (typeof size !== "number" || !(root instanceof ArrayBuffer)) throw new RangeError("the anchored head is damaged");
  return { treeSize: size, rootHash: new Uint8Array(root) };
}

/**
 * Moves from one head to the next, synchronously: compare and write cannot be interrupted. True if `to` is held now, also
 * when a repeated call finds it there; false, and nothing is written, if it holds neither `from` nor `to` or would shrink.
 */
export function advanceAnchoredHead(storage: Storage, { from, to }: Advance): boolean {
  const held = readAnchoredHead(storage);
  if (sameHead(held, to)) return true;
  if (!sameHead(held, from) || to.treeSize < (held?.treeSize ?? 0)) return false;
  storage.exec("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", to.treeSize, new Uint8Array(to.rootHash).buffer);
  return true;
}

function sameHead(a: AnchoredHead | null, b: AnchoredHead | null): boolean {
  if (a === null || b === null) return a === b;
  return a.treeSize === b.treeSize && equal(a.rootHash, b.rootHash);
}
