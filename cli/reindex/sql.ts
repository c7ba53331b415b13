// SPDX-License-Identifier: Apache-2.0
// The SQL statements that write the search index (migrations/), as text: for a local database, and for a file that
// wrangler sends to D1.

import { type IndexedEntry, type IndexedLog, makeAppend, weigh } from "../../shared/search/index-writes.ts";

/** Formats a value: a number, NULL, or a quoted text. No text from a certificate can end the quotes. */
export function sqlValue(value: string | number | null): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  return /^[\x20-\x7e]*$/.test(value)
    ? `'${value.replaceAll("'", "''")}'`
    : `CAST(X'${Buffer.from(value).toString("hex")}' AS TEXT)`;
}

/** Entries that one statement has, at most, as in the log's own feed. */
const STATEMENT_ENTRIES = 64;
/** D1 accepts statements of up to 100 KB. The bytes of 64 entries take 20 KB of that in hex. */
const STATEMENT_BYTES = 50_000;

/**
 * The statements that append entries without a gap between them. Nothing is written of entries that do not continue
 * what the index has.
 */
export function appendEntries(log: IndexedLog, entries: readonly IndexedEntry[]): readonly string[] {
  return splitEntries(entries).flatMap((part) =>
    makeAppend(log, part)
      .slice(0, -1)
      .map(({ sql, values }) =>
        sql.replace(/\?(\d+)/g, (_, place: string) => sqlValue(values[Number(place) - 1] ?? null)),
      ),
  );
}

function splitEntries(entries: readonly IndexedEntry[]): readonly (readonly IndexedEntry[])[] {
  const parts: IndexedEntry[][] = [];
  let bytes = STATEMENT_BYTES;
  for (const entry of entries) {
    bytes += weigh(entry);
    const part = parts.at(-1);
    if (part !== undefined && part.length < STATEMENT_ENTRIES && bytes <= STATEMENT_BYTES) part.push(entry);
    else {
      parts.push([entry]);
      bytes = weigh(entry);
    }
  }
  return parts;
}
