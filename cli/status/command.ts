// SPDX-License-Identifier: Apache-2.0
// `sigedge status [URL]`: the state of a deployment in a dozen lines.

import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { defineCommand } from "../command.ts";
import { DEPLOYMENT_FLAGS, type Deployment, readDeployment, selectDeployment } from "../deployment/deployment.ts";
import {
  describeOverdue,
  describePending,
  isOverdue,
  postponeRetirement,
  readUndeployed,
} from "../deployment/undeployed.ts";
import { ERROR_DAYS, type Forecast, WARNING_DAYS } from "../forecast/forecast.ts";
import { describeForecast, readForecasts } from "../forecast/read.ts";
import { count } from "../progress.ts";
import { listLogs } from "../served-log/served-logs.ts";
import { paint } from "../terminal.ts";
import { type Gauge, gaugeOf } from "./gauges.ts";
import {
  type Expiry,
  expiriesOf,
  type Health,
  readGauges,
  readHealth,
  readTreeSize,
  readTrustRoot,
} from "./observe.ts";
import { PATHS } from "./paths.ts";

const DAY_MS = 86_400_000;

interface LogStatus {
  readonly log: string;
  readonly size: number | null;
  readonly running: boolean | null;
  /** Entries that R2, D1 and the witnesses do not have yet; null where the deployment reports no number. */
  readonly behind: { readonly r2: number | null; readonly d1: number | null; readonly witnesses: number | null };
  readonly headAt: string | null;
}

interface Status {
  readonly url: string;
  readonly health: Health;
  readonly logs: readonly LogStatus[];
  /** When something is full at the rate of the last 30 days. Empty for a log of less than a day. */
  readonly forecasts: readonly Forecast[];
  readonly expiries: readonly { readonly what: string; readonly at: string; readonly days: number }[];
  /** Retirements of keys that are planned in the folder and not deployed, one sentence each. */
  readonly retirements: readonly string[];
  /** Routes that could not be read, each with the reason. */
  readonly unreadable: readonly string[];
}

export const STATUS = defineCommand({
  name: "status",
  summary: "show whether a deployment serves, its logs, and what is full or expires when",
  usage: ["status [URL] [options]"],
  description: [
    "Shows what a deployment reports on its public routes: whether it serves, how large its logs are, how far storage and search lag behind them, when something is full if the logs grow on as in the last 30 days, and what expires when. Needs no login.",
  ],
  arguments: [
    { name: "URL", description: "The address of the deployment: https://HOST. Default: the deployment of the folder." },
  ],
  flags: DEPLOYMENT_FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    { title: "Show the state of a deployment", command: "npx sigedge status https://sign.example.com" },
    {
      title: "Print the size of its logs",
      command: "npx sigedge status https://sign.example.com --json | jq '.logs[] | {log, size}'",
    },
  ],
  exitCodes: {
    0: "The deployment serves and nothing is wrong.",
    1: "Something is wrong, or the deployment does not answer.",
    2: "The arguments are wrong.",
  },
  read: ({ values, positionals: [text, ...more] }): Result<Options, string> => {
    if (more.length > 0) return err("give one address");
    if (text === undefined) return readFolder(values);
    const url = parsePublicUrl(text.replace(/\/$/, ""));
    return url.ok ? ok({ url: url.value, deployment: null }) : err(`the address ${url.error.reason}`);
  },
  run: async (options, output) => {
    const { href } = options.url;
    const health = await readHealth(href);
    if (!health.ok) return err(`${href} does not answer (${health.error})`);
    const status = await readStatus(options, health.value);
    output.result(status, statusText(status));
    return ok(isWell(status) ? 0 : 1);
  },
});

interface Options {
  readonly url: PublicUrl;
  /** Null for an address that was given: whose folder it has is not known. */
  readonly deployment: Deployment | null;
}

/** The deployment in the folder. */
function readFolder(values: Parameters<typeof selectDeployment>[0]): Result<Options, string> {
  const selection = selectDeployment(values);
  if (!selection.ok) return selection;
  const deployment = readDeployment(selection.value.folder);
  if (!deployment.ok) return deployment;
  const url = deployment.value?.publicUrl ?? null;
  if (url === null) return err("give the address of a deployment: sigedge status https://HOST");
  return ok({ url, deployment: deployment.value });
}

