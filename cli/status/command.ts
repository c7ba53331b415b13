// SPDX-License-Identifier: Apache-2.0
// `sigedge status URL`: what a deployment is and how far it is, in a dozen lines.

import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { readFlags } from "../flags.ts";
import { count } from "../progress.ts";
import { say, styled } from "../terminal.ts";
import { type Gauge, gaugeOf } from "./gauges.ts";
import { type Expiry, expiriesOf, get, type Health, readGauges, readHealth, readTrustRoot } from "./observe.ts";

const USAGE = `sigedge status URL [--json]

Shows what a deployment says of itself: whether it serves, how large its logs are, how far storage and search are
behind, and what expires when. Needs no login.

  --json           one JSON object on standard output

Exit code: 0 it serves and nothing is wrong, 1 something is, 2 wrong use.`;

const FLAGS = {
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const DAY_MS = 86_400_000;

interface LogStatus {
  readonly log: string;
  readonly size: number | null;
  readonly running: boolean | null;
  /** Entries that R2, D1 and the witnesses do not have yet; null where nothing is told. */
  readonly behind: { readonly r2: number | null; readonly d1: number | null; readonly witnesses: number | null };
  readonly headAt: string | null;
}

interface Status {
  readonly url: string;
  readonly health: Health;
  readonly logs: readonly LogStatus[];
  readonly expiries: readonly { readonly what: string; readonly at: string; readonly days: number }[];
  /** What could not be read. */
  readonly unreadable: readonly string[];
}

/** Runs the command; gives its exit code. */
export async function statusCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) {
    process.stderr.write(`sigedge status: ${options.error}\n`);
    return 2;
  }
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const { url, json } = options.value;
  const health = await readHealth(url);
  if (!health.ok) {
    process.stderr.write(`sigedge status: ${url} does not answer (${health.error})\n`);
    return 1;
  }
  const status = await readStatus(url, health.value);
  say(json ? JSON.stringify(status) : statusText(status));
  return isWell(status) ? 0 : 1;
}

function readOptions(args: readonly string[]): Result<{ readonly url: string; readonly json: boolean } | null, string> {
  const flags = readFlags(args, FLAGS);
  if (!flags.ok) return flags;
  const { values, positionals } = flags.value;
  if (values.help) return ok(null);
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    return err("give the address of a deployment: sigedge status https://HOST");
  const url = parsePublicUrl(text.replace(/\/$/, ""));
  return url.ok ? ok({ url: url.value.href, json: values.json }) : err(`the address ${url.error.reason}`);
}

async function readStatus(url: string, health: Health): Promise<Status> {
  const [gauges, root, signature, certificate] = await Promise.all([
    readGauges(url),
    readTrustRoot(url),
    sizeOf(`${url}/checkpoint`),
    sizeOf(`${url}/ct/checkpoint`),
  ]);
  const figures = gauges.ok ? gauges.value : [];
  const unreadable = [
    ...(gauges.ok ? [] : [`/metrics ${gauges.error}`]),
    ...(root.ok ? [] : [`/trusted_root.json ${root.error}`]),
  ];
  const expiries = root.ok ? expiriesOf(root.value, figures) : [];
  return {
    url,
    health,
    logs: [logStatus("signature", signature, figures), logStatus("certificate", certificate, figures)],
    expiries: expiries.map(told),
    unreadable,
  };
}

/** The second line of a checkpoint. */
async function sizeOf(url: string): Promise<number | null> {
  const answer = await get(url);
  const line = answer.ok && answer.value.status === 200 ? answer.value.text.split("\n")[1] : undefined;
  return line !== undefined && /^\d+$/.test(line) ? Number(line) : null;
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
      d1: gauge("index_backlog_entries"),
      witnesses: gauge("witness_lag_entries"),
    },
    headAt: head === null ? null : new Date(head * 1000).toISOString(),
  };
}

const told = ({ what, at }: Expiry): Status["expiries"][number] => ({
  what,
  at: at.toISOString(),
  days: Math.floor((at.getTime() - Date.now()) / DAY_MS),
});

const isWell = ({ health, logs, expiries, unreadable }: Status): boolean =>
  health.status === "SERVING" &&
  logs.every(({ size, running }) => size !== null && running !== false) &&
  expiries.every(({ days }) => days >= 0) &&
  // The edge of a split deployment has no metrics.
  unreadable.every((line) => line === "/metrics answers 404");

function statusText({ url, health, logs, expiries, unreadable }: Status): string {
  const serves = health.status === "SERVING" ? styled("green", "serves") : styled("red", health.status);
  return [
    `${styled("bold", url)} ${serves}`,
    ...health.problems.map((problem) => `  ${styled("red", problem)}`),
    "",
    ...logs.map(logText),
    "",
    ...expiries.map(({ what, at, days }) => {
      const style = days < 0 ? "red" : days < 30 ? "yellow" : "dim";
      return `${what.padEnd(24)} expires ${at.slice(0, 10)} ${styled(style, `in ${count(days)} days`)}`;
    }),
    ...unreadable.map((line) => styled("yellow", line)),
  ].join("\n");
}

const behindOf = (name: string, entries: number | null): readonly string[] =>
  entries === null || entries === 0 ? [] : [`${name} ${count(entries)} behind`];

function logText({ log, size, running, behind, headAt }: LogStatus): string {
  const parts = [
    size === null ? styled("red", "unreadable") : `${count(size)} entries`,
    running === false ? styled("red", "takes no entries") : "",
    ...behindOf("R2", behind.r2),
    ...behindOf("search", behind.d1),
    ...behindOf("witnesses", behind.witnesses),
    headAt === null ? "" : `last at ${headAt}`,
  ];
  return `${`${log} log`.padEnd(24)} ${parts.filter((part) => part !== "").join(", ")}`;
}
