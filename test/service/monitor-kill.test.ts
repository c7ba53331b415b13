// SPDX-License-Identifier: Apache-2.0
// The monitor while its receiver is down and its process is killed: nothing is lost, and nothing is repeated but by its
// key.

import { afterAll, beforeAll, expect, it } from "vitest";
import { requestCertificateFor } from "../support/authority/request-certificate.ts";
import { artifactRequest, clientKey, postEntry } from "../support/logs/log-client.ts";
import { type Receiver, startReceiver } from "../support/monitor/receiver.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const ALICE = "Alice@example.com";

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

it("keeps the order while the receiver is down, loses nothing when workerd is killed, and repeats only by key", async () => {
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
