// SPDX-License-Identifier: Apache-2.0
// Reads what the forecasts of a deployment are made of, and formats them for a terminal.

import type { LogConfig } from "../../shared/logs/config.ts";
import { count } from "../progress.ts";
import { type Gauge, gaugeOf } from "../status/gauges.ts";
import { type Forecast, type LogGrowth, makeForecasts } from "./forecast.ts";
import { measureGrowth, timesOf } from "./growth.ts";

/** Reads how fast each log grows, and forecasts. Empty where the deployment has no gauges. */
export async function readForecasts(
  href: string,
  logs: readonly LogConfig[],
  gauges: readonly Gauge[],
): Promise<readonly Forecast[]> {
  if (gauges.length === 0) return [];
  const now = Date.now();
  const growths = logs.map(async (log): Promise<LogGrowth> => {
    const gauge = (name: string): number | null => gaugeOf(gauges, `sigedge_log_${name}`, { log: log.name });
    const size = gauge("size") ?? 0;
    const createdAt = gauge("created_timestamp_seconds");
    return {
      log: log.name,
      size,
      perDay:
        createdAt === null ? null : await measureGrowth(timesOf(log, href), { size, createdAt: createdAt * 1000 }, now),
      isFrozen: gauge("frozen") === 1,
      storageBytes: gauge("storage_bytes"),
      storageLimitBytes: gauge("storage_limit_bytes"),
    };
  });
  return makeForecasts(await Promise.all(growths), gaugeOf(gauges, "sigedge_search_bytes", {}));
}

const MEGABYTE = 1e6;
const CENTURY_DAYS = 36_525;

/** One line: what is used of how much, and when it is full. */
export function describeForecast({ title, used, limit, unit, days }: Forecast): string {
  if (unit === "rows a day") return `${title}: ${count(used)} a day of ${count(limit)}`;
  const amount = `${title}: ${formatBytes(used)} of ${formatBytes(limit)}`;
  if (days === 0) return `${amount}, full`;
  return `${amount}, full in ${days === null || days > CENTURY_DAYS ? "more than 100 years" : `${count(days)} days`}`;
}

const formatBytes = (bytes: number): string =>
  bytes >= 1000 * MEGABYTE ? `${(bytes / 1000 / MEGABYTE).toFixed(1)} GB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
