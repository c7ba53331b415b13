// SPDX-License-Identifier: Apache-2.0
// Every way in which the search index can differ from the logs, and what /healthz and /metrics say about it.

import { afterEach, describe, expect, it, vi } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { logsOf } from "../../shared/logs/config.ts";
import type { LogDescription, SequencerRpc } from "../../shared/rpc/sequencer.ts";
import { LOG_IDS } from "../../shared/search/index-writes.ts";
import { type MemoryD1, memoryD1 } from "../../test/support/logs/sqlite-d1.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { type SearchLags, searchLags } from "./search-lag.ts";

const { signature } = logsOf(valueOf(parsePublicUrl("https://log.example.com")));

function sequencer(log: Partial<LogDescription> | Error): DurableObjectNamespace<SequencerRpc> {
  const stub = (): Promise<unknown> =>
    log instanceof Error
      ? Promise.reject(log)
      : Promise.resolve({ treeSize: 500, indexedEntries: 500, creation: "ours", ...log });
  return { getByName: () => ({ describe: stub }) } as unknown as DurableObjectNamespace<SequencerRpc>;
}

const lags = async (
  { d1 }: MemoryD1,
  log: Partial<LogDescription> | Error = {},
  logs: readonly (typeof signature)[] = [signature],
): Promise<SearchLags> => await searchLags(logs, sequencer(log), d1);

/** An index that is complete through `size`: one row of `block` says so. */
function insertWatermark({ database }: MemoryD1, size: number, creation: string | null): void {
  database.prepare("INSERT INTO log VALUES (1, 'signature', ?)").run(creation);
  const bytes = Array.from({ length: 10 }, () => "X''").join(", ");
  database.exec(`INSERT INTO block VALUES (${LOG_IDS}, 1, ${size}, 2, 0, 0, ${bytes}, '{}')`);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the search index", () => {
  it.each<
    [
      string,
      readonly [watermark: readonly [number, string | null], log: Partial<LogDescription>],
      number,
      RegExp | null,
    ]
  >([
    ["is complete", [[500, "ours"], {}], 0, null],
    ["is complete, and older than the column", [[500, null], {}], 0, null],
    ["is being fed", [[400, "ours"], { indexedEntries: 400 }], 100, null],
    ["is beside a sequencer that is older than the column", [[500, "ours"], { creation: null }], 0, null],
    ["was lost", [[0, "ours"], {}], 500, /has lost entries of the log signature \(it has 0 of 500\).*reindex/],
    ["was restored to an older state", [[499, "ours"], {}], 1, /has lost entries/],
    ["holds another log", [[500, "theirs"], {}], 500, /rows of another log called signature: run npx sigedge reindex/],
    ["holds more than the log", [[501, null], {}], 500, /rows of another log/],
    ["lags", [[5, "ours"], { treeSize: 20_000, indexedEntries: 5 }], 19_995, /19995 entries behind the log signature/],
  ])("%s", async (_, [watermark, log], entries, problem) => {
    const memory = memoryD1();
    insertWatermark(memory, ...watermark);
    const { byLog, bytes, problems } = await lags(memory, log);
    expect(byLog?.get("signature")?.entries).toBe(entries);
    expect(bytes).toBeGreaterThan(4096);
    expect(problems).toEqual(problem === null ? [] : [expect.stringMatching(problem)]);
  });

  it("has no row of the log", async () => {
    expect((await lags(memoryD1())).problems).toEqual([expect.stringContaining("it has 0 of 500")]);
    expect((await lags(memoryD1(), { treeSize: 1, indexedEntries: 0 })).problems).toEqual([]);
  });

  it("does not answer", async () => {
    const memory = memoryD1();
    memory.fail("no such table: log");
    const { byLog, problems } = await lags(memory);
    expect(byLog).toBeNull();
    expect(problems).toEqual([expect.stringMatching(/no such table: log.*signing goes on/)]);
  });

  it("is not compared with a log that does not answer", async () => {
    expect(await lags(memoryD1(), new Error("gone"))).toMatchObject({ byLog: new Map(), problems: [] });
  });

  it("is asked once a minute, and sooner after a problem", async () => {
    vi.useFakeTimers();
    const logs = [signature];
    const memory = memoryD1();
    const asked = async (afterMs: number): Promise<number> => {
      vi.advanceTimersByTime(afterMs);
      await lags(memory, {}, logs);
      return memory.statements.length;
    };
    expect([await asked(0), await asked(4_000), await asked(1_000)]).toEqual([1, 1, 2]);
    insertWatermark(memory, 500, "ours");
    expect([await asked(5_000), await asked(59_000), await asked(1_000)]).toEqual([3, 3, 4]);
  });
});
