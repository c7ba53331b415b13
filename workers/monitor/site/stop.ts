// SPDX-License-Identifier: Apache-2.0
// /watch/stop: ends the watch that a message names, without a sign-in. A mail program posts there by itself when its
// user asks it to unsubscribe; a person gets a page with one button, since programs also follow links.
// Spec: RFC 8058 §3.1, §3.2

import { html } from "../../../shared/http/markup.ts";
import type { Config } from "../env.ts";
import { PERSONAL_PREFIX } from "../watching/watch.ts";
import { respondWithPage, respondWithProblem } from "./respond.ts";
import { STOP_PATH } from "./sealing.ts";
import { openSealed } from "./session.ts";

/** Handles GET /watch/stop. */
export async function serveStopPage(request: Request, config: Config): Promise<Response> {
  const sealed = new URL(request.url).searchParams.get("watch");
  const id = await readWatch(config, sealed);
  if (id === null) return rejectLink(config);
  const again = isPersonal(id)
    ? html`You can watch the name again at any time.`
    : html`Only the operator of this deployment can start them again.`;
  const body = html`<h1>Stop these messages?</h1>
<p class="lead">This address will get no more messages about this watch. ${again}</p>
<form method="post" action="${STOP_PATH}?watch=${sealed ?? ""}"><button class="go">Stop these messages</button></form>`;
  return respondWithPage(config.publicUrl, { title: "Stop these messages?", body, isWatch: false });
}

/** Handles POST /watch/stop. The body is not read: the address says everything. */
export async function stopWatch(request: Request, config: Config): Promise<Response> {
  const id = await readWatch(config, new URL(request.url).searchParams.get("watch"));
  if (id === null) return rejectLink(config);
  await config.monitor.getByName(config.publicUrl.href).endWatch(id);
  const body = html`<h1>These messages have ended</h1>
<p class="lead">This address gets no more messages about this watch.</p>
${isPersonal(id) ? html`<p class="row"><a class="btn" href="/watch">Watch the name again</a></p>` : NONE}`;
  return respondWithPage(config.publicUrl, { title: "These messages have ended", body, isWatch: false });
}

const NONE = html``;

const isPersonal = (id: string): boolean => id.startsWith(PERSONAL_PREFIX);

async function readWatch(config: Config, sealed: string | null): Promise<string | null> {
  const id = await openSealed(config, "watch-stop", sealed);
  return typeof id === "string" ? id : null;
}

const rejectLink = ({ publicUrl }: Config): Response =>
  respondWithProblem(publicUrl, {
    status: 400,
    title: "This link is not whole",
    lead: "Copy the whole address from the message. Or sign in, and stop the watch there.",
  });
