// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventsOfEveryKind, matchNumber, outageNumber } from "../../test/support/monitor/events.ts";
import { unixMs } from "../time.ts";
import type { MonitorEvent } from "./event.ts";
import {
  countPending,
  decodeOutbox,
  dueQueues,
  EMPTY_OUTBOX,
  isFull,
  nextAttempt,
  type Outbox,
  pushEvents,
  type Queue,
  type Subscriber,
  withDelivered,
  withFailure,
  withQueue,
} from "./outbox.ts";

const AT = unixMs(1_800_000_000_000);
const DAY = 86_400_000;
const BOTH: Subscriber = { name: "a", on: ["security", "infrastructure"] };
const push = (outbox: Outbox, events: readonly MonitorEvent[], channels = [BOTH], at = AT): Outbox =>
  pushEvents(outbox, channels, { events, at });
const failure = { at: AT, reason: "503", isRejection: false, retryAfterMs: null, jitter: 0.5 };

/** The queue of a topic. */
function queueOf(outbox: Outbox, topic: Queue["topic"] = "security"): Queue {
  const found = outbox.queues.find((queue) => queue.topic === topic);
  if (found === undefined) throw new Error(topic);
  return found;
}

describe("an event goes to the channels that want it", () => {
  test("and expected entries only to those that ask for them", () => {
    const channels: readonly Subscriber[] = [
      { name: "security", on: ["security"] },
      { name: "infrastructure", on: ["infrastructure"] },
      { name: "expected", on: ["expected"] },
    ];
    const outbox = push(EMPTY_OUTBOX, eventsOfEveryKind, [...channels]);
    for (const { channel, topic, events } of outbox.queues) {
      expect(topic).toBe(channel);
      for (const event of events) expect(event.kind === "match.expected" ? "expected" : event.class).toBe(topic);
    }
    expect(countPending(outbox)).toBe(eventsOfEveryKind.length);
  });

  test("once, however often it is seen", () => {
    const once = push(EMPTY_OUTBOX, [matchNumber(1), matchNumber(1)]);
    const again = push(once, [matchNumber(1), matchNumber(2)]);
    expect(queueOf(again).events).toEqual([matchNumber(1), matchNumber(2)]);
    const delivered = withQueue(again, withDelivered(queueOf(again)));
    expect(queueOf(push(delivered, [matchNumber(1)])).events).toEqual([matchNumber(2)]);
  });

  test("but not to the channel that it says has failed", () => {
    const failed = eventsOfEveryKind.filter(({ kind }) => kind === "delivery.failed");
    const channels: readonly Subscriber[] = [
      { name: "x", on: ["infrastructure"] },
      { name: "y", on: ["infrastructure"] },
    ];
    expect(push(EMPTY_OUTBOX, failed, [...channels]).queues.map(({ channel }) => channel)).toEqual(["y"]);
  });

  test("until a queue is full", () => {
    const events = Array.from({ length: 10_000 }, (_, i) => matchNumber(i));
    expect(isFull(push(EMPTY_OUTBOX, events.slice(1)))).toBe(false);
    expect(isFull(push(EMPTY_OUTBOX, events))).toBe(true);
  });
});

