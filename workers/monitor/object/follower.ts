// SPDX-License-Identifier: Apache-2.0
// Follows the logs behind their answers, from what they show to everybody. Looks at each entry once, and moves the
// cursor in the transaction that puts what the entry caused into the outbox: after a kill at any step no message is
// missing, and none is there twice.

import { type EntryProblem, toWatchedEntry, type WatchedEntry } from "../../../shared/monitor/entry.ts";
import { makeEvent } from "../../../shared/monitor/event.ts";
import type { LogHead, LogReadsRpc } from "../../../shared/rpc/log-reads.ts";
import type { TailEntry } from "../../../shared/rpc/sequencer.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { makeAlert } from "../watching/alert.ts";
import { type Term, termsOf } from "../watching/terms.ts";
import type { Watch } from "../watching/watch.ts";
import type { CursorTable } from "./cursor-table.ts";
import type { OutboxTable } from "./outbox-table.ts";
import type { MonitorStorage } from "./storage.ts";

/**
 * A first look begins so far back: it is woken by an entry, which must not be missed, and shows whoever sets up a watch
 * that it works.
 */
const FIRST_LOOK_BACK = 256;

/** The parts that following needs. */
export interface FollowerDeps {
  readonly storage: Pick<MonitorStorage, "transactionSync">;
  readonly cursors: CursorTable;
  readonly outbox: Pick<OutboxTable, "push">;
  readonly logs: Pick<LogReadsRpc, "readHeads" | "readRecords">;
  /** The watches that an entry with these terms concerns. */
  readonly find: (terms: ReadonlySet<Term>) => readonly Watch[];
  /** Whom the operator of the deployment has named; null for nobody. */
  readonly operator: Watch | null;
  readonly now: () => UnixMs;
}

/** The result of one look. */
export interface Look {
  /** How many entries were looked at. */
  readonly entries: number;
  /** Whether everything that the logs show was looked at. */
  readonly isComplete: boolean;
}

/** Looks at one batch of each log. Rejects if a log does not answer; what was looked at before counts. */
export async function lookAtLogs(deps: FollowerDeps): Promise<Look> {
  const heads = await deps.logs.readHeads();
  const missing = heads.filter(({ head }) => head === null).map(({ name }) => name);
  if (deps.cursors.isEmpty && missing.length === 0)
    deps.storage.transactionSync(() => beginAt(deps, heads, FIRST_LOOK_BACK));
  const looks: Look[] = [];
  for (const log of heads) if (log.head !== null) looks.push(await lookAtLog(deps, log, log.head.treeSize));
  if (missing.length > 0) throw new Error(`the head of ${missing.join(", ")} cannot be read`);
  return {
    entries: looks.reduce((sum, { entries }) => sum + entries, 0),
    isComplete: looks.every(({ isComplete }) => isComplete),
  };
}

/** Sets all cursors near the ends of the logs; within a transaction. @param back how many entries before it */
export function beginAt(
  { cursors, now }: Pick<FollowerDeps, "cursors" | "now">,
  heads: readonly LogHead[],
  back: number,
): void {
  for (const { name, head } of heads) {
    const next = Math.max(0, (head?.treeSize ?? 0) - back);
    cursors.save(name, { next, completeAt: now() });
  }
}

/** A log without a cursor was opened later: it is looked at from its beginning. */
async function lookAtLog(deps: FollowerDeps, log: LogHead, treeSize: number): Promise<Look> {
  const { cursors, now } = deps;
  const { next, completeAt } = cursors.get(log.name) ?? { next: 0, completeAt: now() };
  if (next >= treeSize) {
    cursors.move(log.name, { next, completeAt: now() });
    return { entries: 0, isComplete: true };
  }
  const batch = await deps.logs.readRecords(log.name, next);
  if (!batch.ok) throw new Error(`entry ${next} of ${log.name} cannot be read: ${batch.error.code}`);
  const end = next + batch.value.entries.length;
  const isComplete = end >= treeSize;
  takeEntries(deps, log, { next, entries: batch.value.entries, completeAt: isComplete ? now() : completeAt });
  return { entries: batch.value.entries.length, isComplete };
}

interface Batch {
  readonly next: number;
  readonly entries: readonly TailEntry[];
  readonly completeAt: UnixMs;
}

interface Caused {
  readonly watch: Watch;
  readonly event: Parameters<OutboxTable["push"]>[1];
}

/** No await: either all that a batch causes is stored together with its cursor, or nothing. */
function takeEntries(deps: FollowerDeps, log: LogHead, { next, entries, completeAt }: Batch): void {
  const { storage, cursors, outbox } = deps;
  const caused = entries.flatMap((entry, i) => findCaused(deps, log, { entry, index: next + i }));
  const cursor = { next: next + entries.length, completeAt };
  if (caused.length === 0) return cursors.move(log.name, cursor);
  storage.transactionSync(() => {
    for (const { watch, event } of caused) outbox.push(watch.id, event);
    cursors.save(log.name, cursor);
  });
}

interface Place {
  readonly entry: TailEntry;
  readonly index: number;
}

function findCaused(deps: FollowerDeps, log: LogHead, { entry, index }: Place): readonly Caused[] {
  const { record, timestamp, hints } = entry;
  const place = { log: log.origin, kind: log.kind, index, at: unixMs(timestamp), hints };
  const parsed = toWatchedEntry(record, place);
  return parsed.ok ? findConcerned(deps, parsed.value) : reportUnparseable(deps, { log, index, problem: parsed.error });
}

function findConcerned({ find, now }: FollowerDeps, entry: WatchedEntry): readonly Caused[] {
  const terms = termsOf(entry);
  return find(terms).map((watch) => ({ watch, event: makeAlert(watch, { entry, terms }, now()) }));
}

/** An entry that hides from watches must not hide from everybody. */
function reportUnparseable(
  { operator, now }: FollowerDeps,
  { log, index, problem }: { readonly log: LogHead; readonly index: number; readonly problem: EntryProblem },
): readonly Caused[] {
  console.error(JSON.stringify({ code: "entry_unparseable", log: log.name, index, problem: problem.code }));
  if (operator === null) return [];
  const event = makeEvent("entry.unparseable", { at: now(), log: log.origin, details: { index, problem } });
  return [{ watch: operator, event }];
}
