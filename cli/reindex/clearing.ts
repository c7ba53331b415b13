// SPDX-License-Identifier: Apache-2.0
// Removes entries of a log from the search index, in portions: one statement over all of them would take longer than D1
// allows for a call (30 s). Meanwhile the log in the index is another one: searches do not see it, and the log itself
// does not feed it. If the work is cut off, it stays so, and the next run removes everything.

import { BLOCK_ENTRIES, LOG_IDS } from "../../shared/search/index-writes.ts";
import { TERMS_VERSION } from "../../shared/search/terms.ts";
import type { IndexDatabase } from "./databases.ts";
import { sqlValue } from "./sql.ts";

/** Rows that one statement looks at: about a second of D1. */
const PORTION = 100_000;
/** Rows of `block` that one statement removes: some 25 MB. */
const BLOCK_PORTION = 1000;
/** No log.json has this creation. */
const NOBODY = "being removed";

/** Removes everything that the index has of a log. */
export async function clearLog(database: IndexDatabase, log: string): Promise<void> {
  const number = await readNumber(database, log);
  if (number === null) return;
  await database.run([`UPDATE log SET creation = ${sqlValue(NOBODY)} WHERE number = ${number}`]);
  await clearFrom(database, number, 0);
  await database.run([
    `DELETE FROM log WHERE number = ${number}`,
    "DELETE FROM attribute WHERE NOT EXISTS (SELECT 1 FROM presence WHERE presence.signer = attribute.signer)",
    "DELETE FROM signer WHERE NOT EXISTS (SELECT 1 FROM presence WHERE presence.signer = signer.key)",
  ]);
}

/** Removes the entries that another version of the search terms made, and those after them. */
export async function clearOtherVersions(database: IndexDatabase, log: string, creation: string | null): Promise<void> {
  const number = await readNumber(database, log);
  if (number === null) return;
  const [row] = await database.query(
    `SELECT min(id) AS id FROM block WHERE ${idsFrom(number, 0)} AND terms_version <> ${TERMS_VERSION}`,
  );
  const { id = null } = row ?? {};
  if (typeof id !== "number") return;
  await database.run([`UPDATE log SET creation = ${sqlValue(NOBODY)} WHERE number = ${number}`]);
  await clearFrom(database, number, id - number * LOG_IDS);
  await database.run([`UPDATE log SET creation = ${sqlValue(creation)} WHERE number = ${number}`]);
}

async function readNumber(database: IndexDatabase, log: string): Promise<number | null> {
  const [row] = await database.query(`SELECT number FROM log WHERE name = ${sqlValue(log)}`);
  const { number = null } = row ?? {};
  return typeof number === "number" ? number : null;
}

const idsFrom = (number: number, block: number): string =>
  `id >= ${number * LOG_IDS + block} AND id < ${(number + 1) * LOG_IDS}`;

async function clearFrom(database: IndexDatabase, number: number, block: number): Promise<void> {
  const postings = `log = ${number} AND idx >= ${block * BLOCK_ENTRIES}`;
  await clearByKey(database, { table: "posting", key: "term", condition: postings });
  const presences = idsFrom(number, block).replaceAll("id ", "block ");
  await clearByKey(database, { table: "presence", key: "signer", condition: presences });
  for (;;) {
    const newest = `SELECT id FROM block WHERE ${idsFrom(number, block)} ORDER BY id DESC LIMIT ${BLOCK_PORTION}`;
    const [row] = await database.query(`SELECT count(*) AS rows FROM (${newest})`);
    if (row?.["rows"] === 0) return;
    await database.run([`DELETE FROM block WHERE id IN (${newest})`]);
  }
}

/** A table whose rows are in the order of a key of bytes. */
interface KeyedTable {
  readonly table: string;
  readonly key: string;
  /** An SQL condition on the rows to remove. */
  readonly condition: string;
}

async function clearByKey(database: IndexDatabase, { table, key, condition }: KeyedTable): Promise<void> {
  for (let after: string | null = ""; after !== null; ) {
    const above: string = `${key} > X'${after}'`;
    const [row]: readonly Record<string, unknown>[] = await database.query(
      `SELECT hex(${key}) AS last FROM ${table} WHERE ${above} ORDER BY ${key} LIMIT 1 OFFSET ${PORTION}`,
    );
    const { last = null } = row ?? {};
    const upTo = typeof last === "string" ? ` AND ${key} <= X'${last}'` : "";
    await database.run([`DELETE FROM ${table} WHERE ${above}${upTo} AND ${condition}`]);
    after = typeof last === "string" ? last : null;
  }
}
