// SPDX-License-Identifier: Apache-2.0
// Everything that a search index has, entry by entry, whatever the order in which it was written.

import type { DatabaseSync } from "node:sqlite";
import { SELECT_WATERMARKS } from "../../../shared/search/watermark.ts";

type Row = Readonly<Record<string, unknown>>;

/** The rows of an index; each names its log. */
export interface IndexDump {
  readonly postings: readonly Row[];
  readonly entries: readonly Row[];
  readonly watermarks: readonly Row[];
  readonly signers: readonly Row[];
}

const COLUMNS: Readonly<Record<string, number>> = {
  kinds: 1,
  times: 6,
  signers: 6,
  public_keys: 6,
  certificates: 6,
  commits: 6,
  runs: 6,
  signatures: 6,
  leaves: 6,
  digests: 32,
};
const values = Object.entries(COLUMNS)
  .map(([name, width]) => `hex(substr(${name}, 1 + ${width} * place.value, ${width})) AS ${name}`)
  .join(", ");
const ENTRIES = `SELECT log.name AS log, (block.id & 4294967295) * 256 + place.value AS idx, terms_version, ${values},
    long_digests ->> ('$."' || place.value || '"') AS long_digest,
    (SELECT count(*) FROM presence WHERE presence.block = block.id AND signer = substr(signers, 1 + 6 * place.value, 6)) AS present
  FROM block JOIN log ON log.number = block.log JOIN json_each(?) AS place ON place.value < length(kinds) ORDER BY 1, 2`;

/** Reads the whole index. */
export const dumpIndex = (database: DatabaseSync): IndexDump => ({
  postings: database
    .prepare("SELECT name AS log, idx, hex(term) AS term FROM posting JOIN log ON number = log ORDER BY 1, 2, 3")
    .all(),
  entries: database.prepare(ENTRIES).all(JSON.stringify(Array.from({ length: 256 }, (_, place) => place))),
  watermarks: database.prepare(`${SELECT_WATERMARKS} ORDER BY name`).all(),
  signers: database.prepare("SELECT hex(key) AS key, fields FROM signer ORDER BY 1").all(),
});

/** SQL that empties an index. */
export const EMPTY_INDEX =
  "DELETE FROM posting; DELETE FROM presence; DELETE FROM block; DELETE FROM attribute; DELETE FROM signer; DELETE FROM log";
