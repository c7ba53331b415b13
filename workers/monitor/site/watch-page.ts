// SPDX-License-Identifier: Apache-2.0
// GET /watch: what a person watches, how far the monitor has looked, and what the last 30 days would have told them.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { state } from "../../../shared/pages/icons.ts";
import type { LogProgress, MonitorState, PersonalWatch } from "../../../shared/rpc/monitor.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { formatRfc3339, type UnixMs, unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { type Page, respondWithPage } from "./respond.ts";
import { readSession, type Session } from "./session.ts";

const NONE = html``;
const PREVIEW_MS = 30 * 86_400_000;
const PREVIEW_HITS = 10;
const TITLE = "Know when somebody signs in your name";

/** A result of a form, shown above the rest. */
export type Notice = Markup;

/** Handles GET /watch. */
export async function serveWatchPage(request: Request, config: Config): Promise<Response> {
  const session = await readSession(request, config);
  return session === null ? showSignedOut(config) : await showWatches(config, session, NONE);
}

function showSignedOut(config: Config): Response {
  const body = html`<h1>${TITLE}</h1>
<p class="lead">A watch looks at every new entry of the logs and tells you when one is in your name. Sign in to prove whose name that is.</p>
${
  config.isSignInOn
    ? html`<p><a class="btn go" href="/watch/sign-in">Sign in to watch your name</a></p>`
    : html`<p class="note">Nobody can sign in at this deployment. Its operator can set up watches for teams.</p>`
}
<section><h2>Without signing in</h2>
<p>Every name and every search has an Atom feed, for a feed reader: <a class="m" href="/feed/alice@example.com">/feed/alice@example.com</a>.
It needs no account. The name is public in the logs; who reads its feed is not.</p></section>`;
  return respondWithPage(config.publicUrl, { title: TITLE, body });
}

/** The page of a person. @param notice what a form has done */
export async function showWatches(
  config: Config,
  session: Session,
  notice: Notice,
  more: Pick<Page, "status"> = {},
): Promise<Response> {
  const monitor = config.monitor.getByName(config.publicUrl.href);
  const since = unixMs(Math.max(0, Date.now() - PREVIEW_MS));
  const query = new URLSearchParams({
    identity: session.address,
    since: formatRfc3339(since),
    limit: String(PREVIEW_HITS),
  });
  const [watches, heartbeat, found] = await Promise.all([
    monitor.listWatches(session.name),
    monitor.readState(),
    config.logs.search(query.toString()).catch(() => null),
  ]);
  const body = html`<div class="row ends"><h1>${TITLE}</h1>${signOutForm(session)}</div>
<p class="lead">You are signed in as <b class="m">${session.address}</b>. ${describeLooks(heartbeat)}</p>
${notice}
${watches.length === 0 ? NONE : watchSection(session, watches)}
${newWatchSection(config, session)}
${previewSection(session, found?.ok === true ? found.value.hits : null)}`;
  return respondWithPage(config.publicUrl, { title: TITLE, body, ...more });
}

const makeHidden = (name: string, value: string): Markup => html`<input type="hidden" name="${name}" value="${value}">`;

const signOutForm = ({ formToken }: Session): Markup =>
  html`<form method="post" action="/watch/sign-out">${makeHidden("token", formToken)}<button>Sign out</button></form>`;

function describeLooks({ isWatching, logs }: MonitorState): string {
  if (!isWatching) return "Nobody watches anything here yet, so the monitor sleeps.";
  const seen = logs.map(({ log, next, completeAt }) =>
    completeAt === null ? `${log} log not yet` : `${log} log through entry ${next - 1}, ${formatClock(completeAt)}`,
  );
  const behind = logs.filter(isBehind);
  const lag = behind.length === 0 ? "no gap" : `still to look at: ${behind.map(countBehind).join(", ")}`;
  return `Last look: ${seen.join("; ")}; ${lag}.`;
}

const isBehind = ({ next, treeSize }: LogProgress): boolean => treeSize === null || next < treeSize;

const countBehind = ({ log, next, treeSize }: LogProgress): string =>
  treeSize === null ? `the ${log} log, which does not answer` : `${treeSize - next} of the ${log} log`;

const formatClock = (time: UnixMs): string => `${formatRfc3339(time).replace("T", " ").replace("Z", "")} UTC`;