describe("a failed attempt", () => {
  const queue = queueOf(push(EMPTY_OUTBOX, [matchNumber(1), matchNumber(2)]));

  test("is repeated later and later, up to an hour", () => {
    const waits: number[] = [];
    let failed = queue;
    for (let i = 0; i < 12; i++) {
      failed = withFailure(failed, { ...failure, jitter: 1 });
      waits.push((failed.notBefore - AT) / 1000);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    expect(failed.events).toHaveLength(2);
  });

  test("waits at least half of it, and as long as the receiver asks, up to a day", () => {
    expect(withFailure(queue, { ...failure, jitter: 0 }).notBefore).toBe(AT + 2500);
    expect(withFailure(queue, { ...failure, retryAfterMs: 120_000 }).notBefore).toBe(AT + 120_000);
    expect(withFailure(queue, { ...failure, retryAfterMs: 1e12 }).notBefore).toBe(AT + DAY);
  });

  test("remembers since when, and forgets it with the next success", () => {
    const later = withFailure(withFailure(queue, failure), { ...failure, at: unixMs(AT + 9), reason: "504" });
    expect(later.failing).toEqual({ since: AT, reason: "504" });
    expect(withDelivered(later)).toMatchObject({ failing: null, attempts: 0, events: [matchNumber(2)] });
  });

  test("never sets an event aside unless the receiver rejected it eight times", () => {
    let outage = queue;
    for (let i = 0; i < 100; i++) outage = withFailure(outage, failure);
    expect(outage.setAside).toEqual([]);
    let rejected = queue;
    for (let i = 0; i < 7; i++) rejected = withFailure(rejected, { ...failure, isRejection: true });
    expect(rejected.setAside).toEqual([]);
    rejected = withFailure(rejected, { ...failure, isRejection: true });
    expect(rejected).toMatchObject({ setAside: [matchNumber(1)], events: [matchNumber(2)], attempts: 0 });
  });

  test("of one topic leaves the other one due", () => {
    const outbox = push(EMPTY_OUTBOX, [matchNumber(1), outageNumber(1)]);
    const failed = withQueue(outbox, withFailure(queueOf(outbox), failure));
    expect(dueQueues(failed, AT).map(({ topic }) => topic)).toEqual(["infrastructure"]);
    expect(nextAttempt(failed)).toBe(AT);
    expect(dueQueues(failed, unixMs(AT + DAY))).toHaveLength(2);
  });
});

test("whatever happens, each event is delivered once, in its order", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("push" as const), count: fc.nat(3) }),
    fc.record({ kind: fc.constant("attempt" as const), succeeds: fc.boolean(), waits: fc.nat(1_000_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let outbox = EMPTY_OUTBOX;
      let now = AT;
      let pushed = 0;
      const received: string[] = [];
      const attempt = (succeeds: boolean): void => {
        for (const queue of dueQueues(outbox, now)) {
          if (succeeds) received.push(queue.events[0]?.key ?? "");
          outbox = withQueue(outbox, succeeds ? withDelivered(queue) : withFailure(queue, { ...failure, at: now }));
        }
      };
      for (const one of steps) {
        if (one.kind === "push") {
          // The one before is seen again.
          outbox = push(
            outbox,
            [Math.max(0, pushed - 1), ...Array.from({ length: one.count }, (_, i) => pushed + i)].map(matchNumber),
          );
          pushed = Math.max(pushed + one.count, 1);
        } else {
          now = unixMs(now + one.waits);
          attempt(one.succeeds);
        }
        // JSON keeps all of it.
        expect(decodeOutbox(JSON.parse(JSON.stringify(outbox)))).toStrictEqual(outbox);
      }
      while (countPending(outbox) > 0) {
        now = unixMs(now + DAY);
        attempt(true);
      }
      expect(received).toEqual(
        outbox.queues.length === 0 ? [] : Array.from({ length: pushed }, (_, i) => matchNumber(i).key),
      );
    }),
  );
});

describe("decodeOutbox", () => {
  const stored = JSON.parse(JSON.stringify(push(EMPTY_OUTBOX, [matchNumber(1)]))) as {
    queues: Record<string, unknown>[];
  };
  const withMember = (name: string, value: unknown): unknown => ({ queues: [{ ...stored.queues[0], [name]: value }] });
  test.each([
    ["nothing", null],
    ["no list", {}],
    ["a channel that is a number", withMember("channel", 1)],
    ["another topic", withMember("topic", "x")],
    ["a time that is none", withMember("notBefore", -1)],
    ["a failure without a time", withMember("failing", {})],
    ["an event that is none", withMember("events", [{}])],
    ["keys that are numbers", withMember("delivered", [1])],
  ])("rejects %s", (_, json) => {
    expect(decodeOutbox(json)).toBeNull();
    expect(decodeOutbox(stored)).not.toBeNull();
  });
});
