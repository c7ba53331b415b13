// SPDX-License-Identifier: Apache-2.0
// The SQL statements that write the search index (migrations/), as text: for a local database, and for a file that
// wrangler sends to D1.

import { TERMS_VERSION } from "../../shared/search/terms.ts";
import type { IndexRow } from "../served-log/index-rows.ts";

/** D1 accepts statements of up to 100 KB. */
const MAX_STATEMENT_CHARS = 50_000;

/** Formats a value: a number, NULL, or a quoted text. No text from a certificate can end the quotes. */
export function sqlValue(value: string | number | null): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  return /^[\x20-\x7e]*$/.test(value)
    ? `'${value.replaceAll("'", "''")}'`
    : `CAST(X'${Buffer.from(value).toString("hex")}' AS TEXT)`;
}

/** Inserts rows; existing rows stay unchanged. */
export function insertRows(
  log: string,
  rows: readonly Pick<IndexRow, "leafIndex" | "timestamp" | "search">[],
): readonly string[] {
  const postings = rows.flatMap(({ leafIndex, search }) => search.terms.map((term) => [term, log, leafIndex]));
  const entries = rows.map(({ leafIndex, timestamp, search }) => [
    log,
    leafIndex,
    timestamp,
    search.digest,
    search.identity,
    search.issuer,
    search.termsVersion,
  ]);
  return [
    ...inserts("posting (term, log, idx)", postings),
    ...inserts("entry (log, idx, time_ms, digest, identity, issuer, terms_version)", entries),
  ];
}

function inserts(table: string, rows: readonly (readonly (string | number | null)[])[]): readonly string[] {
  const statements: string[] = [];
  let values: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (values.length > 0) statements.push(`INSERT OR IGNORE INTO ${table} VALUES ${values.join(",")}`);
    values = [];
    length = 0;
  };
  for (const row of rows) {
    const tuple = `(${row.map(sqlValue).join(",")})`;
    if (length + tuple.length > MAX_STATEMENT_CHARS) flush();
    values.push(tuple);
    length += tuple.length + 1;
  }
  flush();
  return statements;
}

/** Records that every row below `size` exists. */
export const raiseWatermark = (log: string, size: number): string =>
  `INSERT INTO watermark (log, size) VALUES (${sqlValue(log)},${size}) ON CONFLICT (log) DO UPDATE SET size = max(size, excluded.size)`;

/**
 * Includes the rows that the log itself has fed meanwhile: it writes behind a gap, but does not raise the watermark
 * over one. If the rows from the watermark on have no gap, raises the watermark to their end; from then on the log
 * raises it again.
 */
export function joinWatermark(log: string): string {
  const fed = `FROM entry WHERE log = ${sqlValue(log)} AND idx >= watermark.size`;
  return `UPDATE watermark SET size = (SELECT max(idx) + 1 ${fed}) WHERE log = ${sqlValue(log)} AND (SELECT count(*) ${fed}) > 0 AND (SELECT count(*) ${fed}) = (SELECT max(idx) + 1 ${fed}) - size`;
}

/**
 * Deletes the rows made by another version of the search terms, and lowers the watermark first: the index is complete
 * up to the first of them, and the rest is rebuilt as after any gap. Reads each row of the log once.
 */
export function clearOtherVersions(log: string): readonly string[] {
  const name = sqlValue(log);
  const other = `FROM entry WHERE log = ${name} AND terms_version <> ${TERMS_VERSION}`;
  return [
    `UPDATE watermark SET size = min(size, coalesce((SELECT min(idx) ${other}), size)) WHERE log = ${name}`,
    `DELETE FROM posting WHERE log = ${name} AND idx IN (SELECT idx ${other})`,
    `DELETE ${other}`,
  ];
}

/** Empties the index of a log, the watermark first, so that search never shows half an index as complete. */
export const clearLog = (log: string): readonly string[] =>
  ["watermark", "posting", "entry"].map((table) => `DELETE FROM ${table} WHERE log = ${sqlValue(log)}`);
