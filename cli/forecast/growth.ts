// SPDX-License-Identifier: Apache-2.0
// How fast a log grows, by the times of its own entries.

import { member } from "../../shared/json/member.ts";
import type { LogConfig } from "../../shared/logs/config.ts";
import { getJson } from "../status/observe.ts";

const DAY_MS = 86_400_000;
/** Long enough for weekends to count, short enough for a team that has grown. */
const WINDOW_DAYS = 30;

/** Reads the time of an entry in ms, null if it cannot be read. */
export type ReadTime = (leafIndex: number) => Promise<number | null>;

/** Reads times over the routes of a deployment. */
export function timesOf({ name }: LogConfig, href: string): ReadTime {
  return async (leafIndex) => {
    const entry = await getJson(`${href}/api/entries/${leafIndex}?log=${encodeURIComponent(name)}`);
    const time = entry.ok ? member(entry.value, "timestampMs") : null;
    return typeof time === "number" ? time : null;
  };
}

/** A log whose growth is asked for. */
export interface GrowingLog {
  readonly size: number;
  /** When it was made, in ms. */
  readonly createdAt: number;
}

/**
 * Returns the entries that a log took each day, over the last 30 days or since it was made. Null for a log that is less
 * than a day old, and for one whose times cannot be read. Reads at most 53 entries, some twenty in a log of a million.
 */
export async function measureGrowth(
  read: ReadTime,
  { size, createdAt }: GrowingLog,
  now: number,
): Promise<number | null> {
  if (now - createdAt < DAY_MS) return null;
  const from = now - WINDOW_DAYS * DAY_MS;
  if (createdAt >= from) return size / ((now - createdAt) / DAY_MS);
  // The entries below `low` are older than the window, those from `high` on are in it.
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const time = await read(middle);
    if (time === null) return null;
    if (time < from) low = middle + 1;
    else high = middle;
  }
  return (size - low) / WINDOW_DAYS;
}
