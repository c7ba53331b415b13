// SPDX-License-Identifier: Apache-2.0
// The monitor over HTTP: what is signed in a watched name reaches its owner's webhook, signed, in order, once.

import { afterAll, beforeAll, expect, it } from "vitest";
import { member } from "../../shared/json/member.ts";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { artifactRequest, clientKey, postEntry } from "../support/logs/log-client.ts";
import { type Receiver, startReceiver } from "../support/monitor/receiver.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "Alice@example.com";
const BOB = "bob@example.com";

let receiver: Receiver;
let stack: TestStack;

beforeAll(async () => {
  receiver = await startReceiver();
  const tell = { webhook: receiver.url, secret: "HOOK" };
  stack = await startStack({
    vars: {
      WATCHES: JSON.stringify([
        { id: "alice", name: "alice@example.com", tell },
        { id: "releases", name: "alice@example.com", expected: { event: ["push"] }, tell },
      ]),
      WATCH_SECRETS: JSON.stringify({ HOOK: receiver.secret }),
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
});

async function signAs(email: string, artifact: string): Promise<number> {
  const key = clientKey();
  const certificate = await requestCertificateFor(stack, { key, email });
  const entry = await postEntry(stack.url, artifactRequest(key, artifact, certificate));
  return Number(entry.logIndex);
}

/** Waits until the receiver has accepted this many messages. */
async function waitForMessages(count: number): Promise<void> {
  await expect.poll(() => receiver.accepted.length, { timeout: 30_000, interval: 100 }).toBeGreaterThanOrEqual(count);
}

it("tells the owner of a watch about certificate and signature, and nobody about others", async () => {
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
    member(await (await fetch(`${stack.url}/logs`, { headers: { accept: "application/json" } })).json(), "monitor");
  await expect.poll(readLogs, { timeout: 30_000 }).toMatchObject({
    isWatching: true,
    pendingMessages: 0,
    logs: [
      { log: "signature", entriesBehind: 0, secondsBehind: 0, lastCompleteLook: expect.stringMatching(/Z$/) as string },
      { log: "certificate", entriesBehind: 0, secondsBehind: 0 },
    ],
  });
});
