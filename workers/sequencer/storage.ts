// SPDX-License-Identifier: Apache-2.0
// The sequencer's tables: everything to the right of the last full tile in R2, the state of the tree and, forever, the
// index of every identity. Knows SQL and rows; knows no hashing and no protocol.

import { type AttestationHints, decodeHints } from "../../shared/rekor/hints.ts";
import type { SidecarLine } from "../../shared/rekor/sidecar.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { WriteBudget } from "../../shared/rpc/sequencer.ts";
import { decodeSearchRow, type SearchRow } from "../../shared/search/row.ts";
import { migrate, type SchemaStorage, type SchemaTooNew, schemaVersion } from "../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import { type Hash, hash } from "../../shared/tlog/hash.ts";
import type { SignedTreeHead, TreeHead } from "../../shared/tlog/head.ts";
import type { SizedStorage } from "./platform/durable-storage.ts";
import {
  ALL_IDENTITIES_VERSION,
  ENTRIES,
  ENTRY_COLUMNS,
  ENTRY_TABLES,
  entryTable,
  LOG_SCHEMA,
} from "./recovery/log-schema.ts";
import { blob, buffer, decodeColumn, integer, type Row, text } from "./tables/columns.ts";
import { type CosignedRow, readCosigned, writeCosigned } from "./tables/cosigned.ts";
import { forgetCounts, readCount, type WriterCount, writeCount } from "./tables/counts.ts";
import { type EdgeRow, pruneEdge, readEdge, readEdgeTile, writeEdge } from "./tables/edge.ts";

/** The identity that a log got at its creation. */
export interface LogIdentity {
  /** Random, and the same in R2's log.json, so that two logs are never mistaken for one. */
  readonly creation: string;
  readonly origin: string;
  readonly baseUrl: string;
  readonly spki: Uint8Array;
  readonly genesisSize: number;
  readonly createdAt: UnixMs;
}

/** The newest tree head of a log, and its cursors. */
export interface StateRow extends SignedTreeHead {
  /** The head before this one, null for the first. */
  readonly previous: TreeHead | null;
  /** How many full tiles of level 0 are in R2, with their bundles and all upper tiles that they complete. */
  readonly publishedTiles: number;
  /** Root of the last published tile of level 0, null before the first. */
  readonly publishedRoot: Hash | null;
  /** Every entry below this index is in D1. Written lazily: D1 may be ahead. */
  readonly indexed: number;
}

/** An entry that R2 or D1 does not have yet. */
export interface EntryRow {
  readonly leafIndex: number;
  /** The bytes in its bundle, without the length prefix of tile/entries. */
  readonly record: Uint8Array;
  readonly leafHash: Hash;
  readonly timestamp: UnixMs;
  readonly search: SearchRow;
  readonly hints: AttestationHints | null;
}

/** The place of an entry, by its identity. */
export interface KnownEntry {
  readonly leafIndex: number;
  /** Null in a log whose answers do not promise a time. */
  readonly timestamp: UnixMs | null;
}

/** A backup of the tail in R2. */
export interface StoredBackup {
  readonly treeSize: number;
  readonly madeAt: UnixMs;
}

/** Few enough entries that their terms and hints take little memory at once. */
const STEP_ENTRIES = 16;

/** Reads and writes the rows of one log. Throws what the platform throws, and RangeError for rows that do not parse. */
export class LogStorage {
  readonly #storage: SizedStorage;

  constructor(storage: SizedStorage) {
    this.#storage = storage;
  }

  transactionSync<T>(run: () => T): T {
    return this.#storage.transactionSync(run);
  }

  /** Bytes in use. */
  sizeBytes(): number {
    return this.#storage.sizeBytes();
  }

  /** Throws if another instance owns the storage by now. */
  touch(): void {
    this.#storage.exec("SELECT 1");
  }

