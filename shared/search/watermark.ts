// SPDX-License-Identifier: Apache-2.0
// How far the search index is, log by log: the table `watermark` (migrations/) as those read it who do not write it.

import { integer, type Row, text, textOrNull } from "../sql/columns.ts";

/** How far one log is indexed. */
export interface Watermark {
  /** LogConfig.name. */
  readonly log: string;
  /** Every entry below this index is in the search index. */
  readonly size: number;
  /** The creation of the log whose rows these are. Null in rows that are older than the column. */
  readonly creation: string | null;
}

/** Selects the watermarks of all logs, for `decodeWatermark`. */
export const SELECT_WATERMARKS = "SELECT log, size, creation FROM watermark";

/** Throws RangeError if the row is damaged. */
export const decodeWatermark = (row: Row): Watermark => ({
  log: text(row, "log"),
  size: integer(row, "size"),
  creation: textOrNull(row, "creation"),
});
