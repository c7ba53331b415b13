// SPDX-License-Identifier: Apache-2.0
// Kills the witness in workerd with SIGKILL while honest and dishonest feeders of one log send it checkpoints. It must
// cosign one history only, and show monitors its newest head.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FedLog } from "../support/logs/fed-log.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { verifyNote } from "./signed-note.ts";

const KILLS = 4;
const LEAVES = 400;
/** The size at which the histories fork; a smaller feeder is honest. */
const PARTING = 12;

const main = new FedLog("witnessed.example.com/log").grow(LEAVES);
const histories = [main, main.fork(PARTING, LEAVES), main.fork(PARTING + 3, LEAVES)];

let state: string;
let stack: TestStack;
let vkey: string;
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), "sigedge-witness-"));
  writeFileSync(join(state, "witnessed-logs.txt"), `log ${main.vkey}\n`);
  stack = await startStack({ state });
  const about = await (await fetch(`${stack.url}/witness/about`)).text();
  vkey = /^witness sigedge (\S+) /m.exec(about)?.[1] ?? "";
});
afterAll(async () => {
  await stack.stop();
  rmSync(state, { recursive: true, force: true });
});

/** The cosigned roots by tree size. */
const cosigned = new Map<number, Set<string>>();
let answers = 0;

/** Sends the checkpoint of this history that is some entries larger than the witness's last one. */
async function feed(log: FedLog, believed: number): Promise<number> {
  const size = Math.min(LEAVES, believed + 1 + (answers % 3));
  const response = await fetch(`${stack.url}/witness/add-checkpoint`, {
    method: "POST",
    body: log.request(Math.min(believed, size), size),
  }).catch(() => null);
  if (response === null) return believed;
  const text = await response.text().catch(() => "");
  if (response.status !== 200 && response.status !== 409) return believed;
  answers++;
  if (response.status === 409) return Number(text);
  // An incomplete answer does not verify.
  if (typeof verifyNote(`${log.text(size)}\n${text}`, vkey) !== "number") return believed;
  cosigned.set(size, (cosigned.get(size) ?? new Set()).add(log.root(size).toString("base64")));
  return size;
}

/** Expects every cosigned head to be a prefix of the largest one. */
function expectOneHistory(): number {
  const largest = Math.max(...cosigned.keys());
  const roots = (size: number): readonly string[] => [...(cosigned.get(size) ?? [])];
  const history = histories.find((log) => log.root(largest).toString("base64") === roots(largest)[0]);
  for (const size of cosigned.keys())
    expect([size, roots(size)]).toEqual([size, [history?.root(size).toString("base64")]]);
  return largest;
}

/** Expects a monitor to read a cosigned head of that history, as large as any that a feeder was given. */
async function expectMonitored(largest: number): Promise<void> {
  const hash = createHash("sha256").update(main.origin).digest("hex");
  const headers = { "cf-connecting-ip": "192.0.2.2" };
  const note = await (await fetch(`${stack.url}/witness/${hash}/checkpoint`, { headers })).text();
  const size = Number(note.split("\n")[1]);
  expect(verifyNote(note, vkey)).toBeTypeOf("number");
  expect(verifyNote(note, main.vkey)).toBe(true);
  expect(size).toBeGreaterThanOrEqual(largest);
  const shown = cosigned.get(size) ?? new Set();
  cosigned.set(size, shown.add(note.split("\n")[2] ?? ""));
  expectOneHistory();
}

it("cosigns one history over four kills", { timeout: 120_000 }, async () => {
  for (let kill = 0; kill < KILLS; kill++) {
    let isFeeding = true;
    const feeders = histories
      .flatMap((log) => [log, log])
      .map(async (log) => {
        for (let believed = 0; isFeeding; ) {
          believed = await feed(log, believed);
          // The witness's rate limit for one address.
          await sleep(100);
        }
      });
    await sleep(700 + 113 * kill);
    process.kill(stack.workerdPid(), "SIGKILL");
    await sleep(300);
    // A workerd that is killed while it starts is not restarted.
    const isBack = (): Promise<boolean> =>
      fetch(`${stack.url}/witness/about`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(isBack, { timeout: 20_000 }).toBe(true);
    await sleep(300);
    isFeeding = false;
    await Promise.all(feeders);
    await expectMonitored(expectOneHistory());
  }
  const largest = expectOneHistory();
  expect(largest).toBeGreaterThan(PARTING + 3);
  expect(answers).toBeGreaterThan(50);
  // The witness's head is the last one it cosigned, or one later step whose answer was lost.
  const { status } = await fetch(`${stack.url}/witness/add-checkpoint`, {
    method: "POST",
    // An address that has not reached its rate limit.
    headers: { "cf-connecting-ip": "192.0.2.1" },
    body: main.request(0, 1),
  });
  expect(status).toBe(409);
});
