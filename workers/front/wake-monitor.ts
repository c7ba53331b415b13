// SPDX-License-Identifier: Apache-2.0
// Wakes the monitor after an answer that may have added an entry. The answer does not wait for it, and an isolate that
// knows when the monitor looks next does not call it again before.

import { member } from "../../shared/json/member.ts";
import type { ServiceName } from "./routes.ts";

/** The services whose answers add entries. */
const WRITERS: ReadonlySet<ServiceName> = new Set(["ca", "log"]);
/** The clocks of two machines may differ by so much. */
const CLOCK_MARGIN_MS = 1_000;
/** After a failed call: whoever reads /healthz makes it good as well. */
const FAILED_MS = 10_000;

/** The way to the monitor. */
export interface MonitorAlarm {
  /** Wakes it; gives the time until when no further call is necessary. */
  readonly wake: () => Promise<unknown>;
  readonly waitUntil: (work: Promise<void>) => void;
}

const quietUntil = new WeakMap<object, number>();

/** Passes an answer through. @param env the isolate's environment, for which the time is remembered */
export async function wakeAfter(
  env: object,
  { service, method }: { readonly service: ServiceName; readonly method: string },
  alarm: MonitorAlarm,
  answer: Response | Promise<Response>,
): Promise<Response> {
  const response = await answer;
  const mayHaveAdded = response.status < 300 || response.status >= 500;
  if (method === "POST" && WRITERS.has(service) && mayHaveAdded && Date.now() >= (quietUntil.get(env) ?? 0)) {
    alarm.waitUntil(wake(env, alarm));
  }
  return response;
}

async function wake(env: object, alarm: MonitorAlarm): Promise<void> {
  try {
    const until = await alarm.wake();
    if (typeof until === "number") quietUntil.set(env, until - CLOCK_MARGIN_MS);
  } catch (error) {
    quietUntil.set(env, Date.now() + FAILED_MS);
    console.error(JSON.stringify({ code: "monitor_not_woken", reason: String(error) }));
  }
}

/** Reads the answer of the monitor's Worker to the gateway. */
export const readUntil = async (response: Response): Promise<unknown> => member(await response.json(), "until");
