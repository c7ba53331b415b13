// SPDX-License-Identifier: Apache-2.0
// The contract by which pages read the logs. Nothing in it limits the callers: the service of the pages does.

import type { LogKind } from "../logs/kinds.ts";
import type { LoggedEntry } from "../logs/logged-entry.ts";
import type { Result } from "../result.ts";
import type { SearchAnswer } from "../search/answer.ts";
import type { MonthCounts } from "../search/month-counts.ts";
import type { UnixMs } from "../time.ts";
import type { SignedTreeHead } from "../tlog/head.ts";
import type { LogDescription, TailEntry } from "./sequencer.ts";

/** Why there is no entry to show. */
export type EntryError =
  /** No log has this name. */
  | { readonly code: "entry_log_unknown" }
  | { readonly code: "beyond_head" }
  /** The log is damaged here; its own log line says how. */
  | { readonly code: "entry_unreadable" };

/** An entry, its proof, and what was checked of the head that the proof leads to. */
export interface ReadEntry extends LoggedEntry {
  /** The log's keys, the first of which signs first (c2sp.org/signed-note). */
  readonly vkeys: readonly string[];
  /** Whether the signature of the first key on the checkpoint is good. */
  readonly isHeadSigned: boolean;
}

/** The newest head of one log. */
export interface LogHead {
  /** LogConfig.name. */
  readonly name: string;
  readonly kind: LogKind;
  readonly origin: string;
  readonly url: string;
  /** At most a second old. Null if the log does not answer. */
  readonly head: SignedTreeHead | null;
}

/** Everything that a person asks about one log. */
export interface LogReport extends LogHead {
  readonly description: LogDescription | null;
  /** Entries below this index can be searched for. Null if the index does not answer. */
  readonly searchable: number | null;
  /** Sentences that say what an operator must do. */
  readonly problems: readonly string[];
  /** How many of the searchable entries were appended before each of the asked times. Null without the index. */
  readonly sizesAt: readonly number[] | null;
}

/** Why there is no answer: the status of the API, and what to fix. */
export interface SearchError {
  readonly code: "search_failed";
  readonly status: number;
  readonly message: string;
}

/** Entries of a log in their order, beginning with the index that was asked for. */
export interface RecordBatch {
  /** That of the newest head that is shown to the public. */
  readonly treeSize: number;
  /** As many as one call returns, at least one; none only at the end of the tree. */
  readonly entries: readonly TailEntry[];
}

/** The reading half of the log service. A rejected promise is the platform's failure: answer 503. */
export interface LogReadsRpc extends Rpc.WorkerEntrypointBranded {
  /** Reads an entry of the log with this name, and proves that the newest tree holds it. */
  readEntry(log: string, leafIndex: number): Promise<Result<ReadEntry, EntryError>>;
  /** The heads of all logs, oldest log first. */
  readHeads(): Promise<readonly LogHead[]>;
  /** Reads entries of the log with this name, from an index on, for whoever follows the log. */
  readRecords(log: string, from: number): Promise<Result<RecordBatch, EntryError>>;
  /** Reports on all logs, oldest first. @param times ascending, at most 32 */
  reportLogs(times: readonly UnixMs[]): Promise<readonly LogReport[]>;
  /**
   * Counts the entries of an identity by month, beginning with the newest. Null if too many signers have the name.
   * @param before the beginning of a month; null counts up to now
   */
  countByMonth(identity: string, before: UnixMs | null): Promise<Result<MonthCounts | null, SearchError>>;
  /** Answers `GET /api/search?<query>`. */
  search(query: string): Promise<Result<SearchAnswer, SearchError>>;
}
