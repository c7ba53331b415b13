// SPDX-License-Identifier: Apache-2.0
// The statements that append entries to the search index (migrations/), for the log that feeds it and for
// `sigedge reindex`. All of them together are one transaction. They write only if the entries continue what the index
// has, so whoever appends first is right, and an index that has lost rows never skips a gap.

import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { uint } from "../bytes/writer.ts";
import type { UnixMs } from "../time.ts";
import { ENTRY_KINDS, type EntryKind } from "./parameters.ts";
import type { MarkName, SearchRow } from "./row.ts";
import { attributesOf, type Signer, signerKey } from "./signer.ts";
import { KEY_BYTES } from "./terms.ts";

/** Entries in one row of `block`. */
export const BLOCK_ENTRIES = 256;
/** `id` of the table `block`: the number of the log times this, plus the number of the block. */
export const LOG_IDS = 2 ** 32;

/** An entry as the index receives it. */
export interface IndexedEntry {
  readonly leafIndex: number;
  readonly timestamp: UnixMs;
  readonly search: SearchRow;
}

/** The log whose entries are indexed. */
export interface IndexedLog {
  readonly name: string;
  /** Tells two logs of one name apart (LogIdentity). Null if it is not known: it is taken for the one in the index. */
  readonly creation: string | null;
}

/** One statement with the values of its parameters ?1, ?2, …. */
export interface IndexStatement {
  readonly sql: string;
  readonly values: readonly (string | number | null)[];
}

/** How many entries of the log in the row `log` the index has. */
export const INDEXED_SIZE = `coalesce((SELECT size FROM block WHERE block.id >= log.number * ${LOG_IDS} AND block.id < (log.number + 1) * ${LOG_IDS} ORDER BY block.id DESC LIMIT 1), 0)`;
const IS_OURS = "(creation = ?2 OR creation IS NULL OR ?2 IS NULL)";
/** The log, if the entries from ?3 on continue what the index has of it, and none of another log is there. */
const TARGET = `log WHERE name = ?1 AND ${IS_OURS} AND ${INDEXED_SIZE} = ?3`;

const LOG_ROW = "INSERT OR IGNORE INTO log (name, creation) VALUES (?1, ?2)";
const CLAIM = "UPDATE log SET creation = ?2 WHERE name = ?1 AND creation IS NULL AND ?2 IS NOT NULL";
const POSTINGS = `INSERT OR IGNORE INTO posting (term, log, idx)
  SELECT unhex(value ->> 0), number, value ->> 1 FROM json_each(?4), ${TARGET}`;
const SIGNERS = `INSERT OR IGNORE INTO signer (key, fields)
  SELECT unhex(value ->> 0), value ->> 1 FROM json_each(?4), ${TARGET}`;
const ATTRIBUTES = `INSERT OR IGNORE INTO attribute (name, value, signer)
  SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?4), ${TARGET}`;
const PRESENCE = `INSERT OR IGNORE INTO presence (signer, block)
  SELECT unhex(value), number * ${LOG_IDS} + ?5 FROM json_each(?4), ${TARGET}`;

/** The columns of bytes, in the order of the table. */
const BYTE_COLUMNS = [
  "kinds",
  "times",
  "signers",
  "public_keys",
  "certificates",
  "commits",
  "runs",
  "signatures",
  "leaves",
  "digests",
] as const;

type ByteColumn = (typeof BYTE_COLUMNS)[number];

/** Mark → its column of the table `block`. */
export const MARK_COLUMNS: Readonly<Record<MarkName, ByteColumn>> = {
  publicKey: "public_keys",
  certificate: "certificates",
  commit: "commits",
  run: "runs",
  signature: "signatures",
  leaf: "leaves",
};

const columnsList = BYTE_COLUMNS.join(", ");
const BLOCK = `INSERT INTO block (id, log, size, terms_version, first_ms, last_ms, long_digests, ${columnsList})
  SELECT number * ${LOG_IDS} + ?4, number, ?5, ?6, ?7, ?8, ?9, ${BYTE_COLUMNS.map((_, i) => `unhex(?${10 + i})`).join(", ")} FROM ${TARGET}
  ON CONFLICT (id) DO UPDATE SET size = excluded.size, terms_version = min(terms_version, excluded.terms_version),
    last_ms = excluded.last_ms, long_digests = json_patch(long_digests, excluded.long_digests),
    ${BYTE_COLUMNS.map((name) => `${name} = CAST(${name} || excluded.${name} AS BLOB)`).join(", ")}`;
/** Selects the log's size in the index after the write, and the creation of the log that the entries are of. */
const STATE = `SELECT ${INDEXED_SIZE} AS size, creation FROM log WHERE name = ?1`;

