// SPDX-License-Identifier: Apache-2.0
// The backup of a log's tail: everything that its tiles in R2 do not hold. Together with the tiles and the log's key it
// is the complete log at one tree head. One JSON document without secrets. The entries of a tree
// are the same for every writer.

import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { concat } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { parseJson } from "../json/parse.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import { err, ok, type Result } from "../result.ts";
import { parseUnixMs, type UnixMs } from "../time.ts";
import { type Hash, hash } from "../tlog/hash.ts";
import type { SignedTreeHead } from "../tlog/head.ts";
import { TILE_WIDTH } from "../tlog/tile.ts";

/** The identity that the log was created with. */
interface BackupIdentity {
  readonly name: string;
  readonly origin: string;
  readonly baseUrl: string;
  /** The value in log.json. */
  readonly creation: string;
  readonly spki: Uint8Array;
  readonly genesisSize: number;
  readonly createdAt: UnixMs;
}

interface BackupEntry {
  /** As in a bundle, without the length prefix of tile/entries. */
  readonly record: Uint8Array;
  readonly timestamp: UnixMs;
  readonly hints: AttestationHints | null;
}

/** The tail of a log and the head of its tree. */
export interface Backup extends BackupIdentity, SignedTreeHead {
  /** Hashes of the open tile of each level from 1 up to the highest level that has a node. */
  readonly edge: readonly (readonly Hash[])[];
  /** The 0 to 255 entries after the last full bundle. */
  readonly entries: readonly BackupEntry[];
}

export interface BackupError {
  readonly code: "backup_invalid";
  /** The malformed member. */
  readonly member: string;
}

/** Documents of format 1 have the search rows of their entries, too, which are made of the entries. */
const FORMATS: ReadonlySet<number> = new Set([1, 2]);
const FORMAT = 2;
/** Sizes are padded to 16 digits, so that names sort by size. */
const SIZE_DIGITS = 16;
/** Folder of the backups, below the log's prefix. */
export const BACKUP_FOLDER = "backup/";
/** Twice the size of 255 entries of 32 KiB in base64, each with the hints of 512 subjects. */
const MAX_BACKUP_BYTES = 128 * 1024 * 1024;
/** 255 entries with 512 hints each, and the hashes of all levels. */
const MAX_BACKUP_VALUES = 400_000;

/** Path of the backup of a tree of this size, below the log's prefix. */
export const backupPath = (treeSize: number): string =>
  `${BACKUP_FOLDER}${String(treeSize).padStart(SIZE_DIGITS, "0")}`;

/** The size in the path of a backup, null if the path is of something else. */
export function backupSize(path: string): number | null {
  const match = new RegExp(`^${BACKUP_FOLDER}(\\d{${SIZE_DIGITS}})$`).exec(path);
  const size = Number(match?.[1] ?? Number.NaN);
  return Number.isSafeInteger(size) ? size : null;
}

/** Encodes a backup. Deterministic. Takes the entries one by one, so that a caller need not hold all of them. */
export function encodeBackup(
  backup: Omit<Backup, "entries"> & { readonly entries: Iterable<BackupEntry> },
): Uint8Array<ArrayBuffer> {
  const document = {
    format: FORMAT,
    name: backup.name,
    origin: backup.origin,
    baseUrl: backup.baseUrl,
    creation: backup.creation,
    spki: encodeBase64(backup.spki),
    genesisSize: backup.genesisSize,
    createdAt: backup.createdAt,
    treeSize: backup.treeSize,
    rootHash: encodeBase64(backup.rootHash),
    timestamp: backup.timestamp,
    checkpoint: backup.checkpoint,
    edge: backup.edge.map((hashes) => hashes.map(encodeBase64)),
  };
  const parts = [encodeUtf8(`${JSON.stringify(document).slice(0, -1)},"entries":[`)];
  for (const entry of backup.entries) {
    parts.push(encodeUtf8(`${parts.length === 1 ? "" : ","}${JSON.stringify(toJson(entry))}`));
  }
  return concat(...parts, encodeUtf8("]}\n"));
}

