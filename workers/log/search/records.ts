// SPDX-License-Identifier: Apache-2.0
// The columns of `block` as a search reads them: fixed-size values in hex.

import { MARK_COLUMNS } from "../../../shared/search/index-writes.ts";
import { ENTRY_KINDS, type EntryKind } from "../../../shared/search/parameters.ts";
import { KEY_BYTES } from "../../../shared/search/terms.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Conjunction, SearchQuery } from "./conjunction.ts";

/** Column → bytes of one value. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ["kinds", 1],
  ["digests", 32],
]);

export const widthOf = (column: string): number => WIDTHS.get(column) ?? KEY_BYTES;

/** The part of a query that the records are compared with. */
export type Filter = Pick<SearchQuery, "kind" | "since" | "until"> & Pick<Conjunction, "marks" | "signer">;

/** The columns that comparing needs. */
export function listColumns({ kind, marks, signer }: Filter): readonly string[] {
  return [
    "times",
    ...(kind === null ? [] : ["kinds"]),
    ...(signer.length === 0 ? [] : ["signers"]),
    ...new Set(marks.map(({ name }) => MARK_COLUMNS[name])),
  ];
}

/** Reads the value of a column in one record. Empty if its log has no such values. */
export type ReadValue = (column: string) => string;

export const timeOf = (read: ReadValue): UnixMs => unixMs(Number.parseInt(read("times"), 16));

/** Whether a record has what is asked for. @param signers those asked for; null for any */
export function isMatch(
  read: ReadValue,
  { kind, since, until, marks }: Filter,
  signers: ReadonlySet<string> | null,
): boolean {
  if (signers !== null && !signers.has(read("signers"))) return false;
  if (!marks.every(({ name, key }) => read(MARK_COLUMNS[name]) === key)) return false;
  if (kind !== null && kindOf(read) !== kind) return false;
  const time = timeOf(read);
  return (since === null || time >= since) && (until === null || time <= until);
}

export const kindOf = (read: ReadValue): EntryKind => ENTRY_KINDS[Number.parseInt(read("kinds"), 16)] ?? "signature";
