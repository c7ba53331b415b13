// SPDX-License-Identifier: Apache-2.0
// The storage of the repository's Durable Object: every document that it serves or served recently, and one row that
// names the newest ones.

import { member } from "../../../shared/json/member.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { migrate, type Schema, type SchemaTooNew } from "../../../shared/sql/schema.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";

/** To change the tables, append a step. */
const REPOSITORY_SCHEMA: Schema = {
  firstTable: "documents",
  steps: [
    [
      "CREATE TABLE documents (path TEXT PRIMARY KEY, text TEXT NOT NULL, superseded_at INTEGER) STRICT, WITHOUT ROWID",
      "CREATE TABLE served (id INTEGER PRIMARY KEY CHECK (id = 1), json TEXT NOT NULL) STRICT",
    ],
  ],
};

/** The Durable Object's SQLite; every call is synchronous. */
export interface Storage {
  exec(query: string, ...bindings: readonly (string | number | null)[]): Record<string, SqlStorageValue>[];
  transactionSync<T>(run: () => T): T;
}

/** The newest versions served. */
export interface Served {
  /** Hex SHA-256 of the offline texts that were adopted last. */
  readonly offlineHash: string;
  readonly rootVersion: number;
  readonly targetsVersion: number;
  /** Id of the key that signed snapshot and timestamp. */
  readonly signer: string;
  readonly snapshotVersion: number;
  readonly snapshotSignedAt: UnixMs;
  readonly timestampVersion: number;
  readonly timestampSignedAt: UnixMs;
}

/** Reads and writes the tables. */
export class RepositoryStorage {
  readonly #storage: Storage;

  private constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Opens the storage and migrates its tables. Fails with schema_too_new. */
  static open(storage: Storage): Result<RepositoryStorage, SchemaTooNew> {
    const migrated = migrate(storage, REPOSITORY_SCHEMA);
    return migrated.ok ? ok(new RepositoryStorage(storage)) : migrated;
  }

  /** Returns null before the first repository is adopted. Throws if the stored row is damaged. */
  readServed(): Served | null {
    const [row] = this.#storage.exec("SELECT json FROM served");
    return row === undefined ? null : decodeServed(JSON.parse(textIn(row, "json")));
  }

  /** Returns all texts by path. */
  documents(): Readonly<Record<string, string>> {
    const rows = this.#storage.exec("SELECT path, text FROM documents");
    return Object.fromEntries(rows.map((row) => [textIn(row, "path"), textIn(row, "text")]));
  }

  /** Returns the text at a path. Throws if there is none, as every path that `served` names exists. */
  document(path: string): string {
    const [row] = this.#storage.exec("SELECT text FROM documents WHERE path = ?", path);
    if (row === undefined) throw new RangeError(`${path} is missing from the repository's storage`);
    return textIn(row, "text");
  }

  /** Runs `change` in a transaction. */
  write(change: () => void): void {
    this.#storage.transactionSync(change);
  }

  putServed(served: Served): void {
    this.#storage.exec("INSERT OR REPLACE INTO served VALUES (1, ?)", JSON.stringify(served));
  }

  /** Stores a document. Only timestamp.json is ever replaced by another text. */
  putDocument(path: string, text: string): void {
    this.#storage.exec("INSERT OR REPLACE INTO documents VALUES (?, ?, NULL)", path, text);
  }

  /** Marks a document as superseded. It stays for clients that are in the middle of an update. */
  supersede(path: string, now: UnixMs): void {
    this.#storage.exec("UPDATE documents SET superseded_at = ? WHERE path = ? AND superseded_at IS NULL", now, path);
  }

  /** Deletes the documents that were superseded before a time. */
  removeSuperseded(before: number): void {
    this.#storage.exec("DELETE FROM documents WHERE superseded_at < ?", before);
  }
}

function textIn(row: Record<string, SqlStorageValue>, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new RangeError(`${column} in the repository's storage is not text`);
  return value;
}

function decodeServed(json: unknown): Served {
  return {
    offlineHash: textMember(json, "offlineHash"),
    rootVersion: integerMember(json, "rootVersion"),
    targetsVersion: integerMember(json, "targetsVersion"),
    signer: textMember(json, "signer"),
    snapshotVersion: integerMember(json, "snapshotVersion"),
    snapshotSignedAt: unixMs(integerMember(json, "snapshotSignedAt")),
    timestampVersion: integerMember(json, "timestampVersion"),
    timestampSignedAt: unixMs(integerMember(json, "timestampSignedAt")),
  };
}

function textMember(json: unknown, name: string): string {
  const value = member(json, name);
  if (typeof value !== "string") throw new RangeError(`${name} in the repository's storage is not a string`);
  return value;
}

function integerMember(json: unknown, name: string): number {
  const value = member(json, name);
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new RangeError(`${name} in the repository's storage is not an integer`);
  }
  return value;
}
