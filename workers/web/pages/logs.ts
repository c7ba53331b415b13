// SPDX-License-Identifier: Apache-2.0
// The page of the logs: whether everything works, each log's size, growth, head and keys, and what expires when.

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { state } from "../../../shared/pages/icons.ts";
import type { LogReport } from "../../../shared/rpc/log-reads.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../../shared/time.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import type { TrustHealth } from "../../../shared/trust/health.ts";
import { code, field, NONE, table, withCopy } from "../parts/parts.ts";
import { type Bar, plot } from "../parts/plot.ts";
import { formatCount, formatDay, formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { type Heartbeat, heartbeatJson, listMonitorProblems, monitorSection } from "./heartbeat.ts";
import { nameLog } from "./site.ts";

/** Everything the page shows. */
export interface LogsFacts {
  readonly href: string;
  readonly now: UnixMs;
  /** The start of each day that the plots show. */
  readonly days: readonly UnixMs[];
  readonly reports: readonly LogReport[];
  /** Null if the trust service does not answer. */
  readonly trust: TrustHealth | null;
  readonly heartbeat: Heartbeat;
}

const DAY_MS = 86_400_000;
const PLOTTED_DAYS = 30;

/** The starts of the days that a plot shows, oldest first; today is the last. */
export function listDays(now: UnixMs): readonly UnixMs[] {
  const today = now - (now % DAY_MS);
  return Array.from({ length: PLOTTED_DAYS }, (_, i) => unixMs(today - (PLOTTED_DAYS - 1 - i) * DAY_MS));
}

export function logsPage(facts: LogsFacts): Answer {
  const { href, now, reports, trust, heartbeat } = facts;
  const problems = listProblems(facts);
  const [first = null] = problems;
  const title = first === null ? "Everything works" : headlineOf(facts);
  const sizes = reports.map(
    (log) => `${nameLog(log)}: ${log.head === null ? "no answer" : formatCount(log.head.treeSize, "entry", "entries")}`,
  );
  return {
    page: {
      status: 200,
      title: `${title}: logs and health`,
      description: `${title}. ${sizes.join(". ")}.`,
      canonical: "/logs",
      box: { text: "" },
      body: html`<h1>${title}</h1>
${first === null ? html`<p class="lead">All logs respond, and nothing needs an operator’s attention.</p>` : problemNote(problems)}
${reports.map((report) => logSection(report, facts))}
${monitorSection(heartbeat, now)}
${trust === null ? NONE : expirySection(trust)}
<section id="audit">
<h2>Check the logs yourself</h2>
${code(`npx sigedge audit ${href}`, "command")}
<p class="q sm">Reads every entry, recomputes every hash and compares with what you saw last time. <a href="/healthz">The same health for programs</a>.</p>
</section>`,
    },
    json: {
      status: first === null ? "SERVING" : "DEGRADED",
      problems,
      logs: reports.map(reportJson),
      monitor: heartbeatJson(heartbeat, now),
      expiries: trust?.expiries ?? null,
    },
  };
}

/** One line each, the logs that do not answer first. */
function listProblems({ reports, trust, heartbeat }: LogsFacts): readonly string[] {
  const silent = reports.filter(({ head }) => head === null).map((log) => `The ${lowerName(log)} does not answer.`);
  const unhappy = reports.flatMap((log) => describeStop(log) ?? []);
  const index = reports.some(({ searchable }) => searchable === null) ? ["The search index does not answer."] : [];
  const trusted = trust === null ? ["The trust service does not answer."] : trust.problems;
  const ofLogs = reports.flatMap(({ problems }) => problems);
  return [...new Set([...silent, ...unhappy, ...index, ...trusted, ...ofLogs, ...listMonitorProblems(heartbeat)])];
}

const lowerName = (log: LogReport): string => nameLog(log).replace(/^\w/, (letter) => letter.toLowerCase());

function describeStop(log: LogReport): string | null {
  const { description } = log;
  if (description === null || description.state === "running" || description.state === "frozen") return null;
  return `The ${lowerName(log)} takes no entries: ${description.reason ?? description.state}`;
}

/** The heading is the trouble. */
function headlineOf({ reports }: LogsFacts): string {
  const silent = reports.find(({ head }) => head === null);
  if (silent !== undefined) return `The ${lowerName(silent)} does not answer`;
  const stopped = reports.find((log) => describeStop(log) !== null);
  return stopped === undefined
    ? "The logs work, but an operator must act soon"
    : `The ${lowerName(stopped)} takes no entries`;
}

const problemNote = (problems: readonly string[]): Markup => html`<div class="note warn">
<h2>What an operator must do</h2>
<ul class="dots">
${problems.map((problem) => html`<li>${problem}</li>\n`)}</ul>
</div>`;

const STATES = {
  running: state("ok", "Growing"),
  frozen: state("ok", "Frozen for good"),
  starting: state("warn", "Starting"),
  refusing: state("bad", "Takes no entries"),
  full: state("bad", "Full"),
  over_quota: state("warn", "Over the day’s quota"),
} as const;

function logSection(report: LogReport, facts: LogsFacts): Markup {
  const { name, description, head, origin, url } = report;
  const shown = description === null ? state("bad", "Does not answer") : STATES[description.state];
  return html`<section id="${name}">
<div class="row ends"><h2>${nameLog(report)}</h2>${shown}</div>
${description === null ? NONE : html`<p class="q">${formatCount(description.treeSize, "entry", "entries")} since ${formatDay(description.createdAt)}.</p>`}
${growthPlot(report, facts)}
<dl class="kv">
${
  head === null
    ? NONE
    : html`${field("Newest head", withCopy(encodeBase64(head.rootHash), "root hash"))}${field("Signed", html`${timeTag(head.timestamp, "sentence")}, size ${formatNumber(head.treeSize)}`)}${field("Witnesses", describeWitnesses(report))}`
}${description === null ? NONE : html`${field("Storage", html`${formatCount(description.publishedEntries, "entry", "entries")} in full tiles, ${formatNumber(description.treeSize - description.publishedEntries)} newer in the log itself`)}${field("Search", html`${describeIndex(report)}`)}`}${field("Origin", html`<span class="m">${origin}</span>`)}${field("Address", html`<a class="m" href="${url}/checkpoint">${url}</a>`)}${(description?.vkeys ?? []).map((vkey) => field("Key", withCopy(vkey, "verification key")))}
</dl>
</section>`;
}

/** The lines of the checkpoint that are not the log's own. The log has verified each before it took it in. */
function describeWitnesses({ head, origin, description }: LogReport): Markup {
  const note = head === null ? null : parseNote(encodeUtf8(head.checkpoint));
  const names =
    note?.ok === true ? note.value.signatures.map(({ name }) => name).filter((name) => name !== origin) : [];
  if (names.length > 0)
    return html`${state("ok", `Countersigned by ${formatNumber(names.length)}`)}<br><span class="q">${names.join(", ")}</span>`;
  return description === null || description.witnessedSize === null
    ? html`This log has no witnesses`
    : html`Not yet countersigned; the newest countersigned head has size ${formatNumber(description.witnessedSize)}`;
}

function describeIndex({ searchable }: LogReport): string {
  if (searchable === null) return "The index does not answer";
  return searchable === 0 ? "The index is empty" : `Complete through entry ${formatNumber(searchable - 1)}`;
}

function growthPlot({ sizesAt, searchable }: LogReport, { days }: LogsFacts): Markup {
  if (sizesAt === null || searchable === null || sizesAt.length !== days.length) return NONE;
  const bars: readonly Bar[] = days.map((day, i) => ({
    label: formatDay(day, "short"),
    count: (sizesAt[i + 1] ?? searchable) - (sizesAt[i] ?? 0),
  }));
  return plot("New entries a day", bars);
}

const EXPIRES: Readonly<Record<string, string>> = {
  tuf_root: "Trusted keys (root)",
  tuf_targets: "Trusted keys (targets)",
  tuf_snapshot: "Trusted keys (snapshot)",
  tuf_timestamp: "Trusted keys (timestamp)",
  ca_certificate: "Signing authority",
  ca_root: "Root of the signing authority",
  tsa_certificate: "Timestamp authority",
  tsa_root: "Root of the timestamp authority",
};

function expirySection({ expiries, problems }: TrustHealth): Markup {
  const rows = expiries.map(({ what, expires, secondsLeft }) => {
    const at = unixMs(Math.max(0, Date.parse(expires)));
    const isDue = problems.some((problem) => problem.startsWith(`${what} `));
    const days = Math.floor(secondsLeft / 86_400);
    const left = secondsLeft < 0 ? "over" : days > 90 ? "" : `in ${formatCount(days, "day")}`;
    const shown = secondsLeft < 0 ? state("bad", "Expired") : isDue ? state("warn", "Renew it") : state("ok", "Fine");
    const name = Object.hasOwn(EXPIRES, what) ? (EXPIRES[what] ?? what) : what.replaceAll("_", " ");
    return [html`<b>${name}</b>`, html`${formatDay(at)}${left === "" ? "" : `, ${left}`}`, shown];
  });
  const columns = [
    { heading: "Key or document", kind: "w" },
    { heading: "Expires", label: "Expires" },
    { heading: "State" },
  ] as const;
  return html`<section>
<h2>What expires, and when</h2>
${table("What expires, and when", columns, rows)}
</section>`;
}

function reportJson({ name, kind, origin, url, head, description, searchable, problems }: LogReport): object {
  return {
    name,
    kind,
    origin,
    url,
    state: description?.state ?? "unreachable",
    treeSize: head?.treeSize ?? null,
    rootHash: head === null ? null : encodeBase64(head.rootHash),
    checkpoint: head?.checkpoint ?? null,
    signed: head === null ? null : formatRfc3339(head.timestamp),
    publishedEntries: description?.publishedEntries ?? null,
    searchable,
    vkeys: description?.vkeys ?? null,
    problems,
  };
}