  /**
   * Brings the tables to the newest version. Does nothing if there is no log. Fails with schema_too_new; most tables of
   * a newer version can be read all the same.
   * @param identityOf computes the identity of a record, for entries that are older than identity rows
   */
  migrate(identityOf: (record: Uint8Array) => Hash): Result<null, SchemaTooNew> {
    const version = schemaVersion(this.#storage, LOG_SCHEMA);
    if (version === 0) return ok(null);
    if (version >= ALL_IDENTITIES_VERSION) return migrate(this.#storage, LOG_SCHEMA);
    return this.#storage.transactionSync(() => {
      const migrated = migrate(this.#withoutTransactions(), LOG_SCHEMA);
      this.#addIdentities(identityOf);
      return migrated;
    });
  }

  /** Adds the identity rows of entries that have none. Reads one entry at a time: there may be many. */
  #addIdentities(identityOf: (record: Uint8Array) => Hash): void {
    for (const row of this.#storage.exec(`SELECT idx FROM ${ENTRIES} ORDER BY idx`)) {
      const leafIndex = integer(row, "idx");
      const [entry] = this.#storage.exec(`SELECT record, time_ms FROM ${ENTRIES} WHERE idx = ?`, leafIndex);
      if (entry === undefined) throw new RangeError(`entry ${leafIndex} is missing`);
      const identity = identityOf(blob(entry, "record"));
      const timestamp = unixMs(integer(entry, "time_ms"));
      if (this.findIdentity(identity) === null) this.insertIdentity(identity, { leafIndex, timestamp });
    }
  }

