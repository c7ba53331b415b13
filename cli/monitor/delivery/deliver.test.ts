// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { countPending, EMPTY_OUTBOX, nextAttempt, type Outbox, pushEvents } from "../../../shared/monitor/outbox.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import { matchNumber, outageNumber } from "../../../test/support/monitor/events.ts";
import type { Channel } from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import { type Attempt, deliverDue } from "./deliver.ts";

const START = unixMs(1_800_000_000_000);
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const DELIVERED: Attempt = { kind: "delivered" };
const DOWN = { kind: "failed", reason: "status 503", isRejection: false, retryAfterMs: null } as const;

const channel = (name: string, on: Channel["on"] = ["security", "infrastructure"]): Channel => ({
  name,
  on,
  target: { kind: "slack", url: new Secret(name) },
});

/** A day on a clock of its own: deliveries run each minute, and the events of that minute are pushed before. */
async function runMonitor(
  channels: readonly Channel[],
  options: {
    readonly minutes: number;
    readonly events: (minute: number) => readonly MonitorEvent[];
    readonly send: (name: string, event: MonitorEvent, at: UnixMs) => Attempt;
  },
): Promise<{ readonly outbox: Outbox; readonly attempts: number }> {
  let outbox = EMPTY_OUTBOX;
  let attempts = 0;
  for (let minute = 0; minute < options.minutes; minute++) {
    const now = unixMs(START + minute * MINUTE);
    outbox = pushEvents(outbox, channels, { events: options.events(minute), at: now });
    outbox = await deliverDue(outbox, channels, {
      now: () => now,
      random: () => 0.5,
      send: (target, event) => {
        attempts++;
        const name = target.kind === "slack" ? target.url.reveal() : "";
        return Promise.resolve(options.send(name, event, now));
      },
    });
  }
  return { outbox, attempts };
}

describe("a receiver that is down for a day", () => {
  test("loses nothing, gets nothing twice, and gets it in its order", async () => {
    const received: string[] = [];
    const { outbox, attempts } = await runMonitor([channel("a")], {
      minutes: 1440 + 120,
      events: (minute) => (minute < 1440 && minute % 10 === 0 ? [matchNumber(minute)] : []),
      send: (_, event, at) => {
        if (at < START + DAY) return DOWN;
        received.push(event.key);
        return DELIVERED;
      },
    });
    expect(received).toEqual(Array.from({ length: 144 }, (_, i) => matchNumber(i * 10).key));
    expect(countPending(outbox)).toBe(0);
    // It was not flooded while it was down: the attempts are further and further apart.
    expect(attempts - received.length).toBeLessThan(60);
  });

  test("holds up no other channel, and no other topic of its own", async () => {
    const received: string[] = [];
    await runMonitor([channel("down"), channel("up")], {
      minutes: 5,
      events: (minute) => [matchNumber(minute), outageNumber(minute)],
      send: (name, event) => {
        if (name === "down" && event.class === "security") return DOWN;
        received.push(`${name} ${event.key}`);
        return DELIVERED;
      },
    });
    const keys = (topic: (n: number) => MonitorEvent): string[] => [0, 1, 2, 3, 4].map((n) => topic(n).key);
    expect(received.filter((one) => one.startsWith("up match"))).toEqual(keys(matchNumber).map((key) => `up ${key}`));
    expect(received.filter((one) => one.startsWith("down"))).toEqual(keys(outageNumber).map((key) => `down ${key}`));
  });

  test("and hangs holds up no other channel either", async () => {
    const received: string[] = [];
    const channels = [channel("hangs"), channel("up")];
    const outbox = pushEvents(EMPTY_OUTBOX, channels, { events: [matchNumber(1)], at: START });
    let release: (attempt: Attempt) => void = () => undefined;
    const delivery = deliverDue(outbox, channels, {
      now: () => START,
      random: () => 0,
      send: (target) => {
        if (target.kind === "slack" && target.url.reveal() === "hangs") {
          return new Promise((resolve) => {
            release = resolve;
          });
        }
        received.push("up");
        return Promise.resolve(DELIVERED);
      },
    });
    await Promise.resolve();
    expect(received).toEqual(["up"]);
    release(DOWN);
    expect(countPending(await delivery)).toBe(1);
  });
});

test("a receiver that asks for a day is left alone for a day", async () => {
  const { outbox, attempts } = await runMonitor([channel("a")], {
    minutes: 600,
    events: (minute) => (minute === 0 ? [matchNumber(1)] : []),
    send: () => ({ ...DOWN, retryAfterMs: DAY }),
  });
  expect(attempts).toBe(1);
  expect(nextAttempt(outbox)).toBe(START + DAY);
});

test("an event that its receiver rejects is set aside, and the next ones are delivered", async () => {
  const received: string[] = [];
  const { outbox } = await runMonitor([channel("a")], {
    minutes: 120,
    events: (minute) => (minute < 3 ? [matchNumber(minute)] : []),
    send: (_, event) => {
      if (event.key === matchNumber(0).key) return { ...DOWN, isRejection: true };
      received.push(event.key);
      return DELIVERED;
    },
  });
  expect(received).toEqual([matchNumber(1).key, matchNumber(2).key]);
  // It is kept for the operator, and counts as pending.
  expect(outbox.queues[0]?.setAside).toEqual([matchNumber(0)]);
  expect(countPending(outbox)).toBe(1);
});

test("a run ends after a minute, however many events wait", async () => {
  const channels = [channel("a")];
  const events = Array.from({ length: 100 }, (_, i) => matchNumber(i));
  let now: number = START;
  const outbox = await deliverDue(pushEvents(EMPTY_OUTBOX, channels, { events, at: START }), channels, {
    now: () => unixMs(now),
    random: () => 0,
    send: () => {
      now += 15_000;
      return Promise.resolve(DELIVERED);
    },
  });
  expect(countPending(outbox)).toBe(96);
});

test("the queue of a channel that is gone from the configuration is kept", async () => {
  const outbox = pushEvents(EMPTY_OUTBOX, [channel("a")], { events: [matchNumber(1)], at: START });
  const send = (): Promise<Attempt> => Promise.resolve(DELIVERED);
  expect(await deliverDue(outbox, [], { now: () => START, random: () => 0, send })).toEqual(outbox);
});
