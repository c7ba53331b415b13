// SPDX-License-Identifier: Apache-2.0
// Why an entry is not accepted.

import { err, type Result } from "../result.ts";

/** The reference's list of the rules of its schema that an entry breaks. */
export const describeFailures = (failures: readonly string[]): string =>
  `validation failure list:\n${failures.join("\n")}`;

/** The entry is not one that this log takes. */
export type EntryProblem =
  /** It is not an entry of any kind. `number` is the reference's number of the rule that it breaks. */
  | { readonly code: "v1_entry_malformed"; readonly number: number; readonly reason: string }
  /** `reason` completes "error processing entry: …", in the reference's words where it has some. */
  | { readonly code: "v1_entry_invalid"; readonly reason: string }
  /** The log takes no entries of this kind. Nothing else of the entry was looked at. */
  | { readonly code: "v1_kind_unsupported"; readonly reason: string };

/** Rejects an entry. `reason` completes "error processing entry: …". */
export const rejectEntry = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

const CODES: readonly string[] = [
  "v1_entry_malformed",
  "v1_entry_invalid",
  "v1_kind_unsupported",
] satisfies readonly EntryProblem["code"][];

/** Whether an error is the problem of an entry. */
export const isEntryProblem = (error: { readonly code: string }): error is EntryProblem => CODES.includes(error.code);
