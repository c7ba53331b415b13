// SPDX-License-Identifier: Apache-2.0
// The sequencer's tables: everything to the right of the last full tile in R2, the state of the tree and, forever, the
// index of every identity. Each table is a file in tables/; this file creates, migrates and prunes them. It knows no
// hashing and no protocol.

import type { SidecarLine } from "../../shared/rekor/sidecar.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { WriteBudget } from "../../shared/rpc/sequencer.ts";
import { migrate, type SchemaStorage, type SchemaTooNew, schemaVersion } from "../../shared/sql/schema.ts";
import type { UnixMs } from "../../shared/time.ts";
import type { Hash } from "../../shared/tlog/hash.ts";
import type { SizedStorage } from "./platform/durable-storage.ts";
import { ALL_IDENTITIES_VERSION, LOG_SCHEMA } from "./recovery/log-schema.ts";
import * as backups from "./tables/backups.ts";
import * as cosigned from "./tables/cosigned.ts";
import * as counts from "./tables/counts.ts";
import * as edge from "./tables/edge.ts";
import * as entries from "./tables/entries.ts";
import * as identities from "./tables/identities.ts";
import * as log from "./tables/log.ts";
import * as state from "./tables/state.ts";

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

  /** Adds the identity rows of entries that have none. */
  #addIdentities(identityOf: (record: Uint8Array) => Hash): void {
    for (const { record, ...place } of entries.readOneByOne(this.#storage)) {
      const identity = identityOf(record);
      if (this.findIdentity(identity) === null) this.insertIdentity(identity, place);
    }
  }

  /** The storage inside a transaction that is already open. */
  #withoutTransactions(): SchemaStorage {
    return {
      exec: (query, ...bindings) => this.#storage.exec(query, ...bindings),
      transactionSync: (run) => run(),
    };
  }

  /** Creates the tables and the row of the log. Call it in the transaction that also writes the first state. */
  createLog(identity: log.LogIdentity): void {
    const made = migrate(this.#withoutTransactions(), LOG_SCHEMA);
    if (!made.ok) throw new Error("the storage already has a log");
    log.insertLogIdentity(this.#storage, identity);
  }

  /** Null if there is no log yet. */
  readIdentity(): log.LogIdentity | null {
    return log.readLogIdentity(this.#storage);
  }

  /** When the log was frozen, null if it was not. */
  readFrozenAt(): UnixMs | null {
    return log.readFrozenAt(this.#storage);
  }

  /** Throws if the log is already frozen. Call it in the transaction that also writes the last checkpoint. */
  writeFrozen(frozenAt: UnixMs): void {
    log.writeFrozen(this.#storage, frozenAt);
  }

  /** Throws RangeError if the row is missing: the store is damaged. */
  readState(): state.StateRow {
    return state.readState(this.#storage);
  }

  /** @param isAnchored whether the anchor is known to hold this head */
  writeState(row: state.StateRow, isAnchored: boolean): void {
    state.writeState(this.#storage, row, isAnchored);
  }

  /** Writes the cursors of a state that the anchor holds, and no head. */
  writeCursors(row: state.StateRow): void {
    state.writeCursors(this.#storage, row);
  }

  /** Writes time and checkpoint of the same tree. False, and nothing is written, if the row has a newer tree. */
  writeFreshHead(row: state.StateRow): boolean {
    return state.writeFreshHead(this.#storage, row);
  }

  /** Whether the anchor is known to hold the head of the state row. */
  isStateAnchored(): boolean {
    return state.isStateAnchored(this.#storage);
  }

  /** The newest cosigned head, null if there is none. */
  readCosigned(): cosigned.CosignedRow | null {
    return cosigned.readCosigned(this.#storage);
  }

  writeCosigned(row: cosigned.CosignedRow): void {
    cosigned.writeCosigned(this.#storage, row);
  }

  /** A plain INSERT: a second entry at an index is an error, never a replacement. */
  insertEntry(entry: entries.EntryRow): void {
    entries.insertEntry(this.#storage, entry);
  }

  /** Entries [from, to) in order. Throws RangeError if one is missing: the store is damaged. */
  readEntries(from: number, to: number): readonly entries.EntryRow[] {
    return entries.readEntries(this.#storage, from, to);
  }

  /**
   * Entries [from, to) one by one, of which a few are in memory at once. Throws RangeError as readEntries does. Read it
   * to the end before anything is awaited.
   */
  readInSteps(from: number, to: number): Generator<entries.EntryRow> {
    return entries.readInSteps(this.#storage, from, to);
  }

  /** The records of entries [from, to), without what search knows of them. Throws RangeError if one is missing. */
  readRecords(from: number, to: number): readonly Uint8Array[] {
    return entries.readRecords(this.#storage, from, to);
  }

  /** Reads the sidecar lines of entries [from, to). Throws RangeError if one is missing. */
  readSidecarLines(from: number, to: number): readonly SidecarLine[] {
    return entries.readSidecarLines(this.#storage, from, to);
  }

  /** Leaf hashes of entries [from, to). Throws RangeError if one is missing. */
  readLeafHashes(from: number, to: number): readonly Hash[] {
    return entries.readLeafHashes(this.#storage, from, to);
  }

  /** The first entry that has a row, null if none has. */
  readFirstIndex(): number | null {
    return entries.readFirstIndex(this.#storage);
  }

  /** Keeps the place of an identity forever. Throws if it has one. */
  insertIdentity(identity: Hash, place: identities.KnownEntry): void {
    identities.insertPlace(this.#storage, identity, place);
  }

  /** The place of the entry with this identity, null if there is none. */
  findIdentity(identity: Hash): identities.KnownEntry | null {
    return identities.findPlace(this.#storage, identity);
  }

  /** How many entries count against a budget so far. */
  readCount(budget: WriteBudget): number {
    return counts.readCount(this.#storage, budget);
  }

  writeCount(count: counts.WriterCount): void {
    counts.writeCount(this.#storage, count);
  }

  /** Deletes counts that have ended before `time`, at most twice as many as a round can add. */
  forgetCounts(time: number): void {
    counts.forgetCounts(this.#storage, time);
  }

  writeEdge(row: edge.EdgeRow): void {
    edge.writeEdge(this.#storage, row);
  }

  readEdge(): readonly edge.EdgeRow[] {
    return edge.readEdge(this.#storage);
  }

  readEdgeTile(level: number, tileIndex: number): readonly Hash[] | null {
    return edge.readEdgeTile(this.#storage, level, tileIndex);
  }

  /** The backups that R2 is known to have, smallest first. */
  readBackups(): readonly backups.StoredBackup[] {
    return backups.readBackups(this.#storage);
  }

  insertBackup(backup: backups.StoredBackup): void {
    backups.insertBackup(this.#storage, backup);
  }

  deleteBackup(treeSize: number): void {
    backups.deleteBackup(this.#storage, treeSize);
  }

  /** Deletes entries below `end`, and the upper tiles that R2 has. */
  prune(end: number, publishedTiles: number): void {
    entries.pruneEntries(this.#storage, end);
    edge.pruneEdge(this.#storage, publishedTiles);
  }
}
