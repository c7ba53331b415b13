// SPDX-License-Identifier: Apache-2.0
// The cost of a log that nobody uses, as that of Rekor v1 may be in a deployment that opens it for clients to come.

import { expect, it } from "vitest";
import { type MemoryLog, memoryLog } from "../../../test/support/logs/memory-log.ts";

const MINUTE_MS = 60_000;
const DAYS = 3;

/** Lets virtual time pass, and rings the alarms that are due. */
async function pass(memory: MemoryLog, milliseconds: number): Promise<void> {
  const { host, log } = memory;
  const end = host.time + milliseconds;
  for (let due = host.alarms.at(-1); due !== undefined && due <= end; due = host.alarms.at(-1)) {
    host.alarms.length = 0;
    host.time = Math.max(host.time, due);
    await log.catchUp();
    await host.settle();
  }
  host.time = end;
}

it("is created with its first entry and a backup of that; then it sleeps, whoever looks at it", async () => {
  let memory = memoryLog("rekor-v1");
  const { objects, index, anchor, host, storage } = memory;
  let writes = 0;
  const transaction = storage.transactionSync.bind(storage);
  storage.transactionSync = (closure) => {
    writes++;
    return transaction(closure);
  };
  await memory.log.open();
  await pass(memory, 20 * MINUTE_MS);
  expect([...objects.objects.keys()]).toEqual(["rekor-v1/log.json", "rekor-v1/backup/0000000000000001"]);
  expect([index.entries.size, anchor.held?.treeSize, host.alarms]).toEqual([1, 1, []]);
  const before = [objects.objects.size, index.writes, anchor.calls, writes];
  for (let hour = 0; hour < DAYS * 24; hour++) {
    memory = memory.restart();
    await memory.log.openToRead();
    expect(memory.log.headOver(0)?.treeSize).toBe(1);
    await host.settle();
    await pass(memory, 60 * MINUTE_MS);
  }
  expect([objects.objects.size, index.writes, anchor.calls, writes]).toEqual(before);
  expect(host.alarms).toEqual([]);
});
