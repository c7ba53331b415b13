// SPDX-License-Identifier: Apache-2.0
// The anchor of a log: a second Durable Object with storage of its own that remembers the newest committed tree head. A
// sequencer whose storage went back in time is not where the anchor is, and refuses to sign a second history.

import { DurableObject } from "cloudflare:workers";
import { equal } from "../../shared/bytes/bytes.ts";
import type { Advance, AnchoredHead } from "./ports.ts";

export class Anchor extends DurableObject {
  /** The head it holds, null before the log's first. */
  read(): AnchoredHead | null {
    const { sql } = this.ctx.storage;
    sql.exec(
      "CREATE TABLE IF NOT EXISTS head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL) STRICT",
    );
    const [row] = sql.exec<{ size: number; root: ArrayBuffer }>("SELECT size, root FROM head").toArray();
    return row === undefined ? null : { treeSize: row.size, rootHash: new Uint8Array(row.root) };
  }

  /**
   * Moves from one head to the next in one turn of the event loop: compare and write cannot be interrupted, and the answer
   * leaves only when the write is durable. A repeated call finds `to` already there.
   */
  advance({ from, to }: Advance): boolean {
    const held = this.read();
    if (sameHead(held, to)) return true;
    if (!sameHead(held, from) || to.treeSize < (held?.treeSize ?? 0)) return false;
    this.ctx.storage.sql.exec(
      "INSERT OR REPLACE INTO head VALUES (1, ?, ?)",
      to.treeSize,
      new Uint8Array(to.rootHash).buffer,
    );
    return true;
  }
}

function sameHead(a: AnchoredHead | null, b: AnchoredHead | null): boolean {
  if (a === null || b === null) return a === b;
  return a.treeSize === b.treeSize && equal(a.rootHash, b.rootHash);
}
