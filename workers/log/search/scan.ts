// SPDX-License-Identifier: Apache-2.0
// One look into one log for one alternative of a query: which rows are read, backward from a bound, and which
// entries of them match. Each look reads a bounded number of rows and says how far down it came.

import { BLOCK_ENTRIES, LOG_IDS, MARK_COLUMNS } from "../../../shared/search/index-writes.ts";
import { integer, type Row, text } from "../../../shared/sql/columns.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import type { Conjunction } from "./conjunction.ts";
import { type Filter, isMatch, listColumns, type ReadValue, timeOf, widthOf } from "./records.ts";
import type { Statement } from "./statement.ts";

/** An entry that was found. */
export interface Found {
  readonly log: string;
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
}

/** The place where a look begins, and the conditions that it looks for. */
export interface Look {
  readonly log: string;
  /** log.number of the index. */
  readonly number: number;
  /** Entries below this index, and from `from` on. */
  readonly below: number;
  readonly from: number;
  readonly limit: number;
  readonly filter: Filter;
  readonly wanted: Pick<Conjunction, "digests" | "predicateTypes">;
  /** Keys of the signers; null if all are to be looked at, or too many to list. */
  readonly signers: readonly string[] | null;
}

/** The result of one look. */
export interface Looked {
  /** Newest first. */
  readonly hits: readonly Found[];
  /** The last entry that it looked at, if there may be more below; null if there is nothing below. */
  readonly floor: Found | null;
}

/** Entries with a digest that a page looks at, if they must have something else too. */
const POSTINGS = 256;
/** Rows of `block` that are searched for a mark: 262,144 entries. */
const MARKED_BLOCKS = 1024;
/** Rows of `block` whose entries are compared one by one. */
const COMPARED_BLOCKS = 16;
/** The same if the signers are too many to list, and must be looked up one by one. */
const UNLISTED_BLOCKS = 4;
/** Rows of `presence` that are looked at. Each row of `block` takes one for each signer. */
const PRESENCES = 4096;

/** How a look chooses its rows. */
type Way = "postings" | "marks" | "signers" | "all";

function wayOf({ wanted, filter, signers }: Look): Way {
  if (wanted.digests.length > 0) return "postings";
  if (filter.marks.length > 0) return "marks";
  if (signers !== null) return "signers";
  return wanted.predicateTypes.length > 0 ? "postings" : "all";
}

/** The statements of a look; `decodeLook` takes their rows. */
export function makeLook(look: Look): readonly Statement[] {
  if (look.below <= look.from) return [];
  const way = wayOf(look);
  switch (way) {
    case "postings":
      return [selectPostings(look)];
    case "signers":
      return [selectBlocks(look, walkPresence(look))];
    case "marks":
    case "all": {
      const lowest = lowestBlock(look);
      return [selectBlocks(look, rangeOf(look, lowest)), selectFloor(look, lowest)];
    }
    default:
      return unreachable(way);
  }
}

const blockOf = (leafIndex: number): number => Math.floor(leafIndex / BLOCK_ENTRIES);

function lowestBlock(look: Look): number {
  const count = wayOf(look) === "marks" ? MARKED_BLOCKS : isUnlisted(look) ? UNLISTED_BLOCKS : COMPARED_BLOCKS;
  return Math.max(blockOf(look.from), blockOf(look.below - 1) - count + 1);
}

/** Whether the signers must be looked up for each row of `block`. */
export const isUnlisted = ({ filter, signers }: Pick<Look, "filter" | "signers">): boolean =>
  filter.signer.length > 0 && signers === null;

const idOf = ({ number }: Look, block: number): number => number * LOG_IDS + block;

const slice = (column: string): string =>
  `lower(hex(substr(${column}, 1 + ${widthOf(column)} * (idx & ${BLOCK_ENTRIES - 1}), ${widthOf(column)}))) AS ${column}`;

