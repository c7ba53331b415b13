// SPDX-License-Identifier: Apache-2.0
// A reader of the newest entries makes the object read rows. The terms and hints of 256 attestations take many times
// the memory of their records, so a read selects the columns that it needs.

import { afterEach, expect, it, vi } from "vitest";
import { tailOf } from "../../../test/support/logs/appends.ts";
import { grow, growLog } from "../../../test/support/logs/memory-log.ts";
import { MemoryObjects } from "../../../test/support/logs/memory-stores.ts";
import { SqliteStorage } from "../../../test/support/logs/sqlite-storage.ts";
import { publishTile } from "../publication/publish.ts";
import { LogStorage } from "../storage.ts";
import { readBundle, readEntry, readTile } from "./tail.ts";

afterEach(() => void vi.restoreAllMocks());

/** The columns of entry rows that `read` selects, each once. */
async function columnsOf(read: () => unknown): Promise<readonly string[]> {
  const exec = vi.spyOn(SqliteStorage.prototype, "exec");
  await read();
  const queries = exec.mock.calls.map(([query]) => /^SELECT (.*?) FROM .*entry_odd\) WHERE/.exec(query)?.[1] ?? "");
  exec.mockRestore();
  return [...new Set(queries.filter((columns) => columns !== "").flatMap((columns) => columns.split(", ")))].toSorted();
}

it("reads of the tail select what they answer with", async () => {
  const deps = tailOf(await growLog(199));
  expect(await columnsOf(() => readBundle(deps, 0, 200))).toEqual(["record"]);
  expect(await columnsOf(() => readEntry(deps, 5))).toEqual(["hints", "record", "time_ms"]);
  expect(await columnsOf(() => readTile(deps, 0, 0, 200))).toEqual([]);
});

it("publishing a tile and the backup read terms and hints of 16 entries at once", async () => {
  const memory = await growLog(199);
  memory.objects.failing = "R2 is away";
  await grow(memory, 56);
  const objects = new MemoryObjects();
  const deps = { config: memory.config, storage: new LogStorage(memory.storage), format: memory.format, objects };
  const exec = vi.spyOn(SqliteStorage.prototype, "exec");
  expect(await publishTile(deps, 0)).toMatchObject({ ok: true });
  expect([...deps.storage.readInSteps(0, 256)]).toHaveLength(256);
  const read = exec.mock.calls.flatMap(([query], i) => {
    const { value } = exec.mock.results[i] ?? {};
    return /entry_odd\) WHERE/.test(query) && Array.isArray(value) ? [value.length] : [];
  });
  expect(read).toEqual(Array.from({ length: 32 }, () => 16));
  expect(objects.objects.has("signature/meta/0")).toBe(true);
});
