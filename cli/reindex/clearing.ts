// SPDX-License-Identifier: Apache-2.0
// Removes rows of a log from the search index, in portions: one statement over all of them would take longer than D1
// allows for a call (30 s). The watermark goes first, so that search never shows half an index as complete.

import { TERMS_VERSION } from "../../shared/search/terms.ts";
import type { IndexDatabase } from "./databases.ts";
import { sqlValue } from "./sql.ts";

/** Rows that one statement looks at: about a second of D1. */
const PORTION = 100_000;

/** A range of entries: from the first index to the one after the last. */
interface Range {
  readonly from: number;
  readonly end: number;
}

/** Removes everything that the index has of a log. */
export async function clearLog(database: IndexDatabase, log: string): Promise<void> {
  await database.run([`DELETE FROM watermark WHERE log = ${sqlValue(log)}`]);
  await clearRange(database, log, { from: 0, end: await readEntryEnd(database, log) });
}

/**
 * Removes the rows that another version of the search terms made, and those between them. Looks at no row if the
 * watermark says that all are of this version.
 */
export async function clearOtherVersions(database: IndexDatabase, log: string): Promise<void> {
  const name = sqlValue(log);
  const [watermark] = await database.query(`SELECT terms_version FROM watermark WHERE log = ${name}`);
  if (watermark === undefined || watermark["terms_version"] === TERMS_VERSION) return;
  const other = await findOtherVersions(database, log);
  if (other !== null) {
    await database.run([`UPDATE watermark SET size = min(size, ${other.from}) WHERE log = ${name}`]);
    await clearRange(database, log, other);
  }
  await database.run([`UPDATE watermark SET terms_version = ${TERMS_VERSION} WHERE log = ${name}`]);
}

async function findOtherVersions(database: IndexDatabase, log: string): Promise<Range | null> {
  const end = await readEntryEnd(database, log);
  const found: Range[] = [];
  for (let at = 0; at < end; at += PORTION) {
    const [row] = await database.query(
      `SELECT min(idx) AS first, max(idx) AS last FROM entry WHERE log = ${sqlValue(log)} AND idx >= ${at} AND idx < ${at + PORTION} AND terms_version <> ${TERMS_VERSION}`,
    );
    const { first = null, last = null } = row ?? {};
    if (typeof first === "number" && typeof last === "number") found.push({ from: first, end: last + 1 });
  }
  const [lowest, highest] = [found[0], found.at(-1)];
  return lowest === undefined || highest === undefined ? null : { from: lowest.from, end: highest.end };
}

async function readEntryEnd(database: IndexDatabase, log: string): Promise<number> {
  const [row] = await database.query(`SELECT max(idx) AS last FROM entry WHERE log = ${sqlValue(log)}`);
  const { last = null } = row ?? {};
  return typeof last === "number" ? last + 1 : 0;
}

async function clearRange(database: IndexDatabase, log: string, { from, end }: Range): Promise<void> {
  const inRange = `log = ${sqlValue(log)} AND idx >= ${from} AND idx < ${end}`;
  // Postings are in the order of their terms.
  for (let after: string | null = ""; after !== null; ) {
    const above = `term > ${sqlValue(after)}`;
    const [row]: readonly Record<string, unknown>[] = await database.query(
      `SELECT term FROM posting WHERE ${above} ORDER BY term LIMIT 1 OFFSET ${PORTION}`,
    );
    const { term = null } = row ?? {};
    const last: string | null = typeof term === "string" ? term : null;
    const upTo = last === null ? "" : ` AND term <= ${sqlValue(last)}`;
    await database.run([`DELETE FROM posting WHERE ${above}${upTo} AND ${inRange}`]);
    after = last;
  }
  for (let at = from; at < end; at += PORTION) {
    const portionEnd = Math.min(end, at + PORTION);
    await database.run([`DELETE FROM entry WHERE log = ${sqlValue(log)} AND idx >= ${at} AND idx < ${portionEnd}`]);
  }
}
