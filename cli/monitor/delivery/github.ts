// SPDX-License-Identifier: Apache-2.0
// Opens one issue for an event. A marker in its body finds it again, so that a repeated delivery is no second issue.
// Spec: https://docs.github.com/en/rest/issues/issues; https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

import { isList, member } from "../../../shared/json/member.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { describeEvent } from "../../../shared/monitor/message.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../../shared/time.ts";
import type { GitHubTarget } from "../config/config.ts";
import type { Attempt } from "./deliver.ts";
import { type Answer, judgeAnswer, sendRequest, toFailure } from "./http.ts";
import { shortKeyOf } from "./message-id.ts";

/** The time of the events' clock. */
interface Clock {
  readonly now: () => UnixMs;
}

/** Opens an issue unless there is one. */
export async function openIssue(target: GitHubTarget, event: MonitorEvent, { now }: Clock): Promise<Attempt> {
  const found = await findIssue(target, event, now);
  if (found !== "missing") return found;
  const { subject } = describeEvent(event);
  const { labels, assignees } = target;
  const body = JSON.stringify({ title: subject, body: bodyOf(event), labels, assignees });
  const answer = await sendRequest({ url: issuesUrl(target), headers: headersOf(target), body, wantsText: false });
  return answer.ok ? judgeGitHub(answer.value, now()) : toFailure(answer.error);
}

const issuesUrl = ({ apiUrl, repository }: GitHubTarget): string => `${apiUrl}/repos/${repository}/issues`;

const headersOf = ({ token }: GitHubTarget): Readonly<Record<string, string>> => ({
  accept: "application/vnd.github+json",
  authorization: `Bearer ${token.reveal()}`,
  "content-type": "application/json",
  "x-github-api-version": "2022-11-28",
});

const markerOf = (event: MonitorEvent): string => `<!-- sigedge-monitor ${shortKeyOf(event)} -->`;

/** The text in a block of code, in which nothing is a link, a mention or an end of the block. */
function bodyOf(event: MonitorEvent): string {
  const { text } = describeEvent(event);
  const longest = (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 0);
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text}${fence}\n\n${markerOf(event)}\n`;
}

const PAGE_ITEMS = 100;
/** A repository in which more issues changed since the event is no place for alerts. */
const MAX_PAGES = 20;
/** By how much the clocks of GitHub and of this machine may differ. */
const CLOCK_SLACK_MS = 3_600_000;

/** Looks through the issues that changed since the event: the search of GitHub knows a new one only after a while. */
async function findIssue(target: GitHubTarget, event: MonitorEvent, now: () => UnixMs): Promise<Attempt | "missing"> {
  const since = formatRfc3339(unixMs(Math.max(0, event.at - CLOCK_SLACK_MS)));
  const marker = markerOf(event);
  for (let page = 1; page <= MAX_PAGES; page++) {
    const query = `state=all&since=${since}&sort=created&direction=desc&per_page=${PAGE_ITEMS}&page=${page}`;
    const url = `${issuesUrl(target)}?${query}`;
    const answer = await sendRequest({ url, headers: headersOf(target), body: null, wantsText: true });
    if (!answer.ok) return toFailure(answer.error);
    if (answer.value.status !== 200) return judgeGitHub(answer.value, now());
    const issues = parseIssues(answer.value.text);
    if (issues === null) return toFailure("GitHub's list of issues is no JSON, or too long");
    if (issues.some((issue) => hasMarker(issue, marker))) return { kind: "delivered" };
    if (issues.length < PAGE_ITEMS) return "missing";
  }
  return "missing";
}

function parseIssues(text: string | null): readonly unknown[] | null {
  try {
    const json: unknown = JSON.parse(text ?? "");
    return isList(json) ? json : null;
  } catch {
    return null;
  }
}

function hasMarker(issue: unknown, marker: string): boolean {
  const body = member(issue, "body");
  return typeof body === "string" && body.includes(marker);
}

/** GitHub answers 403 or 429 beyond a rate limit, and says when it ends in one of two headers. */
function judgeGitHub(answer: Answer, at: UnixMs): Attempt {
  const attempt = judgeAnswer(answer, at);
  // Only 201 is an issue, and only 200 a list; a redirect means that the repository has another name.
  if (attempt.kind === "delivered" && answer.status !== 201) return toFailure(`status ${answer.status}`);
  if (attempt.kind === "delivered" || answer.headers.get("x-ratelimit-remaining") !== "0") return attempt;
  const reset = Number(answer.headers.get("x-ratelimit-reset"));
  const waitMs = Number.isSafeInteger(reset) ? Math.max(0, reset * 1000 - at) : 0;
  return { ...attempt, retryAfterMs: Math.max(attempt.retryAfterMs ?? 0, waitMs) };
}