/** Lists the members one by one, because a caller's row may have more. */
function toJson({ record, timestamp, hints }: BackupEntry): object {
  return {
    record: encodeBase64(record),
    timestamp,
    hints: hints && {
      payloadHash: hints.payloadHash,
      subjectDigests: hints.subjectDigests,
      predicateType: hints.predicateType,
    },
  };
}

/** Decodes a backup. The caller must check it against its tree. Fails with backup_invalid. */
export function decodeBackup(bytes: Uint8Array): Result<Backup, BackupError> {
  const json = bytes.length > MAX_BACKUP_BYTES ? null : parseJson(bytes, MAX_BACKUP_VALUES);
  if (json?.ok !== true) return err({ code: "backup_invalid", member: "document" });
  try {
    return ok(readBackup(new Members("", json.value)));
  } catch (error) {
    if (error instanceof MemberError) return err({ code: "backup_invalid", member: error.message });
    throw error;
  }
}

function readBackup(members: Members): Backup {
  if (!FORMATS.has(members.integer("format"))) throw new MemberError("format");
  const treeSize = members.integer("treeSize");
  const entries = members.list("entries").map((entry, i) => readEntry(new Members(`entries[${i}].`, entry)));
  if (entries.length !== treeSize % TILE_WIDTH) throw new MemberError("entries");
  return {
    name: members.text("name"),
    origin: members.text("origin"),
    baseUrl: members.text("baseUrl"),
    creation: members.text("creation"),
    spki: members.bytes("spki"),
    genesisSize: members.integer("genesisSize"),
    createdAt: toTime(members, "createdAt"),
    treeSize,
    rootHash: toHash("rootHash", members.text("rootHash")),
    timestamp: toTime(members, "timestamp"),
    checkpoint: members.text("checkpoint"),
    edge: members
      .list("edge")
      .map((hashes) => new Members("edge.", { hashes }).list("hashes").map((text) => toHash("edge", text))),
    entries,
  };
}

function toTime(members: Members, name: string): UnixMs {
  const time = parseUnixMs(members.integer(name));
  if (time === null) throw new MemberError(`${members.path}${name}`);
  return time;
}

function readEntry(members: Members): BackupEntry {
  const hints = members.value("hints");
  return {
    record: members.bytes("record"),
    timestamp: toTime(members, "timestamp"),
    hints: hints === null ? null : readHints(new Members(`${members.path}hints.`, hints)),
  };
}

const readHints = (members: Members): AttestationHints => ({
  payloadHash: members.text("payloadHash"),
  subjectDigests: members.texts("subjectDigests"),
  predicateType: members.textOrNull("predicateType"),
});

function toHash(path: string, text: unknown): Hash {
  const bytes = decodeBase64(typeof text === "string" ? text : "");
  if (!bytes.ok || bytes.value.length !== 32) throw new MemberError(path);
  return hash(bytes.value);
}

/** Thrown in this file only, where decodeBackup catches it. */
class MemberError extends Error {}

/** Reads the members of one JSON object. Throws MemberError if a member has another type than requested. */
class Members {
  readonly path: string;
  readonly #object: object;

  constructor(path: string, json: unknown) {
    if (typeof json !== "object" || json === null) throw new MemberError(path);
    this.path = path;
    this.#object = json;
  }

  value(name: string): unknown {
    return Reflect.get(this.#object, name);
  }

  text(name: string): string {
    const value = this.value(name);
    return typeof value === "string" ? value : this.#fail(name);
  }

  textOrNull(name: string): string | null {
    return this.value(name) === null ? null : this.text(name);
  }

  integer(name: string): number {
    const value = this.value(name);
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : this.#fail(name);
  }

  bytes(name: string): Uint8Array {
    const value = decodeBase64(this.text(name));
    return value.ok ? value.value : this.#fail(name);
  }

  list(name: string): readonly unknown[] {
    const value = this.value(name);
    return Array.isArray(value) ? value : this.#fail(name);
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((item) => (typeof item === "string" ? item : this.#fail(name)));
  }

  #fail(name: string): never {
    throw new MemberError(`${this.path}${name}`);
  }
}
