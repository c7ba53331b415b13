// SPDX-License-Identifier: Apache-2.0
// The monitor's heartbeat on the page of the logs: how far it has looked in each log, when, and which messages wait.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { state } from "../../../shared/pages/icons.ts";
import type { LogProgress, MonitorState } from "../../../shared/rpc/monitor.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";
import { NONE, table } from "../parts/parts.ts";
import { capitalize, formatCount, timeTag } from "../parts/words.ts";

/** The heartbeat; null if the monitor does not answer in time. */
export type Heartbeat = MonitorState | null;

/** The problems of the monitor that an operator must mend, one line each. */
export const listMonitorProblems = (heartbeat: Heartbeat): readonly string[] =>
  heartbeat === null
    ? ["The monitor does not answer: nobody who watches is told anything."]
    : heartbeat.problems.map((problem) => `${capitalize(problem)}.`);

/** The section about the monitor. */
export const monitorSection = (heartbeat: Heartbeat, now: UnixMs): Markup => html`<section id="monitor">
<div class="row ends"><h2>Monitor</h2>${describeState(heartbeat)}</div>
<p class="q">Looks at every new entry and tells <a href="/watch">whoever watches its name</a>. ${describeOutbox(heartbeat)}</p>
${heartbeat === null || heartbeat.logs.length === 0 ? NONE : progressTable(heartbeat.logs, now)}
</section>`;

function describeState(heartbeat: Heartbeat): Markup {
  if (heartbeat === null) return state("bad", "Unknown: it does not answer");
  if (!heartbeat.isWatching) return html`<span class="q">Off: nobody watches anything</span>`;
  return heartbeat.problems.length > 0 ? state("bad", "Behind") : state("ok", "Watching");
}

function describeOutbox(heartbeat: Heartbeat): Markup {
  if (heartbeat === null) return NONE;
  const { pending, oldestPendingAt, paused } = heartbeat;
  const since = oldestPendingAt === null ? NONE : html`, the oldest since ${timeTag(oldestPendingAt, "sentence")}`;
  const waiting =
    pending === 0 ? html`No message waits` : html`${formatCount(pending, "message waits", "messages wait")}${since}`;
  const stopped =
    paused === 0 ? NONE : html` ${formatCount(paused, "watch is", "watches are")} paused: a week of attempts failed.`;
  return html`${waiting}.${stopped}`;
}

const COLUMNS = [
  { heading: "Log", kind: "w" },
  { heading: "Behind", label: "Behind" },
  { heading: "Last complete look", label: "Last complete look" },
] as const;

const progressTable = (logs: readonly LogProgress[], now: UnixMs): Markup =>
  table(
    "How far the monitor has looked",
    COLUMNS,
    logs.map((log) => [
      html`<b>${log.log}</b>`,
      html`${describeLag(log, now)}`,
      log.completeAt === null ? html`none yet` : timeTag(log.completeAt, "sentence"),
    ]),
  );

const entriesBehind = ({ next, treeSize }: LogProgress): number | null =>
  treeSize === null ? null : Math.max(0, treeSize - next);

const secondsBehind = ({ behindSince }: LogProgress, now: UnixMs): number =>
  behindSince === null ? 0 : Math.max(0, Math.floor((now - behindSince) / 1000));

function describeLag(log: LogProgress, now: UnixMs): string {
  const entries = entriesBehind(log);
  if (entries === null) return "unknown: the log does not answer";
  return entries === 0
    ? "0 entries"
    : `${formatCount(entries, "entry", "entries")}, for ${formatCount(secondsBehind(log, now), "second")}`;
}

const formatTime = (time: UnixMs | null): string | null => (time === null ? null : formatRfc3339(time));

/** The heartbeat for programs. */
export const heartbeatJson = (heartbeat: Heartbeat, now: UnixMs): object | null =>
  heartbeat === null
    ? null
    : {
        isWatching: heartbeat.isWatching,
        pendingMessages: heartbeat.pending,
        oldestPendingAt: formatTime(heartbeat.oldestPendingAt),
        pausedWatches: heartbeat.paused,
        logs: heartbeat.logs.map((log) => ({
          log: log.log,
          lookedThrough: log.next,
          treeSize: log.treeSize,
          entriesBehind: entriesBehind(log),
          secondsBehind: secondsBehind(log, now),
          lastCompleteLook: formatTime(log.completeAt),
        })),
      };
