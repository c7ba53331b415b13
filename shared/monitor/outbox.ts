// SPDX-License-Identifier: Apache-2.0
// Events on their way to channels. A queue per channel and class, so that neither class waits for the other; within a
// queue, events leave in their order. Pure: the owner stores it in the same write that moves its cursor.

import { isObject, isTexts, items, member } from "../json/member.ts";
import { parseUnixMs, type UnixMs, unixMs } from "../time.ts";
import { decodeEvent, type MonitorEvent } from "./event.ts";

/** Which events a channel gets. Expected entries go only to those that ask for them. */
export const TOPICS = ["security", "infrastructure", "expected"] as const;
export type Topic = (typeof TOPICS)[number];

/** Where events go, as far as the outbox needs to know. */
export interface Subscriber {
  /** Unique. */
  readonly name: string;
  readonly on: readonly Topic[];
}

/** Events of one topic for one channel. */
export interface Queue {
  readonly channel: string;
  readonly topic: Topic;
  /** The oldest first. */
  readonly events: readonly MonitorEvent[];
  /** Failed attempts at the first event. */
  readonly attempts: number;
  /** No attempt before. */
  readonly notBefore: UnixMs;
  /** Since when no attempt succeeded, and the last reason; null if none failed. */
  readonly failing: { readonly since: UnixMs; readonly reason: string } | null;
  /** Keys that were delivered last, so that the same event is not queued again. */
  readonly delivered: readonly string[];
  /** Events that the receiver rejected again and again. Kept for the operator; the others went on. */
  readonly setAside: readonly MonitorEvent[];
}

/** All queues. */
export interface Outbox {
  readonly queues: readonly Queue[];
}

export const EMPTY_OUTBOX: Outbox = { queues: [] };

/** Keys remembered per queue: more than two logs hold of one selector in a day. */
const MAX_DELIVERED = 2000;
/**
 * The owner stops moving its cursor when a queue is that long, since dropping an alert is no option. Each event that is
 * added is compared with all of its queue.
 */
const MAX_QUEUED = 10_000;
/** How often a receiver may reject one event before the next one gets its turn. */
const MAX_REJECTIONS = 8;

const topicOf = (event: MonitorEvent): Topic => (event.kind === "match.expected" ? "expected" : event.class);

/** Adds events for every channel that wants them. An event whose key is queued or was delivered is not added again. */
export function pushEvents(
  outbox: Outbox,
  channels: readonly Subscriber[],
  { events, at }: { readonly events: readonly MonitorEvent[]; readonly at: UnixMs },
): Outbox {
  if (events.length === 0) return outbox;
  const queues = new Map(outbox.queues.map((queue) => [keyOf(queue), queue]));
  for (const { name, on } of channels) {
    for (const topic of on) {
      const queue = queues.get(keyOf({ channel: name, topic })) ?? newQueue(name, topic, at);
      const added = unseenEvents(
        queue,
        events.filter((event) => topicOf(event) === topic && !isAbout(event, name)),
      );
      if (added.length > 0) queues.set(keyOf(queue), { ...queue, events: [...queue.events, ...added] });
    }
  }
  return { queues: [...queues.values()] };
}

const keyOf = ({ channel, topic }: Pick<Queue, "channel" | "topic">): string => `${topic} ${channel}`;

const newQueue = (channel: string, topic: Topic, at: UnixMs): Queue => ({
  channel,
  topic,
  events: [],
  attempts: 0,
  notBefore: at,
  failing: null,
  delivered: [],
  setAside: [],
});

