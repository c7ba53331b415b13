// SPDX-License-Identifier: Apache-2.0
// How far the search index is behind each log, as D1 itself says: the logs' own cursors do not know of a database that
// was lost, restored or replaced. The answer is kept for a minute, since monitors ask often.

import { withDeadline } from "../../shared/http/deadline.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { type SearchLag, searchLagOf } from "../../shared/logs/problems.ts";
import type { LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { decodeWatermark, SELECT_WATERMARKS } from "../../shared/search/watermark.ts";
import type { Row } from "../../shared/sql/columns.ts";

const KEEP_MS = 60_000;
/** A problem may be over at once: at a first start, the tables are a second away. */
const KEEP_FAILURE_MS = 5_000;
const DEADLINE_MS = 2_000;

/** The search index beside all logs. */
export interface SearchLags {
  /** Null if the index does not answer. */
  readonly byLog: ReadonlyMap<string, SearchLag> | null;
  /** The size of its database. Null if it does not answer. */
  readonly bytes: number | null;
  readonly problems: readonly string[];
}

interface Kept {
  readonly lags: SearchLags;
  readonly until: number;
}

const kept = new WeakMap<readonly LogConfig[], Kept>();

/** Compares the index with the logs. Does not reject. A log that does not answer is left out. */
export async function searchLags(
  logs: readonly LogConfig[],
  sequencer: DurableObjectNamespace<SequencerRpc>,
  index: D1Database,
): Promise<SearchLags> {
  const known = kept.get(logs);
  if (known !== undefined && Date.now() < known.until) return known.lags;
  const lags = await compare(logs, sequencer, index);
  kept.set(logs, { lags, until: Date.now() + (lags.problems.length === 0 ? KEEP_MS : KEEP_FAILURE_MS) });
  return lags;
}

async function compare(
  logs: readonly LogConfig[],
  sequencer: DurableObjectNamespace<SequencerRpc>,
  index: D1Database,
): Promise<SearchLags> {
  // The logs first: what they say is in the index by then.
  const described = await Promise.all(logs.map(async ({ name }) => ({ name, log: await describe(sequencer, name) })));
  try {
    const [answer] = await withDeadline(DEADLINE_MS, index.batch<Row>([index.prepare(SELECT_WATERMARKS)]));
    const results = (answer?.results ?? []).map(decodeWatermark);
    const byLog = new Map(
      described.flatMap(({ name, log }) => {
        const watermark = results.find((row) => row.log === name) ?? null;
        return log === null ? [] : [[name, searchLagOf(name, log, watermark)] as const];
      }),
    );
    return {
      byLog,
      bytes: answer?.meta.size_after ?? null,
      problems: [...byLog.values()].flatMap(({ problem }) => problem ?? []),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "no reason given";
    const problem = `the search index does not answer (${reason}): signing goes on; see whether D1 is full, its daily rows are used up, or a migration is missing (npx sigedge deploy)`;
    return { byLog: null, bytes: null, problems: [problem] };
  }
}

async function describe(sequencer: DurableObjectNamespace<SequencerRpc>, name: string): Promise<LogDescription | null> {
  try {
    return await withDeadline(DEADLINE_MS, sequencer.getByName(name).describe());
  } catch {
    return null;
  }
}
