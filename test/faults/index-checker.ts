// SPDX-License-Identifier: Apache-2.0
// Compares the search index in D1 with the log: up to its watermark it must have every entry, and all it has must be
// right.

import { BLOCK_ENTRIES, LOG_IDS } from "../../shared/search/index-writes.ts";
import type { SearchRow } from "../../shared/search/row.ts";
import { signerKey } from "../../shared/search/signer.ts";
import { SELECT_WATERMARKS } from "../../shared/search/watermark.ts";

type Row = Record<string, unknown>;
interface Statement {
  readonly all: (...values: (string | number)[]) => Row[];
}
/** As much of SQLite as the checker calls. */
export interface Database {
  readonly prepare: (sql: string) => Statement;
}

/** The parts of a world that an index checker uses. */
export interface IndexCheckerDeps {
  readonly log: string;
  readonly database: Database;
  /** The search row that the entry at this index must have, null if nobody submitted it. */
  readonly searchOf: (leafIndex: number) => SearchRow | null;
  /** Receives the time that the index has for an entry. */
  readonly learnTime: (leafIndex: number, timestamp: number) => void;
  readonly violate: (what: string) => void;
}

/** Checks the search index of one log. */
export class IndexChecker {
  readonly #deps: IndexCheckerDeps;
  readonly #statements = new Map<string, Statement>();
  #first = 0;
  #checked = 0;
  #watermark = 0;

  constructor(deps: IndexCheckerDeps) {
    this.#deps = deps;
  }

  /** Entries below this index have been checked. */
  startAt(first: number): void {
    this.#first = this.#checked = this.#watermark = first;
  }

  /** Checks the newest `count` entries again, next time. */
  checkAgain(count: number): void {
    this.#checked = Math.max(this.#first, this.#checked - count);
  }

  #query(sql: string, ...values: (string | number)[]): Row[] {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#deps.database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement.all(...values);
  }

  get watermark(): number {
    const [row] = this.#query(`${SELECT_WATERMARKS} WHERE name = ?`, this.#deps.log);
    return typeof row?.["size"] === "number" ? row["size"] : 0;
  }

  /**
   * Compares entries from the end of the last comparison to the watermark, as far as the tree of `treeSize` was read.
   */
  check(treeSize: number): void {
    const { watermark } = this;
    if (watermark < this.#watermark) this.#deps.violate(`the index's watermark goes back to ${watermark}`);
    this.#watermark = watermark;
    const end = Math.min(watermark, treeSize);
    if (end <= this.#checked) return;
    this.#checkEntries(this.#checked, end);
    this.#checked = end;
  }

  #checkEntries(from: number, end: number): void {
    const { log, searchOf, learnTime, violate } = this.#deps;
    const [row] = this.#query("SELECT number FROM log WHERE name = ?", log);
    const number = typeof row?.["number"] === "number" ? row["number"] : 0;
    const postings: [term: string, index: number][] = [];
    for (let index = from; index < end; index++) {
      const place = index % BLOCK_ENTRIES;
      const [entry] = this.#query(ENTRY, place, number * LOG_IDS + Math.floor(index / BLOCK_ENTRIES));
      const search = searchOf(index);
      const { signer = null, digest = "" } = search ?? {};
      const isRight =
        entry?.["signer"] === (signer === null ? "0".repeat(12) : signerKey(signer)) &&
        entry["present"] === (signer === null ? 0 : 1) &&
        entry["digest"] === (digest ?? "").replace("sha256:", "");
      if (search === null || !isRight) return violate(`the index has wrong values for entry ${index}`);
      learnTime(index, Number.parseInt(String(entry["time"]), 16));
      for (const term of search.terms) postings.push([term, index]);
    }
    const [found] = this.#query(
      "SELECT COUNT(*) AS count FROM json_each(?) JOIN posting ON term = unhex(value ->> 0) AND log = ? AND idx = value ->> 1",
      JSON.stringify(postings),
      number,
    );
    if (found?.["count"] !== postings.length) violate(`entries ${from} to ${end} cannot be found by all their terms`);
  }
}

/** The values of one entry: its place in a row of `block`, and the row's id. */
const ENTRY = `SELECT lower(hex(substr(signers, 1 + 6 * ?1, 6))) AS signer, lower(hex(substr(digests, 1 + 32 * ?1, 32))) AS digest,
    lower(hex(substr(times, 1 + 6 * ?1, 6))) AS time,
    (SELECT count(*) FROM presence JOIN signer ON signer.key = presence.signer WHERE presence.signer = substr(signers, 1 + 6 * ?1, 6) AND block = ?2) AS present
  FROM block WHERE id = ?2`;
