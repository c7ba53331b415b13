// SPDX-License-Identifier: Apache-2.0
// Compares the search index in D1 with the log: up to its watermark it must have every entry, and all it has must be
// right.

import type { SearchRow } from "../../shared/search/row.ts";

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
    const [row] = this.#query("SELECT size FROM watermark WHERE log = ?", this.#deps.log);
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
    const rows = this.#query("SELECT * FROM entry WHERE log = ? AND idx >= ? AND idx < ? ORDER BY idx", log, from, end);
    const postings: [term: string, index: number][] = [];
    for (let index = from; index < end; index++) {
      const row = rows[index - from];
      const search = searchOf(index);
      const isRight =
        row?.["idx"] === index && row["digest"] === search?.digest && row["identity"] === search?.identity;
      if (search === null || !isRight) return violate(`the index has a wrong row for entry ${index}`);
      if (typeof row["time_ms"] === "number") learnTime(index, row["time_ms"]);
      for (const term of search.terms) postings.push([term, index]);
    }
    const [found] = this.#query(
      "SELECT COUNT(*) AS count FROM json_each(?) JOIN posting ON term = value ->> 0 AND log = ? AND idx = value ->> 1",
      JSON.stringify(postings),
      log,
    );
    if (found?.["count"] !== postings.length) violate(`entries ${from} to ${end} cannot be found by all their terms`);
  }
}
