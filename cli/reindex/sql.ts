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

/**
 * Records that every row below `size` exists, and whose they are.
 * @param creation of the log; null if the service does not say
 */
export const raiseWatermark = (log: string, size: number, creation: string | null): string =>
  `INSERT INTO watermark (log, size, creation, terms_version) VALUES (${sqlValue(log)},${size},${sqlValue(creation)},${TERMS_VERSION}) ON CONFLICT (log) DO UPDATE SET size = max(size, excluded.size), creation = coalesce(excluded.creation, creation), terms_version = min(terms_version, excluded.terms_version)`;

/**
 * Includes the rows that the log itself has fed meanwhile: it writes behind a gap, but does not raise the watermark
 * over one. If the rows from the watermark on have no gap, raises the watermark to their end; from then on the log
 * raises it again.
 */
export function joinWatermark(log: string): string {
  const fed = `FROM entry WHERE log = ${sqlValue(log)} AND idx >= watermark.size`;
  return `UPDATE watermark SET size = (SELECT max(idx) + 1 ${fed}) WHERE log = ${sqlValue(log)} AND (SELECT count(*) ${fed}) > 0 AND (SELECT count(*) ${fed}) = (SELECT max(idx) + 1 ${fed}) - size`;
}