async function readStatus({ url: publicUrl, deployment }: Options, health: Health): Promise<Status> {
  const url = publicUrl.href;
  const logs = await listLogs(publicUrl);
  const [gauges, root, sizes, retirements] = await Promise.all([
    readGauges(url),
    readTrustRoot(url),
    Promise.all(logs.map(({ baseUrl }) => readTreeSize(`${baseUrl}${PATHS.checkpoint}`))),
    deployment === null ? [] : readRetirements(deployment),
  ]);
  const figures = gauges.ok ? gauges.value : [];
  const unreadable = [
    ...(gauges.ok ? [] : [`${PATHS.metrics} ${gauges.error}`]),
    ...(root.ok ? [] : [`${PATHS.trustedRoot} ${root.error}`]),
  ];
  const expiries = root.ok ? expiriesOf(root.value, figures) : [];
  return {
    url,
    health,
    logs: logs.map(({ name }, i) => logStatus(name, sizes[i] ?? null, figures)),
    forecasts: await readForecasts(url, logs, figures),
    expiries: expiries.map(expiryJson),
    retirements,
    unreadable,
  };
}

function logStatus(log: string, size: number | null, gauges: readonly Gauge[]): LogStatus {
  const gauge = (name: string): number | null => gaugeOf(gauges, `sigedge_log_${name}`, { log });
  const running = gauge("running");
  const head = gauge("head_timestamp_seconds");
  return {
    log,
    size: gauge("size") ?? size,
    running: running === null ? null : running === 1,
    behind: {
      r2: gauge("publish_backlog_entries"),
      // By D1's own account; a deployment of an older version has only that of its log.
      d1: gauge("search_backlog_entries") ?? gauge("index_backlog_entries"),
      witnesses: gauge("witness_lag_entries"),
    },
    headAt: head === null ? null : new Date(head * 1000).toISOString(),
  };
}

const expiryJson = ({ what, at }: Expiry): Status["expiries"][number] => ({
  what,
  at: at.toISOString(),
  days: Math.floor((at.getTime() - Date.now()) / DAY_MS),
});

/** None if the trusted root cannot be read, which is reported apart. */
async function readRetirements(deployment: Deployment): Promise<readonly string[]> {
  const undeployed = await readUndeployed(deployment);
  if (!undeployed.ok) return [undeployed.error];
  const now = Date.now();
  return undeployed.value.map((one) =>
    isOverdue(one, now) ? `${describeOverdue(one)}; ${postponeRetirement(deployment, one, now)}` : describePending(one),
  );
}

const isWell = ({ health, logs, expiries, retirements, unreadable }: Status): boolean =>
  health.status === "SERVING" &&
  logs.every(({ size, running }) => size !== null && running !== false) &&
  expiries.every(({ days }) => days >= 0) &&
  retirements.length === 0 &&
  // The gateway of a split deployment has no metrics.
  unreadable.every((line) => line === `${PATHS.metrics} answers 404`);

function statusText({ url, health, logs, forecasts, expiries, retirements, unreadable }: Status): string {
  const serves = health.status === "SERVING" ? paint("green", "serves") : paint("red", health.status);
  return [
    `${paint("bold", url)} ${serves}`,
    ...health.problems.map((problem) => `  ${paint("red", problem)}`),
    "",
    ...logs.map(logText),
    ...(forecasts.length === 0 ? [] : ["", ...forecasts.map(forecastText)]),
    "",
    ...expiries.map(({ what, at, days }) => {
      const style = days < 0 ? "red" : days < 30 ? "yellow" : "dim";
      return `${what.padEnd(24)} expires ${at.slice(0, 10)} ${paint(style, `in ${count(days)} days`)}`;
    }),
    ...[...retirements, ...unreadable].map((line) => paint("yellow", line)),
  ].join("\n");
}

function forecastText(forecast: Forecast): string {
  const days = forecast.days ?? Number.POSITIVE_INFINITY;
  const style = days < ERROR_DAYS ? "red" : days < WARNING_DAYS ? "yellow" : "dim";
  return paint(style, describeForecast(forecast));
}

const describeLag = (name: string, entries: number | null): readonly string[] =>
  entries === null || entries === 0 ? [] : [`${name} ${count(entries)} behind`];

function logText({ log, size, running, behind, headAt }: LogStatus): string {
  const parts = [
    size === null ? paint("red", "unreadable") : `${count(size)} entries`,
    running === false ? paint("red", "accepts no entries") : "",
    ...describeLag("R2", behind.r2),
    ...describeLag("search", behind.d1),
    ...describeLag("witnesses", behind.witnesses),
    headAt === null ? "" : `last at ${headAt}`,
  ];
  return `${`${log} log`.padEnd(24)} ${parts.filter((part) => part !== "").join(", ")}`;
}
