// SPDX-License-Identifier: Apache-2.0
// The monitor while its receiver is down and its process is killed: nothing is lost, and nothing is repeated but by its
// key.

import { afterAll, beforeAll, expect, it } from "vitest";
import { startWatchedStack, type WatchedStack } from "../support/monitor/watched-stack.ts";

const ALICE = "Alice@example.com";

let watched: WatchedStack;
beforeAll(async () => {
  watched = await startWatchedStack("alice@example.com");
});
afterAll(() => watched?.stop());

/** Waits until the receiver has accepted this many messages. */
async function waitForMessages(count: number): Promise<void> {
  await expect
    .poll(() => watched.receiver.accepted.length, { timeout: 30_000, interval: 100 })
    .toBeGreaterThanOrEqual(count);
}

it("keeps the order while the receiver is down, loses nothing when workerd is killed, and repeats only by key", async () => {
  const { stack, receiver, signAs } = watched;
  const before = receiver.received.length;
  receiver.answer((response) => void response.writeHead(500).end("down"));
  await signAs(ALICE, "first");
  await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBeGreaterThan(before);
  process.kill(stack.workerdPid(), "SIGKILL");
  await stack.restart();
  receiver.answer(null);
  await signAs(ALICE, "second");
  await waitForMessages(8);
  const ids = receiver.accepted.filter((id) => id.includes("team%2Falice"));
  expect(new Set(ids).size).toBe(4);
  const places = (log: string): readonly number[] =>
    ids.filter((id) => id.includes(log)).map((id) => Number(id.split("/").at(-1)));
  for (const log of ["localhost/", "%2Fct/"]) expect(places(log)).toEqual(places(log).toSorted((a, b) => a - b));
}, 180_000);
