// SPDX-License-Identifier: Apache-2.0
// The tables of the entries that R2 or D1 does not have yet.

import { type AttestationHints, decodeHints } from "../../../shared/rekor/hints.ts";
import type { SidecarLine } from "../../../shared/rekor/sidecar.ts";
import { decodeSearchRow, type SearchRow } from "../../../shared/search/row.ts";
import { TERMS_VERSION } from "../../../shared/search/terms.ts";
import { blob, buffer, decodeColumn, integer, type Row } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { type Hash, hash } from "../../../shared/tlog/hash.ts";
import type { SizedStorage } from "../platform/durable-storage.ts";
import { ENTRIES, ENTRY_COLUMNS, ENTRY_TABLES, entryTable } from "../recovery/log-schema.ts";

/** An entry that R2 or D1 does not have yet. */
export interface EntryRow {
  readonly leafIndex: number;
  /** The bytes in its bundle, without the length prefix of tile/entries. */
  readonly record: Uint8Array;
  readonly leafHash: Hash;
  readonly timestamp: UnixMs;
  /** Null if another version made it: it is made again from the record. */
  readonly search: SearchRow | null;
  readonly hints: AttestationHints | null;
}

/** The storage that holds the table. */
type Sql = Pick<SizedStorage, "exec">;

/** Few enough entries that their terms and hints take little memory at once. */
const STEP_ENTRIES = 16;

/** A plain INSERT: a second entry at an index is an error, never a replacement. */
export function insertEntry(storage: Sql, entry: EntryRow): void {
  storage.exec(
    `INSERT INTO ${entryTable(entry.leafIndex)} VALUES (?, ?, ?, ?, ?, ?)`,
    entry.leafIndex,
    buffer(entry.record),
    buffer(entry.leafHash),
    entry.timestamp,
    JSON.stringify(entry.search),
    entry.hints === null ? null : JSON.stringify(entry.hints),
  );
}

/** Entries [from, to) in order. Throws RangeError if one is missing: the store is damaged. */
export function readEntries(storage: Sql, from: number, to: number): readonly EntryRow[] {
  const rows = storage.exec(`SELECT * FROM ${ENTRIES} WHERE idx >= ? AND idx < ? ORDER BY idx`, from, to);
  const entries = rows.map(toEntry);
  const isDense = entries.length === to - from && entries.every(({ leafIndex }, i) => leafIndex === from + i);
  if (!isDense) throw new RangeError(`entries ${from} to ${to} are incomplete`);
  return entries;
}

/** Entries [from, to) one by one, of which a few are in memory at once. Throws RangeError as readEntries does. */
export function* readInSteps(storage: Sql, from: number, to: number): Generator<EntryRow> {
  for (let at = from; at < to; at += STEP_ENTRIES) yield* readEntries(storage, at, Math.min(to, at + STEP_ENTRIES));
}

/** The records of entries [from, to), without what search knows of them. Throws RangeError if one is missing. */
export function readRecords(storage: Sql, from: number, to: number): readonly Uint8Array[] {
  return readColumns(storage, "record", { from, to }).map((row) => blob(row, "record"));
}

/** Reads the sidecar lines of entries [from, to). Throws RangeError if one is missing. */
export function readSidecarLines(storage: Sql, from: number, to: number): readonly SidecarLine[] {
  return readColumns(storage, "time_ms, hints", { from, to }).map((row) => ({
    timestamp: unixMs(integer(row, "time_ms")),
    hints: toHints(row),
  }));
}

/** Leaf hashes of entries [from, to). Throws RangeError if one is missing. */
export function readLeafHashes(storage: Sql, from: number, to: number): readonly Hash[] {
  return readColumns(storage, "leaf_hash", { from, to }).map((row) => hash(blob(row, "leaf_hash")));
}

function readColumns(
  storage: Sql,
  columns: string,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Row[] {
  const rows = storage.exec(`SELECT ${columns} FROM ${ENTRIES} WHERE idx >= ? AND idx < ? ORDER BY idx`, from, to);
  if (rows.length !== to - from) throw new RangeError(`entries ${from} to ${to} are incomplete`);
  return rows;
}

/** Record, index and time of every entry, in order, one of them in memory at once: there may be many. */
export function* readOneByOne(storage: Sql): Generator<Pick<EntryRow, "leafIndex" | "record" | "timestamp">> {
  for (const row of storage.exec(`SELECT idx FROM ${ENTRIES} ORDER BY idx`)) {
    const leafIndex = integer(row, "idx");
    const [entry] = storage.exec(`SELECT record, time_ms FROM ${ENTRIES} WHERE idx = ?`, leafIndex);
    if (entry === undefined) throw new RangeError(`entry ${leafIndex} is missing`);
    yield { leafIndex, record: blob(entry, "record"), timestamp: unixMs(integer(entry, "time_ms")) };
  }
}

/** The first entry that has a row, null if none has. */
export function readFirstIndex(storage: Sql): number | null {
  const [row] = storage.exec(`SELECT idx FROM ${ENTRIES} ORDER BY idx LIMIT 1`);
  return row === undefined ? null : integer(row, "idx");
}

/** Deletes the entries below `end`. */
export function pruneEntries(storage: Sql, end: number): void {
  for (const table of ENTRY_TABLES) pruneTable(storage, table, end);
}

/** Deletes a table's entries below `end`: with the table, if there are no others in it. */
function pruneTable(storage: Sql, table: (typeof ENTRY_TABLES)[number], end: number): void {
  const [first] = storage.exec(`SELECT idx FROM ${table} ORDER BY idx LIMIT 1`);
  const [last] = storage.exec(`SELECT idx FROM ${table} ORDER BY idx DESC LIMIT 1`);
  if (first === undefined || last === undefined || integer(first, "idx") >= end) return;
  if (integer(last, "idx") >= end) {
    storage.exec(`DELETE FROM ${table} WHERE idx < ?`, end);
    return;
  }
  storage.exec(`DROP TABLE ${table}`);
  storage.exec(`CREATE TABLE ${table} ${ENTRY_COLUMNS}`);
}

function toEntry(row: Row): EntryRow {
  return {
    leafIndex: integer(row, "idx"),
    record: blob(row, "record"),
    leafHash: hash(blob(row, "leaf_hash")),
    timestamp: unixMs(integer(row, "time_ms")),
    search: toSearch(row),
    hints: toHints(row),
  };
}

function toSearch(row: Row): SearchRow | null {
  // A row of another form is another version's, and is made again; what is no JSON is damaged.
  const search = decodeColumn(row, "search", (json) => (json === undefined ? null : { row: decodeSearchRow(json) }));
  return search.row?.termsVersion === TERMS_VERSION ? search.row : null;
}

const toHints = (row: Row): AttestationHints | null =>
  row["hints"] === null ? null : decodeColumn(row, "hints", decodeHints);