/** One more than the limit shows whether there is another page; more are needed only to be filtered. */
function countPostings({ filter, wanted, limit }: Look): number {
  const isOnly = wanted.digests.length + wanted.predicateTypes.length === 1;
  const isPlain = filter.marks.length + filter.signer.length === 0 && filter.kind === null;
  return isOnly && isPlain && filter.since === null && filter.until === null ? limit + 1 : POSTINGS;
}

function selectPostings(look: Look): Statement {
  const { number, from, below, wanted, filter } = look;
  const [first = "", ...others] = [...wanted.digests, ...wanted.predicateTypes];
  const has = others.map(
    (_, i) => `EXISTS (SELECT 1 FROM posting WHERE term = unhex(?${6 + i}) AND log = ?1 AND posting.idx = found.idx)`,
  );
  const sql = `SELECT idx, ${["TRUE", ...has].join(" AND ")} AS has, ${listColumns(filter).map(slice).join(", ")}
    FROM (SELECT idx FROM posting WHERE term = unhex(?2) AND log = ?1 AND idx >= ?3 AND idx < ?4 ORDER BY idx DESC LIMIT ?5) AS found
    JOIN block ON block.id = ?1 * ${LOG_IDS} + (idx >> 8) ORDER BY idx DESC`;
  return { sql, values: [number, first, from, below, countPostings(look), ...others] };
}

/** The newest row of `block` from ?2 on that has an entry of one of the signers in ?1. @param bound on `block` */
export const newestPresence = (bound: string): string =>
  `(SELECT max((SELECT max(block) FROM presence WHERE signer = unhex(value) AND block >= ?2 AND ${bound})) FROM json_each(?1))`;

/** The ids of the newest rows of `block` that have an entry of a signer: one step down at a time. */
function walkPresence(look: Look): Statement {
  const signers = look.signers ?? [];
  const count = Math.min(COMPARED_BLOCKS, Math.max(1, Math.floor(PRESENCES / Math.max(1, signers.length))));
  const sql = `WITH RECURSIVE walk (id) AS (
      SELECT ${newestPresence("block <= ?3")} UNION ALL SELECT ${newestPresence("block < walk.id")} FROM walk WHERE walk.id IS NOT NULL LIMIT ${count})
    SELECT id FROM walk WHERE id IS NOT NULL`;
  const range = [idOf(look, blockOf(look.from)), idOf(look, blockOf(look.below - 1))];
  return { sql, values: [JSON.stringify(signers), ...range] };
}

/** The ids of a range of rows of `block` that have all marks, the newest ones. */
function rangeOf(look: Look, lowest: number): Statement {
  const { marks } = look.filter;
  const has = marks.map(({ name }, i) => `instr(${MARK_COLUMNS[name]}, unhex(?${3 + i})) > 0`);
  const sql = `SELECT id FROM block WHERE ${["id >= ?1", "id <= ?2", ...has].join(" AND ")} ORDER BY id DESC LIMIT ${COMPARED_BLOCKS}`;
  return { sql, values: [idOf(look, lowest), idOf(look, blockOf(look.below - 1)), ...marks.map(({ key }) => key)] };
}

function selectBlocks({ filter }: Look, ids: Statement): Statement {
  const columns = listColumns(filter).map((column) => `lower(hex(${column})) AS ${column}`);
  const sql = `SELECT block.id & ${LOG_IDS - 1} AS block, ${columns.join(", ")} FROM (${ids.sql}) AS chosen
    JOIN block ON block.id = chosen.id ORDER BY block.id DESC`;
  return { sql, values: ids.values };
}

const selectFloor = (look: Look, lowest: number): Statement => ({
  sql: "SELECT first_ms FROM block WHERE id = ?1",
  values: [idOf(look, lowest)],
});

/** The signers of the rows that a look with isUnlisted found: those asked for must be selected from them. */
export const listSigners = (rows: readonly Row[]): readonly string[] => [
  ...new Set(rows.flatMap((row) => text(row, "signers").match(/.{12}/g) ?? [])),
];

