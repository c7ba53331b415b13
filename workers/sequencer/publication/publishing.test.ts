// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { appendCertificate, appendTexts, headOf, tailOf } from "../../../test/support/logs/appends.ts";
import { type MemoryLog, memoryLog, textSubmission } from "../../../test/support/logs/memory-log.ts";
import type { StateRow } from "../tables/state.ts";
import { readTile } from "../tables/tail.ts";

function headOfLog({ log }: MemoryLog): StateRow {
  if (log.state === null) throw new Error("the log is not open");
  return log.state;
}

describe("publishing", () => {
  it("puts full bundles, sidecars and tiles into R2, feeds the index, then deletes the rows", async () => {
    const memory = memoryLog("signature");
    await appendTexts(memory, 600);
    const keys = [...memory.objects.objects.keys()].toSorted();
    const tile = (level: string, index: string): string => `signature/tile/${level}/${index}`;
    expect(keys).toEqual([
      "signature/log.json",
      "signature/meta/0",
      "signature/meta/1",
      tile("0", "000"),
      tile("0", "001"),
      tile("entries", "000"),
      tile("entries", "001"),
    ]);
    expect(memory.index.entries.size).toBe(601);
    expect(memory.storage.exec("SELECT MIN(idx) AS first, COUNT(*) AS count FROM entry")).toEqual([
      { first: 512, count: 89 },
    ]);
    const tail = tailOf(memory);
    expect(readTile(tail, 0, 1, 256).kind).toBe("published");
    expect(readTile(tail, 0, 2, 89).kind).toBe("found");
    expect(readTile(tail, 0, 2, 90).kind).toBe("beyond");
    expect(readTile(tail, 1, 0, 2).kind).toBe("found");
    expect(readTile(tail, 1, 0, 3).kind).toBe("beyond");
    expect(readTile(tail, 2, 0, 1).kind).toBe("beyond");
  });

  it("deletes the rows of a tile with their table, which the platform does not bill", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const exec = memory.storage.exec.bind(memory.storage);
    const dropped: string[] = [];
    memory.storage.exec = (query, ...bindings) => {
      if (/^(?:DELETE FROM|DROP TABLE) entry/.test(query)) dropped.push(query);
      return exec(query, ...bindings);
    };
    for (let i = 0; i < 4; i++) await appendTexts(memory, 200, `part ${i}`);
    expect(dropped).toEqual(["DROP TABLE entry", "DROP TABLE entry_odd", "DROP TABLE entry"]);
    expect(memory.log.state?.treeSize).toBe(801);
    expect(readTile(tailOf(memory), 0, 3, 33).kind).toBe("found");
    const { log } = memory.restart();
    await log.open();
    expect(log.phase.kind).toBe("running");
  });

  it("keeps signing while D1 and R2 are down, and catches up in the alarm", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    await memory.host.settle();
    memory.host.alarms = [];
    memory.host.time += 30_000;
    memory.index.failing = "D1 is away";
    memory.objects.failing = "R2 is away";
    await appendTexts(memory, 300);
    expect(memory.index.entries.size).toBe(1);
    expect(memory.host.alarms.length).toBe(1);
    expect(readTile(tailOf(memory), 0, 0, 256).kind).toBe("found");
    memory.index.failing = null;
    memory.objects.failing = null;
    memory.host.time += 30_000;
    await memory.log.catchUp();
    expect(memory.index.entries.size).toBe(301);
    expect(memory.objects.objects.has("signature/tile/0/000")).toBe(true);
    expect(readTile(tailOf(memory), 0, 0, 256).kind).toBe("published");
  });

  it.each([["signature"], ["certificate"]] as const)("lets an idle %s log sleep after one alarm", async (kind) => {
    const memory = memoryLog(kind);
    await memory.log.open();
    const append = async (): Promise<unknown> =>
      kind === "signature" ? await appendTexts(memory, 1) : await appendCertificate(memory, "one");
    await append();
    await memory.host.settle();
    const { treeSize } = headOfLog(memory);
    // The object has slept since: its memory is gone.
    let log = memory.restart();
    for (let at = 0; at < 2; at++) {
      memory.host.alarms = [];
      memory.host.time += 700_000;
      await log.log.catchUp();
      await memory.host.settle();
      log = log.restart();
    }
    expect(memory.host.alarms).toEqual([]);
    expect(memory.storage.exec("SELECT size, indexed FROM state")).toEqual([{ size: treeSize, indexed: treeSize }]);
    const { writes } = memory.index;
    await log.log.open();
    await memory.host.settle();
    expect([memory.index.writes, memory.host.alarms]).toEqual([writes, []]);
  });

  it("sets the next alarm after one rang, even if the clock was put back", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    memory.index.failing = "D1 is away";
    await appendTexts(memory, 3);
    await memory.host.settle();
    const [set = 0] = memory.host.alarms;
    memory.host.alarms = [];
    // The platform's alarms do not follow the clock that the object reads.
    memory.host.time = set - 10_000;
    await memory.log.catchUp();
    expect(memory.host.alarms).toEqual([set + 20_000]);
  });

  it("stops writing when R2 has other bytes under one of its keys", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    memory.objects.objects.set("signature/tile/entries/000", encodeUtf8("another log's"));
    const results = await Promise.all(
      Array.from({ length: 900 }, async (_, i) => await memory.log.append(textSubmission(`entry ${i}`))),
    );
    await memory.host.settle();
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringContaining("two logs share") });
    expect((await memory.log.append(textSubmission("more"))).ok).toBe(false);
    // The tree holds exactly the acknowledged entries and the genesis entry.
    expect(headOf(memory).size).toBe(1 + results.filter(({ ok }) => ok).length);
  });
});
