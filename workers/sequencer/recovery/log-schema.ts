// SPDX-License-Identifier: Apache-2.0
// The tables of a log in every version, and how each version leads to the next.

import type { Schema, SchemaStep } from "../../../shared/sql/schema.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";

/** The tables of version 1. */
const FIRST_TABLES: SchemaStep = [
  // The log's identity, written once at its creation.
  `CREATE TABLE log (
     id INTEGER PRIMARY KEY CHECK (id = 1), creation TEXT NOT NULL, origin TEXT NOT NULL, base_url TEXT NOT NULL,
     spki BLOB NOT NULL, genesis_size INTEGER NOT NULL, created_ms INTEGER NOT NULL) STRICT`,
  // The newest committed tree head, its predecessor (which the anchor may still hold), and how far R2 and D1 have come.
  `CREATE TABLE state (
     id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL, time_ms INTEGER NOT NULL,
     checkpoint TEXT NOT NULL, previous_size INTEGER, previous_root BLOB, published_tiles INTEGER NOT NULL,
     published_root BLOB, indexed INTEGER NOT NULL) STRICT`,
  `CREATE TABLE entry (
     idx INTEGER PRIMARY KEY, record BLOB NOT NULL, leaf_hash BLOB NOT NULL, time_ms INTEGER NOT NULL,
     search TEXT NOT NULL, hints TEXT) STRICT`,
  `CREATE TABLE dedup (leaf_hash BLOB PRIMARY KEY, idx INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  // Tiles of level 1 and above: the open one of each level, and the full ones that R2 does not have yet.
  `CREATE TABLE edge (
     level INTEGER NOT NULL, tile INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (level, tile)) STRICT, WITHOUT ROWID`,
];

/** Search rows name the version of their terms (shared/search/terms.ts). Rows without one have version 1. */
const TERMS_VERSIONS: SchemaStep = ["UPDATE entry SET search = json_set(search, '$.termsVersion', 1)"];

/** The backups of the tail that are in R2 (publication/backup.ts). */
const BACKUPS: SchemaStep = ["CREATE TABLE backup (size INTEGER PRIMARY KEY, made_ms INTEGER NOT NULL) STRICT"];

/** The identity of an entry, in a log that did not keep all of them. */
const IDENTITIES: SchemaStep = ["ALTER TABLE entry ADD COLUMN identity BLOB"];

/** When the log was frozen. The row is never deleted. */
const FROZEN: SchemaStep = [
  "CREATE TABLE frozen (id INTEGER PRIMARY KEY CHECK (id = 1), time_ms INTEGER NOT NULL) STRICT",
];

/** Every log keeps all identities, and a certificate log the time that its SCTs promise. */
const ALL_IDENTITIES: SchemaStep = [
  "ALTER TABLE dedup RENAME COLUMN leaf_hash TO identity",
  "ALTER TABLE dedup ADD COLUMN time_ms INTEGER",
  "ALTER TABLE entry DROP COLUMN identity",
];

/** How many entries the writers of recent entries have; a row goes when its count ends. */
const WRITERS: SchemaStep = [
  `CREATE TABLE writer (
     until_ms INTEGER NOT NULL, writer BLOB NOT NULL, entries INTEGER NOT NULL,
     PRIMARY KEY (until_ms, writer)) STRICT, WITHOUT ROWID`,
];

/**
 * Whether the anchor is known to hold the head of the state row. A head that an earlier version wrote was answered
 * before the anchor had it, so it counts as known.
 */
const ANCHORED: SchemaStep = ["ALTER TABLE state ADD COLUMN is_anchored INTEGER NOT NULL DEFAULT 1"];

/** The newest head that a quorum of witnesses has cosigned, with their lines. */
const COSIGNED: SchemaStep = [
  `CREATE TABLE cosigned (
     id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL, time_ms INTEGER NOT NULL,
     checkpoint TEXT NOT NULL, since_ms INTEGER NOT NULL) STRICT`,
];

/** The columns of `entry`, of which there are two tables: one for tiles with an even number, one for the others. */
export const ENTRY_COLUMNS = `(
     idx INTEGER PRIMARY KEY, record BLOB NOT NULL, leaf_hash BLOB NOT NULL, time_ms INTEGER NOT NULL,
     search TEXT NOT NULL, hints TEXT) STRICT`;

/**
 * The entries of every second tile have a table of their own. The platform bills each deleted row, but no row of a
 * dropped table: a tile whose entries are in R2 goes with its table.
 */
const ODD_TILES: SchemaStep = [
  `CREATE TABLE entry_odd ${ENTRY_COLUMNS}`,
  `INSERT INTO entry_odd SELECT * FROM entry WHERE (idx / ${TILE_WIDTH}) % 2 = 1`,
  `DELETE FROM entry WHERE (idx / ${TILE_WIDTH}) % 2 = 1`,
];
export const ENTRY_TABLES = ["entry", "entry_odd"] as const;
/** The rows of both tables; a condition on `idx` reaches the key of each. */
export const ENTRIES = `(${ENTRY_TABLES.map((table) => `SELECT idx, record, leaf_hash, time_ms, search, hints FROM ${table}`).join(" UNION ALL ")})`;

/** The table of an entry. */
export const entryTable = (leafIndex: number): string =>
  Math.floor(leafIndex / TILE_WIDTH) % 2 === 0 ? ENTRY_TABLES[0] : ENTRY_TABLES[1];

/** To change these tables, append a step. Released steps never change. */
export const LOG_SCHEMA: Schema = {
  firstTable: "log",
  steps: [
    FIRST_TABLES,
    TERMS_VERSIONS,
    BACKUPS,
    IDENTITIES,
    FROZEN,
    ALL_IDENTITIES,
    WRITERS,
    ANCHORED,
    COSIGNED,
    ODD_TILES,
  ],
};
/** From this version on, every entry has an identity row. */
export const ALL_IDENTITIES_VERSION = 6;