function watchSection(session: Session, watches: readonly PersonalWatch[]): Markup {
  const rows = watches.map(
    (watch) => html`<tr role="row"><td role="cell" class="w">${describeReceiver(watch)}</td>
<td role="cell" data-l="State">${describeState(watch)}</td>
<td role="cell"><form class="row" method="post" action="/watch">${makeHidden("token", session.formToken)}${makeHidden("id", watch.id)}
<button name="do" value="test">Send a test</button> ${
      watch.pausedAt === null && watch.failingSince === null
        ? NONE
        : html`<button name="do" value="resume">Try again now</button> `
    }<button name="do" value="stop">Stop</button></form></td></tr>\n`,
  );
  return html`<section><h2>Your watches</h2>
<table class="stack" role="table" aria-label="Your watches">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Told by</th><th role="columnheader" scope="col">State</th><th role="columnheader" scope="col"><span class="vh">Change</span></th></tr></thead>
<tbody role="rowgroup">
${rows}</tbody></table>
<p class="sm q">A paused watch loses nothing: its messages wait.</p></section>`;
}

const describeReceiver = ({ kind, address, isDigest }: PersonalWatch): Markup => {
  const how = kind === "webhook" ? "Webhook" : isDigest ? "E-mail, once a day" : "E-mail, at once";
  return html`${how}<br> <span class="m sm">${address}</span>`;
};

function describeState({ pausedAt, failingSince, reason, pending }: PersonalWatch): Markup {
  const waiting = pending === 0 ? NONE : html`<br> <span class="sm q">messages that wait: ${String(pending)}</span>`;
  if (pausedAt !== null)
    return html`${state("warn", `Paused ${formatClock(pausedAt)}`)}<br> <span class="sm q">the receiver ${reason ?? "failed"}, for a week</span>${waiting}`;
  if (failingSince !== null)
    return html`${state("warn", `Failing since ${formatClock(failingSince)}`)}<br> <span class="sm q">the receiver ${reason ?? "failed"}</span>${waiting}`;
  return html`${state("ok", "Watching")}${waiting}`;
}

function newWatchSection({ mail }: Config, session: Session): Markup {
  const start = html`${makeHidden("token", session.formToken)}${makeHidden("do", "start")}`;
  const byMail =
    mail === null
      ? NONE
      : html`<div class="note row ends"><div><h3 class="t3">By e-mail</h3><p class="q">To the address that you have just proven.</p></div>
<form class="row" method="post" action="/watch">${start}<button class="go" name="by" value="mail">Watch ${session.address}</button> <button name="by" value="digest">Once a day</button></form></div>`;
  return html`<section><h2>Watch your own name</h2>
<p class="q">Every certificate and every signature for ${session.address}, from now on.</p>
${byMail}
<form class="flow slim" method="post" action="/watch">${start}
<label>Webhook <input name="url" type="url" required maxlength="512" placeholder="https://hooks.example.com/signatures" aria-describedby="hook"></label>
<p class="sm q" id="hook">A public https address. Messages are signed as Standard Webhooks says; you see the secret once.</p>
<p><button name="by" value="webhook">Watch by webhook</button></p></form>
<p>Or read the <a href="/feed/${encodeURIComponent(session.address)}">Atom feed of this name</a>, which needs no account.</p></section>`;
}

function previewSection({ address }: Session, hits: readonly SearchHit[] | null): Markup {
  const all = html`<a href="/identity-of/${encodeURIComponent(address)}">All entries in this name</a>`;
  if (hits === null)
    return html`<section><h2>The last 30 days</h2><p>The search index does not answer now. ${all}</p></section>`;
  if (hits.length === 0)
    return html`<section><h2>The last 30 days</h2><p>No entry in this name: a watch would have told you nothing. ${all}</p></section>`;
  const rows = hits.map(
    ({ log, index, kind, time }) =>
      html`<li><a href="/entry/${log}/${String(index)}">${kind} ${String(index)} of the ${log} log</a>, <time datetime="${time}">${time.replace("T", " ").replace("Z", " UTC")}</time></li>\n`,
  );
  return html`<section><h2>The last 30 days</h2>
<p>A watch would have told you of ${hits.length === PREVIEW_HITS ? "these and older ones" : "these"}. An entry that you do not know is a reason to ask who signed in as you.</p>
<ul>
${rows}</ul>
<p>${all}</p></section>`;
}
