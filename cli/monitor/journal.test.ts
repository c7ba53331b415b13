// SPDX-License-Identifier: Apache-2.0
// The memory of a monitor: what it stores before it tells, what a killed run leaves for the next, and conditions.

import { expect, test } from "vitest";
import type { MonitorEvent } from "../../shared/monitor/event.ts";
import { pushEvents, type Subscriber, TOPICS } from "../../shared/monitor/outbox.ts";
import { unixMs } from "../../shared/time.ts";
import { Journal } from "./journal.ts";
import { emptyState, type MonitorState } from "./state/state.ts";

const EVERYBODY: Subscriber = { name: "everybody", on: TOPICS };

/** A journal that is killed at a step: a store or a telling. */
class Life {
  stored: MonitorState = emptyState("http://x");
  readonly told: string[] = [];
  readonly steps: string[] = [];
  posts = 0;
  now = 1_790_000_000_000;
  killAt = Number.POSITIVE_INFINITY;

  open(): Journal {
    return new Journal(this.stored, {
      store: (state) => {
        this.#step(`store ${state.unreported.length}`);
        this.stored = JSON.parse(JSON.stringify(state)) as MonitorState;
      },
      tell: (event: MonitorEvent) => {
        this.#step(`tell ${event.kind}`);
        this.told.push(event.key);
      },
      post: (outbox, events) => {
        this.posts++;
        return pushEvents(outbox, [EVERYBODY], { events, at: unixMs(this.now) });
      },
      now: () => unixMs(this.now),
    });
  }

  #step(name: string): void {
    if (this.steps.length >= this.killAt) throw new Error("killed");
    this.steps.push(name);
  }
}

const raiseTwo = (journal: Journal): void => {
  journal.raise("shard.rotated", "a", { next: "https://b" });
  journal.raise("entry.unparseable", "a", { index: 7, problem: { code: "watched_record_invalid" } });
};

test("adds many events to the outbox at once", () => {
  const life = new Life();
  const journal = life.open();
  const details = (index: number) => ({ index, problem: { code: "watched_record_invalid" } as const });
  for (let index = 0; index < 5000; index++) journal.raise("entry.unparseable", "a", details(index));
  journal.conclude();
  expect(life.stored.outbox.queues.flatMap(({ events }) => events)).toHaveLength(5000);
  expect(life.posts).toBeLessThan(10);
});

test("stores events before it tells them, and forgets them after", () => {
  const life = new Life();
  const journal = life.open();
  raiseTwo(journal);
  expect(journal.conclude()).toBe(3);
  expect(life.steps).toEqual(["store 2", "tell shard.rotated", "tell entry.unparseable", "store 0"]);
  expect(life.open().conclude()).toBe(0);
});

test.each([1, 2, 3])("tells what a run that was killed after %i steps had stored, with its exit code", (killAt) => {
  const life = new Life();
  life.killAt = killAt;
  const journal = life.open();
  raiseTwo(journal);
  expect(() => journal.conclude()).toThrow("killed");
  life.killAt = Number.POSITIVE_INFINITY;
  expect(life.open().conclude()).toBe(3);
  expect(new Set(life.told).size).toBe(2);
  expect(life.open().conclude()).toBe(0);
});

test("delivers a condition once, counts it in every pass, and tells its end", () => {
  const life = new Life();
  const holdAndEnd = (): number => {
    const journal = life.open();
    journal.reportCondition("log.unreachable", { log: "a" }, (since) => ({ since, reason: "it is off" }));
    journal.endConditions(() => true);
    life.now += 60_000;
    return journal.conclude();
  };
  expect([holdAndEnd(), holdAndEnd()]).toEqual([3, 3]);
  expect(new Set(life.told).size).toBe(1);
  expect(life.stored.outbox.queues.flatMap(({ events }) => events)).toHaveLength(1);
  const journal = life.open();
  journal.endConditions(() => true);
  expect(journal.conclude()).toBe(0);
  expect(life.told.at(-1)).toMatch(/^recovered\//);
  expect(life.stored.conditions).toEqual([]);
});

test("keeps a condition whose cause nobody has looked at", () => {
  const life = new Life();
  const journal = life.open();
  journal.reportCondition("log.stalled", { log: "a" }, (since) => ({ since, size: 7 }));
  journal.endConditions(() => true);
  journal.conclude();
  for (const _ of [1, 2]) {
    const next = life.open();
    next.endConditions(({ log }) => log === "b");
    next.conclude();
  }
  expect(life.stored.conditions).toHaveLength(1);
  expect(life.told).toHaveLength(1);
});