  /** The storage inside a transaction that is already open. */
  #withoutTransactions(): SchemaStorage {
    return {
      exec: (query, ...bindings) => this.#storage.exec(query, ...bindings),
      transactionSync: (run) => run(),
    };
  }

  /** Null if there is no log yet. */
  readIdentity(): LogIdentity | null {
    const tables = this.#storage.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'log'");
    const [row] = tables.length === 0 ? [] : this.#storage.exec("SELECT * FROM log");
    if (row === undefined) return null;
    return {
      creation: text(row, "creation"),
      origin: text(row, "origin"),
      baseUrl: text(row, "base_url"),
      spki: blob(row, "spki"),
      genesisSize: integer(row, "genesis_size"),
      createdAt: unixMs(integer(row, "created_ms")),
    };
  }

  /** Creates the tables and the row of the log. Call it in the transaction that also writes the first state. */
  createLog(identity: LogIdentity): void {
    const made = migrate(this.#withoutTransactions(), LOG_SCHEMA);
    if (!made.ok) throw new Error("the storage already has a log");
    this.#storage.exec(
      "INSERT INTO log VALUES (1, ?, ?, ?, ?, ?, ?)",
      identity.creation,
      identity.origin,
      identity.baseUrl,
      buffer(identity.spki),
      identity.genesisSize,
      identity.createdAt,
    );
  }

  /** Throws RangeError if the row is missing: the store is damaged. */
  readState(): StateRow {
    const [row] = this.#storage.exec("SELECT * FROM state");
    if (row === undefined) throw new RangeError("the state row is missing");
    const previousSize = row["previous_size"];
    return {
      treeSize: integer(row, "size"),
      rootHash: hash(blob(row, "root")),
      timestamp: unixMs(integer(row, "time_ms")),
      checkpoint: text(row, "checkpoint"),
      previous:
        typeof previousSize === "number"
          ? { treeSize: previousSize, rootHash: hash(blob(row, "previous_root")) }
          : null,
      publishedTiles: integer(row, "published_tiles"),
      publishedRoot: row["published_root"] === null ? null : hash(blob(row, "published_root")),
      indexed: integer(row, "indexed"),
    };
  }

  /** @param isAnchored whether the anchor is known to hold this head */
  writeState(state: StateRow, isAnchored: boolean): void {
    this.#storage.exec(
      "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      state.treeSize,
      buffer(state.rootHash),
      state.timestamp,
      state.checkpoint,
      state.previous?.treeSize ?? null,
      state.previous === null ? null : buffer(state.previous.rootHash),
      state.publishedTiles,
      state.publishedRoot === null ? null : buffer(state.publishedRoot),
      state.indexed,
      isAnchored ? 1 : 0,
    );
  }

  /**
   * Writes the cursors and leaves the head as it is: a round may have written one that the anchor does not hold yet.
   * @param state the newest state that the anchor holds
   */
  writeCursors({ treeSize, publishedTiles, publishedRoot, indexed }: StateRow): void {
    this.#storage.exec(
      `UPDATE state SET published_tiles = ?, published_root = ?, indexed = ?, is_anchored = is_anchored OR size = ?`,
      publishedTiles,
      publishedRoot === null ? null : buffer(publishedRoot),
      indexed,
      treeSize,
    );
  }

  /** Writes time and checkpoint of the same tree. False, and nothing is written, if the row has a newer tree. */
  writeFreshHead({ treeSize, timestamp, checkpoint }: StateRow): boolean {
    const written = this.#storage.exec(
      "UPDATE state SET time_ms = ?, checkpoint = ? WHERE size = ? RETURNING id",
      timestamp,
      checkpoint,
      treeSize,
    );
    return written.length === 1;
  }

  /** Whether the anchor is known to hold the head of the state row. */
  isStateAnchored(): boolean {
    const [row] = this.#storage.exec("SELECT is_anchored FROM state");
    return row?.["is_anchored"] === 1;
  }

  /** The newest cosigned head, null if there is none. */
  readCosigned(): CosignedRow | null {
    return readCosigned(this.#storage);
  }

  writeCosigned(row: CosignedRow): void {
    writeCosigned(this.#storage, row);
  }

  /** When the log was frozen, null if it was not. */
  readFrozenAt(): UnixMs | null {
    const [row] = this.#storage.exec("SELECT time_ms FROM frozen");
    return row === undefined ? null : unixMs(integer(row, "time_ms"));
  }

  /** Throws if the log is already frozen. Call it in the transaction that also writes the last checkpoint. */
  writeFrozen(frozenAt: UnixMs): void {
    this.#storage.exec("INSERT INTO frozen VALUES (1, ?)", frozenAt);
  }

  /** A plain INSERT: a second entry at an index is an error, never a replacement. */
  insertEntry(entry: EntryRow): void {
    this.#storage.exec(
      `INSERT INTO ${entryTable(entry.leafIndex)} VALUES (?, ?, ?, ?, ?, ?)`,
      entry.leafIndex,
      buffer(entry.record),
      buffer(entry.leafHash),
      entry.timestamp,
      JSON.stringify(entry.search),
      entry.hints === null ? null : JSON.stringify(entry.hints),
    );
  }

  /** Keeps the place of an identity forever. Throws if it has one. */
  insertIdentity(identity: Hash, { leafIndex, timestamp }: KnownEntry): void {
    this.#storage.exec("INSERT INTO dedup VALUES (?, ?, ?)", buffer(identity), leafIndex, timestamp);
  }

  /** The place of the entry with this identity, null if there is none. */
  findIdentity(identity: Hash): KnownEntry | null {
    const [row] = this.#storage.exec("SELECT idx, time_ms FROM dedup WHERE identity = ?", buffer(identity));
    if (row === undefined) return null;
    return {
      leafIndex: integer(row, "idx"),
      timestamp: row["time_ms"] === null ? null : unixMs(integer(row, "time_ms")),
    };
  }

  /** How many entries count against a budget so far. */
  readCount(budget: WriteBudget): number {
    return readCount(this.#storage, budget);
  }

  writeCount(count: WriterCount): void {
    writeCount(this.#storage, count);
  }

  /** Deletes counts that have ended before `time`, at most twice as many as a round can add. */
  forgetCounts(time: number): void {
    forgetCounts(this.#storage, time);
  }

  writeEdge(row: EdgeRow): void {
    writeEdge(this.#storage, row);
  }

  readEdge(): readonly EdgeRow[] {
    return readEdge(this.#storage);
  }

  readEdgeTile(level: number, tileIndex: number): readonly Hash[] | null {
    return readEdgeTile(this.#storage, level, tileIndex);
  }

  /** Entries [from, to) in order. Throws RangeError if one is missing: the store is damaged. */
  readEntries(from: number, to: number): readonly EntryRow[] {
    const rows = this.#storage.exec(`SELECT * FROM ${ENTRIES} WHERE idx >= ? AND idx < ? ORDER BY idx`, from, to);
    const entries = rows.map(entryRow);
    const isDense = entries.length === to - from && entries.every(({ leafIndex }, i) => leafIndex === from + i);
    if (!isDense) throw new RangeError(`entries ${from} to ${to} are incomplete`);
    return entries;
  }

  /**
   * Entries [from, to) one by one, of which a few are in memory at once. Throws RangeError as readEntries does. Read it
   * to the end before anything is awaited.
   */
  *readInSteps(from: number, to: number): Generator<EntryRow> {
    for (let at = from; at < to; at += STEP_ENTRIES) yield* this.readEntries(at, Math.min(to, at + STEP_ENTRIES));
  }

  /** The records of entries [from, to), without what search knows of them. Throws RangeError if one is missing. */
  readRecords(from: number, to: number): readonly Uint8Array[] {
    return this.#readColumns("record", from, to).map((row) => blob(row, "record"));
  }

  /** What a sidecar has of entries [from, to). Throws RangeError if one is missing. */
  readSidecarLines(from: number, to: number): readonly SidecarLine[] {
    return this.#readColumns("time_ms, hints", from, to).map((row) => ({
      timestamp: unixMs(integer(row, "time_ms")),
      hints: row["hints"] === null ? null : decodeColumn(row, "hints", decodeHints),
    }));
  }

  #readColumns(columns: string, from: number, to: number): readonly Row[] {
    const rows = this.#storage.exec(
      `SELECT ${columns} FROM ${ENTRIES} WHERE idx >= ? AND idx < ? ORDER BY idx`,
      from,
      to,
    );
    if (rows.length !== to - from) throw new RangeError(`entries ${from} to ${to} are incomplete`);
    return rows;
  }

  /** The first entry that has a row, null if none has. */
  readFirstIndex(): number | null {
    const [row] = this.#storage.exec(`SELECT idx FROM ${ENTRIES} ORDER BY idx LIMIT 1`);
    return row === undefined ? null : integer(row, "idx");
  }

  /** Leaf hashes of entries [from, to). Throws RangeError if one is missing. */
  readLeafHashes(from: number, to: number): readonly Hash[] {
    return this.#readColumns("leaf_hash", from, to).map((row) => hash(blob(row, "leaf_hash")));
  }

  /** The backups that R2 is known to have, smallest first. */
  readBackups(): readonly StoredBackup[] {
    const rows = this.#storage.exec("SELECT * FROM backup ORDER BY size");
    return rows.map((row) => ({ treeSize: integer(row, "size"), madeAt: unixMs(integer(row, "made_ms")) }));
  }

  insertBackup({ treeSize, madeAt }: StoredBackup): void {
    this.#storage.exec("INSERT OR REPLACE INTO backup VALUES (?, ?)", treeSize, madeAt);
  }

  deleteBackup(treeSize: number): void {
    this.#storage.exec("DELETE FROM backup WHERE size = ?", treeSize);
  }

  /** Deletes entries below `end`, and the upper tiles that R2 has. */
  prune(end: number, publishedTiles: number): void {
    for (const table of ENTRY_TABLES) this.#pruneTable(table, end);
    pruneEdge(this.#storage, publishedTiles);
  }

  /** Deletes a table's entries below `end`: with the table, if there are no others in it. */
  #pruneTable(table: (typeof ENTRY_TABLES)[number], end: number): void {
    const [first] = this.#storage.exec(`SELECT idx FROM ${table} ORDER BY idx LIMIT 1`);
    const [last] = this.#storage.exec(`SELECT idx FROM ${table} ORDER BY idx DESC LIMIT 1`);
    if (first === undefined || last === undefined || integer(first, "idx") >= end) return;
    if (integer(last, "idx") >= end) {
      this.#storage.exec(`DELETE FROM ${table} WHERE idx < ?`, end);
      return;
    }
    this.#storage.exec(`DROP TABLE ${table}`);
    this.#storage.exec(`CREATE TABLE ${table} ${ENTRY_COLUMNS}`);
  }
}

function entryRow(row: Row): EntryRow {
  return {
    leafIndex: integer(row, "idx"),
    record: blob(row, "record"),
    leafHash: hash(blob(row, "leaf_hash")),
    timestamp: unixMs(integer(row, "time_ms")),
    search: decodeColumn(row, "search", decodeSearchRow),
    hints: row["hints"] === null ? null : decodeColumn(row, "hints", decodeHints),
  };
}
