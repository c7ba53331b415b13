// SPDX-License-Identifier: Apache-2.0
// Whether the logs accept entries, and whether storage and search keep up with them.

import { setTimeout as sleep } from "node:timers/promises";
import { member } from "../../shared/json/member.ts";
import { ok, type Result } from "../../shared/result.ts";
import { ERROR_DAYS, type Forecast, WARNING_DAYS } from "../forecast/forecast.ts";
import { describeForecast, readForecasts } from "../forecast/read.ts";
import { listLogs } from "../served-log/served-logs.ts";
import { type Gauge, gaugeOf } from "../status/gauges.ts";
import { gaugesOf, getJson, readTreeSize } from "../status/observe.ts";
import { PATHS } from "../status/paths.ts";
import { conclude, concludeInPart, error, type Finding, type Outcome, warning } from "./finding.ts";
import { readAs, type Site } from "./site.ts";

/** Longer than the log needs to feed an entry to the search index. */
const FEED_MS = 3_000;
/** More than the backlog of a busy minute. */
const MAX_BACKLOG = 10_000;

/** Checks the logs by the gauges. */
export async function checkLogs(site: Site): Promise<Outcome> {
  const gauges = await readAs(site, PATHS.metrics, gaugesOf);
  if (!gauges.ok) {
    const reason =
      gauges.error === `${PATHS.metrics} answers 404` ? `a split deployment has no ${PATHS.metrics}` : gauges.error;
    return concludeInPart([], [reason]);
  }
  const logs = await listLogs(site.publicUrl);
  return conclude(logs.flatMap(({ name }) => logFindings(name, gauges.value, site)));
}

function logFindings(log: string, gauges: readonly Gauge[], { advice }: Site): readonly Finding[] {
  const gauge = (name: string): number => gaugeOf(gauges, `sigedge_log_${name}`, { log }) ?? 0;
  const findings: Finding[] = [];
  if (gaugeOf(gauges, "sigedge_log_running", { log }) === 0 && gauge("frozen") === 0) {
    const fix = `see the Worker's log for the reason (${advice.tail("sequencer")}), and docs/log.md for the remedy`;
    findings.push(error("logs", `the ${log} log accepts no entries`, fix));
  }
  for (const [name, where] of [
    ["publish_backlog_entries", "R2"],
    ["search_backlog_entries", "the search index"],
  ] as const) {
    const fix = `check that ${where} answers, and that the plan's daily limits are not used up`;
    if (gauge(name) > MAX_BACKLOG)
      findings.push(warning("logs", `${where} is ${gauge(name)} entries behind the ${log} log`, fix));
  }
  return findings;
}

/** Checks that nothing is full within months, at the rate at which the logs grow. */
export async function checkForecasts(site: Site): Promise<Outcome> {
  const gauges = await readAs(site, PATHS.metrics, gaugesOf);
  // Another check says why there are none.
  if (!gauges.ok) return concludeInPart([], [gauges.error]);
  const forecasts = await readForecasts(site.publicUrl.href, await listLogs(site.publicUrl), gauges.value);
  return conclude(forecasts.flatMap(reportForecast));
}

/** The share of a day's allowance above which a busier day exceeds it. */
const MUCH_OF_A_DAY = 0.7;

function reportForecast(forecast: Forecast): readonly Finding[] {
  const { what, used, limit, unit, days } = forecast;
  const found = describeForecast(forecast);
  if (unit === "rows a day") {
    const fix = "the Paid plan; on the Free plan, what comes later on such a day is refused until 00:00 UTC";
    return used > limit * MUCH_OF_A_DAY ? [warning("forecast", found, fix)] : [];
  }
  if (days === null || days >= WARNING_DAYS) return [];
  // Nobody outside knows the plan, so what only the Free one limits is no error.
  if (what === "search:free") return [warning("forecast", found, "the Paid plan, whose database holds 10 GB")];
  const make = days < ERROR_DAYS ? error : warning;
  const fix = what.startsWith("object:")
    ? "open the next log: npx sigedge rotate signature-log (or certificate-log, rekor-v1-log) --url https://HOST"
    : "signing goes on without search; entries beyond it are found by their index alone";
  return [make("forecast", found, fix)];
}

/** Checks that search finds what is in the logs. */
export async function checkSearch(site: Site): Promise<Outcome> {
  const { href } = site.publicUrl;
  const sizes = await readTreeSizes(site);
  const unread = sizes.flatMap(([log, size]) => (size === null ? [`the ${log} log's checkpoint cannot be read`] : []));
  const first = await readCompleteness(href);
  // The log feeds the index within a second or two.
  const isBehind = first.ok && sizes.some(([log, size]) => (first.value[log] ?? 0) < (size ?? 0));
  if (isBehind) await sleep(FEED_MS);
  const answer = isBehind ? await readCompleteness(href) : first;
  if (answer.ok) {
    const found = sizes.flatMap(([log, size]) => reportIncomplete(log, size ?? 0, answer.value[log] ?? 0, site));
    return concludeInPart(found, unread);
  }
  const problems = await site.problems();
  const isKnown = problems.some((problem) => answer.error.includes(problem));
  if (isKnown) return concludeInPart([], [`${PATHS.search} ${answer.error}`]);
  return concludeInPart([error("search", `${PATHS.search} ${answer.error}`, adviseUnavailable(site))], unread);
}

const adviseUnavailable = ({ advice }: Site): string =>
  `see the Worker's log for the reason (${advice.tail("log")}); a new database needs its tables: ${advice.migrate}`;

type Completeness = Readonly<Record<string, number>>;

/** Up to which index search finds the entries of each log. */
async function readCompleteness(href: string): Promise<Result<Completeness, string>> {
  const json = await getJson(`${href}${PATHS.search}?email=doctor@example.com`);
  if (!json.ok) return json;
  const sizes = Object.entries(member(json.value, "completeThroughByLog") ?? {});
  return ok(Object.fromEntries(sizes.map(([log, size]) => [log, Number(size)])));
}

/** Sizes of the logs, by name, as their checkpoints have them; null if there is no checkpoint. */
async function readTreeSizes({ publicUrl }: Site): Promise<readonly (readonly [log: string, size: number | null])[]> {
  const logs = await listLogs(publicUrl);
  return Promise.all(
    logs.map(async ({ name, baseUrl }) => [name, await readTreeSize(`${baseUrl}${PATHS.checkpoint}`)] as const),
  );
}

function reportIncomplete(log: string, size: number, complete: number, { advice }: Site): readonly Finding[] {
  if (complete >= size) return [];
  const found = `search finds ${complete} of the ${size} entries of the ${log} log`;
  const fix = `the log restores what a lost database lacks; this does it now, and removes the rows of another log: ${advice.reindex}`;
  return [warning("search", found, fix)];
}
