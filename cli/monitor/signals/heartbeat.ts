// SPDX-License-Identifier: Apache-2.0
// Pushes to a dead man's switch: a service that raises an alarm when it hears nothing. A push says that the last pass
// read everything, so a monitor that is off, that fails or that has a gap is heard of by its silence.

import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type Coverage, coverageLine, isWhole } from "../coverage.ts";

/** The name of the dead man's switch among the channels. */
export const HEARTBEAT = "heartbeat";

/** Whether an event says that the switch cannot be reached. */
export const isHeartbeat = (event: MonitorEvent): boolean =>
  event.kind === "delivery.failed" && event.details.channel === HEARTBEAT;

const DEADLINE_MS = 10_000;

/** Whether a pass may say that all is covered. */
export const isCovered = (coverages: readonly Coverage[]): boolean =>
  coverages.length > 0 && coverages.every((coverage) => isWhole(coverage));

/** Pushes the coverage lines. The error says why the push failed. */
export async function pushHeartbeat(url: string, coverages: readonly Coverage[]): Promise<Result<null, string>> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: coverages.map((coverage) => `${coverageLine(coverage)}\n`).join(""),
      redirect: "error",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await response.body?.cancel();
    return response.ok ? ok(null) : err(`status ${response.status}`);
  } catch (error) {
    const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}
