// SPDX-License-Identifier: Apache-2.0
// The monitor over HTTP: what is signed in a watched name reaches its owner's webhook, signed, in order, once.

import { afterAll, beforeAll, expect, it } from "vitest";
import { member } from "../../shared/json/member.ts";
import { startWatchedStack, type WatchedStack } from "../support/monitor/watched-stack.ts";

const ALICE = "Alice@example.com";
const BOB = "bob@example.com";

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

it("tells the owner of a watch about certificate and signature, and nobody about others", async () => {
  const { stack, receiver, signAs } = watched;
  await signAs(BOB, "of Bob");
  const index = await signAs(ALICE, "of Alice");
  await waitForMessages(4);
  const host = new URL(stack.url).host;
  const [certificateKey, signatureKey] = [
    `team%2Falice/${encodeURIComponent(`${host}/ct`)}/1`,
    `team%2Falice/localhost/${index}`,
  ];
  const ofAlice = receiver.received.filter(({ id }) => id.includes("team%2Falice"));
  expect(new Set(ofAlice.map(({ id }) => id))).toEqual(
    new Set([`match.unexpected/${certificateKey}`, `match.unexpected/${signatureKey}`]),
  );
  expect(ofAlice.every(({ isSigned }) => isSigned)).toBe(true);
  expect(ofAlice.map(({ details }) => details["entry"])).toContainEqual(
    expect.objectContaining({ index, what: "signature", identity: ALICE }),
  );
  const ofReleases = receiver.received.filter(({ id }) => id.includes("team%2Freleases"));
  expect(ofReleases.map(({ details }) => details["differences"])).toEqual([
    ["the event is missing, not push"],
    ["the event is missing, not push"],
  ]);
  expect(receiver.received).toHaveLength(4);
});

it("shows on the page of the logs how far the monitor has looked", async () => {
  const readLogs = async (): Promise<unknown> =>
    member(
      await (await fetch(`${watched.stack.url}/logs`, { headers: { accept: "application/json" } })).json(),
      "monitor",
    );
  await expect.poll(readLogs, { timeout: 30_000 }).toMatchObject({
    isWatching: true,
    pendingMessages: 0,
    logs: [
      { log: "signature", entriesBehind: 0, secondsBehind: 0, lastCompleteLook: expect.stringMatching(/Z$/) as string },
      { log: "certificate", entriesBehind: 0, secondsBehind: 0 },
      { log: "rekor-v1", entriesBehind: 0, secondsBehind: 0 },
    ],
  });
});
