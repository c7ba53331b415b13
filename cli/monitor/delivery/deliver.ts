// SPDX-License-Identifier: Apache-2.0
// Delivers what is due. Queues are independent: one that fails or hangs holds up no other. An event leaves its queue
// only after its receiver took it, so that a process that dies in between delivers it again, under the same key.

import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import {
  dueQueues,
  type Outbox,
  type Queue,
  withDelivered,
  withFailure,
  withQueue,
} from "../../../shared/monitor/outbox.ts";
import type { UnixMs } from "../../../shared/time.ts";
import type { Channel, Target } from "../config/config.ts";

/** The end of one attempt. */
export type Attempt =
  | { readonly kind: "delivered" }
  | {
      readonly kind: "failed";
      /** For people; holds no secret. */
      readonly reason: string;
      /** Whether the receiver rejected this event, and not the sender or the time. */
      readonly isRejection: boolean;
      readonly retryAfterMs: number | null;
    };

/** The outside, as delivery needs it. */
export interface DeliveryPorts {
  readonly now: () => UnixMs;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Sends one event once. Does not throw. */
  readonly send: (target: Target, event: MonitorEvent) => Promise<Attempt>;
}

/** Delivery stops beginning attempts after this time, so that it never holds up the scan for long. */
const MAX_RUN_MS = 60_000;

/** Delivers events until each queue is empty, has failed or is out of time. A queue whose channel is gone is kept. */
export async function deliverDue(outbox: Outbox, channels: readonly Channel[], ports: DeliveryPorts): Promise<Outbox> {
  const end = ports.now() + MAX_RUN_MS;
  const targets = new Map(channels.map(({ name, target }) => [name, target]));
  const done = await Promise.all(
    dueQueues(outbox, ports.now()).flatMap((queue) => {
      const target = targets.get(queue.channel);
      return target === undefined ? [] : [runQueue(queue, { target, ports, end })];
    }),
  );
  return done.reduce(withQueue, outbox);
}

interface Run {
  readonly target: Target;
  readonly ports: DeliveryPorts;
  readonly end: number;
}

async function runQueue(queue: Queue, { target, ports, end }: Run): Promise<Queue> {
  let current = queue;
  for (const event of queue.events) {
    if (ports.now() >= end) break;
    const attempt = await ports.send(target, event);
    if (attempt.kind === "failed") {
      const { reason, isRejection, retryAfterMs } = attempt;
      return withFailure(current, { at: ports.now(), reason, isRejection, retryAfterMs, jitter: ports.random() });
    }
    current = withDelivered(current);
  }
  return current;
}
