// SPDX-License-Identifier: Apache-2.0
// Delivers what waits in the outbox, at least once: a message leaves the outbox after its receiver has accepted it. How
// much one wake-up sends is limited; the object's alarm goes on with the rest.

import { type MonitorEvent, makeEvent } from "../../../shared/monitor/event.ts";
import type { Result } from "../../../shared/result.ts";
import { type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Channel, Watch } from "../watching/watch.ts";
import type { Delivery, Due, Message, OutboxTable } from "./outbox-table.ts";

/** Watches that one wake-up serves, and messages of each: fewer requests than an invocation of the Free plan has. */
const MAX_WATCHES = 8;
const MAX_MESSAGES = 4;
/** Messages in one mail. */
const MAX_MAILED = 50;
/** Mails to one address about the same watch are at least so far apart; what arises meanwhile goes into one. */
const MAIL_PAUSE_MS = 600_000;
const DAY_MS = 86_400_000;

/** The parts that delivering needs. */
export interface CourierDeps {
  readonly outbox: OutboxTable;
  /** Null for a watch that is gone. */
  readonly findWatch: (id: string) => Watch | null;
  /** Sends messages of one watch together. The error completes "the webhook …" and holds nothing of its answer. */
  readonly send: (watch: Watch, events: readonly MonitorEvent[]) => Promise<Result<null, string>>;
  /** Called once when a watch is paused. */
  readonly paused: (watch: Watch, delivery: Delivery) => void;
  readonly now: () => UnixMs;
}

/** Delivers what is due, as much as one wake-up may. Does not reject because of a receiver. */
export async function deliverDue(deps: CourierDeps): Promise<void> {
  const ready = deps.outbox.listReady(deps.now(), MAX_WATCHES);
  await Promise.all(ready.map((id) => serveWatch(deps, id)));
}

async function serveWatch(deps: CourierDeps, id: string): Promise<void> {
  const { outbox, findWatch } = deps;
  const watch = findWatch(id);
  if (watch === null) return outbox.remove(id);
  if (watch.channel.kind === "mail") return await sendMail(deps, watch, watch.channel);
  for (const message of outbox.read(id, MAX_MESSAGES)) {
    if (!(await sendTogether(deps, watch, [message]))) return;
  }
}

async function sendMail(deps: CourierDeps, watch: Watch, { isDigest }: Channel & { kind: "mail" }): Promise<void> {
  const { outbox, now } = deps;
  const messages = outbox.read(watch.id, MAX_MAILED);
  const [first] = messages;
  if (first === undefined) return;
  const dueAt = isDigest ? nextDay(first.at) : first.at;
  if (dueAt > now()) return outbox.postpone(watch.id, dueAt);
  if (await sendTogether(deps, watch, messages)) outbox.postpone(watch.id, unixMs(now() + MAIL_PAUSE_MS));
}

/** When a digest with a message of this time is due: at the end of its day, UTC. */
const nextDay = (time: UnixMs): UnixMs => unixMs((Math.floor(time / DAY_MS) + 1) * DAY_MS);

/** Whether the receiver has accepted them. */
async function sendTogether(deps: CourierDeps, watch: Watch, messages: readonly Message[]): Promise<boolean> {
  const { outbox, now } = deps;
  const due: Due = { watch: watch.id, messages };
  const sent = await deps.send(
    watch,
    messages.map(({ event }) => event),
  );
  // Before this, nothing of the attempt is stored: a kill here sends the same messages again, with the same keys.
  if (sent.ok) {
    outbox.settle(due, (matches, since) => summarize(watch.id, matches, { since, at: now() }));
    return true;
  }
  const delivery = outbox.fail(watch.id, sent.error, now());
  if (delivery.pausedAt !== null) deps.paused(watch, delivery);
  return false;
}

const summarize = (
  watch: string,
  count: number,
  { since, at }: { readonly since: UnixMs; readonly at: UnixMs },
): MonitorEvent => makeEvent("backlog", { at, log: null, details: { what: `matches of ${watch}`, since, count } });