/**
 * Makes the statements that append entries without a gap between them. The last one answers with `size` and
 * `creation` of what the index has then: less than the end of the entries if it lacks some before them, and then
 * nothing was written.
 */
export function makeAppend(
  { name, creation }: IndexedLog,
  entries: readonly IndexedEntry[],
): readonly IndexStatement[] {
  const blocks = Map.groupBy(entries, ({ leafIndex }) => Math.floor(leafIndex / BLOCK_ENTRIES));
  return [
    { sql: LOG_ROW, values: [name, creation] },
    { sql: CLAIM, values: [name, creation] },
    ...[...blocks].flatMap(([block, appended]) => appendTo(block, appended, [name, creation])),
    { sql: STATE, values: [name] },
  ];
}

/** Rows of the block's entries first: the condition of all is that the block lacks the entries. */
function appendTo(
  block: number,
  entries: readonly IndexedEntry[],
  log: readonly [name: string, creation: string | null],
): readonly IndexStatement[] {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return [];
  const target = [...log, first.leafIndex];
  const postings = entries.flatMap(({ leafIndex, search }) => search.terms.map((term) => [term, leafIndex]));
  const signers = new Map(
    entries.flatMap(({ search: { signer } }): [string, Signer][] =>
      signer === null ? [] : [[signerKey(signer), signer]],
    ),
  );
  const listSigners = (sql: string, rows: readonly unknown[]): readonly IndexStatement[] =>
    signers.size === 0 ? [] : [{ sql, values: [...target, JSON.stringify(rows)] }];
  const attributes = [...signers].flatMap(([key, signer]) =>
    attributesOf(signer).map(([name, value]) => [name, value, key]),
  );
  const presence = { sql: PRESENCE, values: [...target, JSON.stringify([...signers.keys()]), block] };
  const versions = entries.map(({ search }) => search.termsVersion);
  const head = [block, last.leafIndex + 1, Math.min(...versions), first.timestamp, last.timestamp];
  return [
    ...(postings.length === 0 ? [] : [{ sql: POSTINGS, values: [...target, JSON.stringify(postings)] }]),
    ...listSigners(
      SIGNERS,
      [...signers].map(([key, signer]) => [key, JSON.stringify(signer)]),
    ),
    ...listSigners(ATTRIBUTES, attributes),
    ...(signers.size === 0 ? [] : [presence]),
    {
      sql: BLOCK,
      values: [...target, ...head, longDigests(entries), ...BYTE_COLUMNS.map((name) => toHex(name, entries))],
    },
  ];
}

const SHA256 = /^sha256:([0-9a-f]{64})$/;

const longDigests = (entries: readonly IndexedEntry[]): string =>
  JSON.stringify(
    Object.fromEntries(
      entries.flatMap(({ leafIndex, search: { digest } }) =>
        digest === null || SHA256.test(digest) ? [] : [[leafIndex % BLOCK_ENTRIES, digest]],
      ),
    ),
  );

const NOTHING = "00".repeat(KEY_BYTES);
const NO_DIGEST = "00".repeat(32);
/** The values of a column in hex; empty if this kind of entry has no such value. */
const COLUMN_VALUES: Readonly<Record<ByteColumn, (entry: IndexedEntry) => string>> = {
  kinds: ({ search }) => encodeHex(Uint8Array.of(ENTRY_KINDS.indexOf(search.kind))),
  times: ({ timestamp }) => encodeHex(uint(timestamp, KEY_BYTES)),
  signers: ({ search: { signer } }) => (signer === null ? NOTHING : signerKey(signer)),
  public_keys: ({ search }) => search.publicKey ?? NOTHING,
  certificates: ({ search }) => search.certificate ?? NOTHING,
  commits: ({ search }) => search.commit ?? NOTHING,
  runs: ({ search }) => search.run ?? NOTHING,
  signatures: ({ search }) => signatureOnly(search, search.signature ?? NOTHING),
  leaves: ({ search }) => signatureOnly(search, search.leaf ?? NOTHING),
  digests: ({ search }) => signatureOnly(search, SHA256.exec(search.digest ?? "")?.[1] ?? NO_DIGEST),
};

const IS_SIGNED: Readonly<Record<EntryKind, boolean>> = { signature: true, attestation: true, certificate: false };

const signatureOnly = ({ kind }: SearchRow, value: string): string => (IS_SIGNED[kind] ? value : "");

const toHex = (column: ByteColumn, entries: readonly IndexedEntry[]): string =>
  entries.map(COLUMN_VALUES[column]).join("");

/** Bytes that the entry's rows take as parameters, about. */
export const weigh = ({ search }: IndexedEntry): number => encodeUtf8(JSON.stringify(search)).length;
