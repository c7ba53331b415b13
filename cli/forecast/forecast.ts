// SPDX-License-Identifier: Apache-2.0
// When something of a deployment is full, if it goes on growing as it does: the storage of each log's object, the
// database of the search index, and what the Free plan allows for a day.
// Spec: https://developers.cloudflare.com/durable-objects/platform/limits/,
// https://developers.cloudflare.com/d1/platform/limits/

/** One entry of a log adds this, measured by `npm run bench -- --bill`. A signature is two entries. */
const EACH = { objectBytes: 50, objectRows: 5, d1Bytes: 90, d1Rows: 2.5 } as const;
/** Below this many entries, what a database holds says little about the next one. */
const TELLING_ENTRIES = 20_000;

/** Fewer days than this are shown by `sigedge doctor` as a warning, or as an error. */
export const WARNING_DAYS = 90;
export const ERROR_DAYS = 14;

/** A log now. */
export interface LogGrowth {
  readonly log: string;
  readonly size: number;
  /** Entries a day; null if it is not known. */
  readonly perDay: number | null;
  readonly isFrozen: boolean;
  readonly storageBytes: number | null;
  readonly storageLimitBytes: number | null;
}

/** One thing that becomes full. */
export interface Forecast {
  /** A stable word for scripts: `object:<log>`, `search:free`, `search:paid`, `rows:objects`, `rows:search`. */
  readonly what: string;
  /** For people: "the storage of the signature log". */
  readonly title: string;
  readonly used: number;
  readonly limit: number;
  readonly unit: "bytes" | "rows a day";
  /** Until it is full; 0 if it is, null if it never is at this rate. Not for what is used anew each day. */
  readonly days: number | null;
}

/** A log accepts no entries from 95 % of its storage on. */
const FULL_AT = 0.95;

const SEARCH_LIMITS = { free: { name: "Free plan", bytes: 500e6 }, paid: { name: "Paid plan", bytes: 10e9 } } as const;
const FREE_ROWS_A_DAY = 100_000;

/** Forecasts everything. @param searchBytes the size of the database, null if it is not known */
export function makeForecasts(logs: readonly LogGrowth[], searchBytes: number | null): readonly Forecast[] {
  const growing = logs.filter(({ isFrozen }) => !isFrozen);
  const perDay = growing.reduce<number | null>(
    (sum, each) => (sum === null || each.perDay === null ? null : sum + each.perDay),
    0,
  );
  // The young log of an old deployment may well be the busiest.
  const isKnown = perDay !== null && growing.length > 0;
  return [
    ...growing.flatMap(forecastObject),
    ...(searchBytes !== null && isKnown ? forecastSearch(logs, searchBytes, perDay) : []),
    ...(isKnown ? forecastRows(perDay) : []),
  ];
}

function forecastObject({ log, perDay, storageBytes, storageLimitBytes }: LogGrowth): readonly Forecast[] {
  if (perDay === null || storageBytes === null || storageLimitBytes === null) return [];
  const limit = storageLimitBytes * FULL_AT;
  const days = daysUntil(limit - storageBytes, perDay * EACH.objectBytes);
  return [
    { what: `object:${log}`, title: `the storage of the ${log} log`, used: storageBytes, limit, unit: "bytes", days },
  ];
}

function forecastSearch(logs: readonly LogGrowth[], bytes: number, perDay: number): readonly Forecast[] {
  const entries = logs.reduce((sum, { size }) => sum + size, 0);
  const each = entries >= TELLING_ENTRIES ? bytes / entries : EACH.d1Bytes;
  const plans = Object.entries(SEARCH_LIMITS).filter(([, plan]) => bytes <= plan.bytes);
  return plans.map(([what, plan]) => ({
    what: `search:${what}`,
    title: `the search index (${plan.name})`,
    used: bytes,
    limit: plan.bytes,
    unit: "bytes",
    days: daysUntil(plan.bytes - bytes, perDay * each),
  }));
}

const forecastRows = (perDay: number): readonly Forecast[] =>
  (
    [
      ["rows:objects", "rows of Durable Objects (Free plan)", EACH.objectRows],
      ["rows:search", "rows of the search index (Free plan)", EACH.d1Rows],
    ] as const
  ).map(([what, title, each]) => ({
    what,
    title,
    used: Math.round(perDay * each),
    limit: FREE_ROWS_A_DAY,
    unit: "rows a day",
    days: null,
  }));

const daysUntil = (left: number, perDay: number): number | null =>
  left <= 0 ? 0 : perDay === 0 ? null : Math.floor(left / perDay);