function unseenEvents(queue: Queue, events: readonly MonitorEvent[]): readonly MonitorEvent[] {
  const seen = new Set([...queue.delivered, ...[...queue.events, ...queue.setAside].map(({ key }) => key)]);
  return events.filter(({ key }) => {
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** A channel that fails cannot say so itself. */
const isAbout = (event: MonitorEvent, channel: string): boolean =>
  event.kind === "delivery.failed" && event.details.channel === channel;

/** Whether a queue is so long that nothing more may be added. */
export const isFull = (outbox: Outbox): boolean => outbox.queues.some(({ events }) => events.length >= MAX_QUEUED);

/** The queues whose first event is due. */
export const dueQueues = (outbox: Outbox, at: UnixMs): readonly Queue[] =>
  outbox.queues.filter(({ events, notBefore }) => events.length > 0 && notBefore <= at);

/** Events that are not delivered, those set aside included. */
export const countPending = (outbox: Outbox): number =>
  outbox.queues.reduce((sum, { events, setAside }) => sum + events.length + setAside.length, 0);

/** When the next attempt is due; null if nothing is queued. */
export function nextAttempt(outbox: Outbox): UnixMs | null {
  const times = outbox.queues.filter(({ events }) => events.length > 0).map(({ notBefore }) => notBefore);
  return times.length === 0 ? null : unixMs(Math.min(...times));
}

/** The queue after its first event was delivered. */
export const withDelivered = ({ events: [first, ...events], ...queue }: Queue): Queue => ({
  ...queue,
  events,
  attempts: 0,
  failing: null,
  delivered: first === undefined ? queue.delivered : [...queue.delivered, first.key].slice(-MAX_DELIVERED),
});

/** A failed attempt. */
export interface Failure {
  readonly at: UnixMs;
  readonly reason: string;
  /** Whether the receiver rejected this event, so that the next one may succeed. */
  readonly isRejection: boolean;
  /** How long the receiver asked to wait; null if it did not say. */
  readonly retryAfterMs: number | null;
  /** From 0 to 1. */
  readonly jitter: number;
}

const FIRST_DELAY_MS = 5000;
const MAX_DELAY_MS = 3_600_000;
/** A receiver may ask for a day at most; one that asks for more is asked then. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** The queue after a failed attempt at its first event. */
export function withFailure(queue: Queue, { at, reason, isRejection, retryAfterMs, jitter }: Failure): Queue {
  const attempts = queue.attempts + 1;
  // Doubling from five seconds, up to an hour; half of it random, so that many monitors do not ask at once.
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempts - 1, 20));
  const waitMs = Math.max(delay * (0.5 + jitter / 2), Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
  const failing = { since: queue.failing?.since ?? at, reason };
  const failed = { ...queue, attempts, failing, notBefore: unixMs(Math.ceil(at + waitMs)) };
  if (!isRejection || attempts < MAX_REJECTIONS) return failed;
  const [first, ...events] = queue.events;
  return {
    ...failed,
    attempts: 0,
    events,
    setAside: first === undefined ? queue.setAside : [...queue.setAside, first],
  };
}

/** The outbox with a queue in the place of its former state. */
export const withQueue = (outbox: Outbox, queue: Queue): Outbox => ({
  queues: outbox.queues.map((former) => (keyOf(former) === keyOf(queue) ? queue : former)),
});

/** Decodes a stored outbox; null if it is not of this form. */
export function decodeOutbox(json: unknown): Outbox | null {
  const list = member(json, "queues");
  if (!Array.isArray(list)) return null;
  const queues = list.map(decodeQueue).filter((queue) => queue !== null);
  return queues.length === list.length ? { queues } : null;
}

function decodeQueue(json: unknown): Queue | null {
  const channel = member(json, "channel");
  const topic = TOPICS.find((known) => known === member(json, "topic"));
  const attempts = member(json, "attempts");
  const notBefore = parseUnixMs(member(json, "notBefore"));
  const delivered = member(json, "delivered");
  const failing = decodeFailing(member(json, "failing"));
  const [events, setAside] = ["events", "setAside"].map((name) => decodeEvents(items(json, name)));
  if (typeof channel !== "string" || topic === undefined || typeof attempts !== "number") return null;
  if (notBefore === null || !isTexts(delivered) || failing === undefined) return null;
  if (events === undefined || setAside === undefined || events === null || setAside === null) return null;
  return { channel, topic, events, attempts, notBefore, failing, delivered, setAside };
}

function decodeEvents(list: readonly unknown[]): readonly MonitorEvent[] | null {
  const events = list.map(decodeEvent).filter((event) => event !== null);
  return events.length === list.length ? events : null;
}

/** Undefined if it is neither null nor of this form. */
function decodeFailing(json: unknown): Queue["failing"] | undefined {
  if (json === null) return null;
  const since = parseUnixMs(member(json, "since"));
  const reason = member(json, "reason");
  return isObject(json) && since !== null && typeof reason === "string" ? { since, reason } : undefined;
}
