// SPDX-License-Identifier: Apache-2.0
// How far the search index is, log by log (migrations/), as those read it who do not write it.

import { integer, type Row, text, textOrNull } from "../sql/columns.ts";
import { INDEXED_SIZE } from "./index-writes.ts";

/** How far one log is indexed. */
export interface Watermark {
  /** LogConfig.name. */
  readonly log: string;
  /** Every entry below this index is in the search index. */
  readonly size: number;
  /** The creation of the log whose entries these are. Null if it is not known. */
  readonly creation: string | null;
}

/** Selects the watermarks of all logs, for `decodeWatermark`. */
export const SELECT_WATERMARKS = `SELECT name AS log, ${INDEXED_SIZE} AS size, creation FROM log`;

/** Throws RangeError if the row is damaged. */
export const decodeWatermark = (row: Row): Watermark => ({
  log: text(row, "log"),
  size: integer(row, "size"),
  creation: textOrNull(row, "creation"),
});