/** Finds the entries in the rows of a look. @param results the rows of each statement of `makeLook` */
export function decodeLook(look: Look, results: readonly (readonly Row[])[]): Looked {
  const [rows = [], floors = []] = results;
  return wayOf(look) === "postings" ? decodePostings(look, rows) : decodeBlocks(look, rows, floors);
}

/** Whether the hits of a look must still be compared with postings (`selectMembers`). */
export const isUnconfirmed = (look: Look): boolean =>
  wayOf(look) !== "postings" && look.wanted.predicateTypes.length > 0;

/** Selects those of the hits that have the predicate types. */
export function selectMembers({ number, wanted }: Look, hits: readonly Found[]): Statement {
  const has = wanted.predicateTypes.map(
    (_, i) => `EXISTS (SELECT 1 FROM posting WHERE term = unhex(?${3 + i}) AND log = ?1 AND idx = value)`,
  );
  const sql = `SELECT value AS idx FROM json_each(?2) WHERE ${has.join(" AND ")}`;
  return { sql, values: [number, JSON.stringify(hits.map(({ leafIndex }) => leafIndex)), ...wanted.predicateTypes] };
}

function decodePostings(look: Look, rows: readonly Row[]): Looked {
  const found = rows.map((row) => {
    const read: ReadValue = (column) => text(row, column);
    const isHit = integer(row, "has") === 1 && isMatch(read, look.filter, signersOf(look));
    return { isHit, entry: { log: look.log, leafIndex: integer(row, "idx"), timestamp: timeOf(read) } };
  });
  const hits = found.flatMap(({ isHit, entry }) => (isHit ? [entry] : []));
  return { hits, floor: found[countPostings(look) - 1]?.entry ?? null };
}

const signersOf = ({ filter, signers }: Look): ReadonlySet<string> | null =>
  filter.signer.length === 0 ? null : new Set(signers ?? []);

function decodeBlocks(look: Look, rows: readonly Row[], floors: readonly Row[]): Looked {
  const hits = rows.flatMap((row) => decodeBlock(look, row));
  const last = rows.at(-1);
  if (wayOf(look) === "signers") {
    const first = last === undefined ? null : entryAt(look, last, 0);
    return { hits, floor: first === null || first.leafIndex <= look.from ? null : first };
  }
  // Fewer rows than the window has: it was searched to its end.
  const end = lowestBlock(look);
  if (rows.length === COMPARED_BLOCKS && last !== undefined && end < integer(last, "block"))
    return { hits, floor: entryAt(look, last, 0) };
  const [floor] = floors;
  if (end * BLOCK_ENTRIES <= look.from || floor === undefined) return { hits, floor: null };
  const timestamp = unixMs(integer(floor, "first_ms"));
  return { hits, floor: { log: look.log, leafIndex: end * BLOCK_ENTRIES, timestamp } };
}

function decodeBlock(look: Look, row: Row): readonly Found[] {
  const signers = signersOf(look);
  const first = integer(row, "block") * BLOCK_ENTRIES;
  const hits: Found[] = [];
  const length = text(row, "times").length / 2 / widthOf("times");
  for (let place = length - 1; place >= 0; place--) {
    const leafIndex = first + place;
    if (leafIndex >= look.below || leafIndex < look.from) continue;
    if (isMatch(readerAt(row, place), look.filter, signers)) hits.push(entryAt(look, row, place));
  }
  return hits;
}

const readerAt =
  (row: Row, place: number): ReadValue =>
  (column) => {
    const digits = 2 * widthOf(column);
    return text(row, column).slice(place * digits, (place + 1) * digits);
  };

const entryAt = ({ log }: Look, row: Row, place: number): Found => ({
  log,
  leafIndex: integer(row, "block") * BLOCK_ENTRIES + place,
  timestamp: timeOf(readerAt(row, place)),
});
