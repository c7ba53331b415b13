// SPDX-License-Identifier: Apache-2.0
// The HTML of every page: a sentence first, then what becomes public, who asks, and the buttons. Complete without
// scripts, fonts or images.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import { type Content, renderPageDocument, state } from "./layout.ts";
import {
  type Asker,
  type ChoosePage,
  CONFIRM_FIELDS,
  type CodePage,
  type ConfirmPage,
  type DeviceAsker,
  type DeviceDonePage,
  type DevicePage,
  type EmailPage,
  type ErrorPage,
  type ForwardPage,
  type Page,
  type Refusal,
} from "./page.ts";

/** The text of the document. @param host the host name of the site */
export const renderPage = (page: Page, host: string): string => renderPageDocument(contentOf(page), host);

function contentOf(page: Page): Content {
  switch (page.kind) {
    case "choose":
      return choose(page);
    case "confirm":
      return page.asker.kind === "device" ? confirmDevice(page, page.asker) : confirm(page);
    case "device":
      return device(page);
    case "device_done":
      return deviceDone(page);
    case "code":
      return code(page);
    case "forward":
      return forward(page);
    case "error":
      return error(page);
    case "email":
      return email(page);
    default:
      return unreachable(page);
  }
}

const NONE = html``;
const field = (label: string, value: Markup): Markup => html`<div><dt>${label}</dt><dd>${value}</dd></div>`;

function choose({ connectors, asker, cancelHref }: ChoosePage): Content {
  const links = connectors.map(
    ({ name, href }) =>
      html`<a href="${href}"><span class="mark" data-letters="${initialsOf(name)}" aria-hidden="true"></span><span>${name}</span></a>\n`,
  );
  const stop = cancelHref === null ? html`close this page` : html`<a href="${cancelHref}">stop here</a>`;
  return {
    title: "Who knows you?",
    body: html`<p class="lead">Sign in with an account you have. It tells this site your e-mail address and nothing else. You confirm before anything is signed.</p>
<nav class="pick" aria-label="Accounts">
${links}</nav>
<p class="q sm">Who asks: ${describeAsker(asker)}. If you did not start it, ${stop}.</p>`,
  };
}

/** Two letters for a provider: the capitals of its name, such as GH for GitHub. */
function initialsOf(name: string): string {
  const capitals = name.match(/\p{Lu}/gu) ?? [];
  return (capitals.length > 0 ? capitals.slice(0, 2).join("") : name.slice(0, 1)).toUpperCase();
}

function confirm(page: ConfirmPage): Content {
  const { addresses, connector, asker, offersToRemember } = page;
  const [first = ""] = addresses;
  const remember = html`<p><label class="choice"><input type="checkbox" name="${CONFIRM_FIELDS.remember}" value="yes"> <span>Do not ask again in this browser for 8 hours</span></label></p>\n`;
  return {
    title: addresses.length === 1 ? `Sign as ${first}?` : "Which address do you sign with?",
    body: html`<p class="lead">${connector.name} has just vouched for you. One step is left.</p>
${publicNote(page)}
<dl class="kv">${field("Who asks", describeAsker(asker))}</dl>
${asker.kind === "terminal" ? codeWarning() : NONE}
<form class="flow" method="post" action="${page.action}">
${fields(page)}
${offersToRemember ? remember : NONE}<p class="row">${grantButton(addresses, "Sign as ")} <a class="btn" href="${page.otherAccountHref}">Use another account</a> ${refuseButton("Cancel")}</p>
</form>`,
  };
}

const codeWarning = (): Markup => html`<div class="note warn">
<h2>${icon("warn")} Only go on if you started it</h2>
<p>You will see a code to copy into your terminal. Give it to nobody: whoever has it can sign in your name.</p>
</div>`;

/** The safe button comes first: a person who was sent a link must meet the way out before the way in. */
function confirmDevice(page: ConfirmPage, asker: DeviceAsker): Content {
  const { addresses } = page;
  const as = addresses.length === 1 ? html` as <b class="m">${addresses[0] ?? ""}</b>` : html` in your name`;
  return {
    title: "Is this the code on your screen?",
    body: html`<p class="huge">${asker.userCode}</p>
<p class="lead">A program on <b>another device</b> wants to sign${as}.</p>
<dl class="kv">
${field("Who asks", html`${asker.client}`)}
${field("When", html`${describeAge(asker.askedSecondsAgo)}`)}
${field("Where", describePlace(asker))}
</dl>
<div class="note warn">
<h2>${icon("warn")} Only go on if you started it</h2>
<p>If somebody sent you this link or this code, they are trying to sign in your name. Choose <b>Not me</b>. A build job that asks for a code is set up wrongly.</p>
</div>
${publicNote(page)}
<form class="flow" method="post" action="${page.action}">
${fields(page)}
<p class="row">${refuseButton("Not me")} ${grantButton(addresses, "The code matches, sign as ")} <a class="btn" href="${page.otherAccountHref}">Use another account</a></p>
</form>`,
  };
}

function publicNote({ addresses, connector }: ConfirmPage): Markup {
  const who = addresses.length === 1 ? html`<b class="m">${addresses[0] ?? ""}</b>` : html`The address you choose`;
  return html`<div class="note public">
<h2>This becomes public forever</h2>
<p>${who} and <b>${connector.name}</b> (<span class="m">${connector.id}</span>) will be in a public log with whatever you sign next. Nobody can take them out again.</p>
</div>`;
}

/** The ticket, and the address: hidden where there is one only, otherwise to choose from. */
const ticketField = (ticket: string): Markup =>
  html`<input type="hidden" name="${CONFIRM_FIELDS.ticket}" value="${ticket}">`;

const refusalForm = ({ action, ticket }: Refusal): Markup => html`<form class="flow" method="post" action="${action}">
${ticketField(ticket)}<p class="row">${refuseButton("Cancel the sign-in")}</p>
</form>`;

function fields({ ticket, addresses }: ConfirmPage): Markup {
  const hidden = ticketField(ticket);
  if (addresses.length === 1) {
    return html`${hidden}<input type="hidden" name="${CONFIRM_FIELDS.address}" value="${addresses[0] ?? ""}">`;
  }
  const choices = addresses.map((address, i) => {
    const checked = i === 0 ? html` checked` : NONE;
    return html`<label class="choice"><input type="radio" name="${CONFIRM_FIELDS.address}" value="${address}"${checked}> <span class="m">${address}</span></label>\n`;
  });
  return html`${hidden}<fieldset><legend>Your addresses</legend>
${choices}</fieldset>`;
}

const grantButton = (addresses: readonly string[], words: string): Markup =>
  html`<button class="go" name="${CONFIRM_FIELDS.answer}" value="grant">${words}${addresses.length === 1 ? (addresses[0] ?? "") : "this address"}</button>`;

const refuseButton = (words: string): Markup =>
  html`<button name="${CONFIRM_FIELDS.answer}" value="refuse">${words}</button>`;

const DEVICE_PROBLEMS = {
  code_unknown: "No program waits with this code. Compare it with your screen; a code lasts five minutes.",
  too_many_attempts: "Too many wrong codes came from this network. Wait a minute, then try again.",
} as const;

function device({ action, userCode, problem }: DevicePage): Content {
  const alert =
    problem === null ? NONE : html`<p id="problem" role="alert" class="bad">${DEVICE_PROBLEMS[problem]}</p>`;
  const described = problem === null ? NONE : html` aria-invalid="true" aria-describedby="problem"`;
  return {
    title: "Enter the code on your screen",
    body: html`<p class="lead">Your program shows it, and it looks like WXYZ-BCDF.</p>
${alert}
<form class="flow" method="post" action="${action}">
<p><label class="field" for="code">Code</label>
<input id="code" class="m" name="user_code" value="${userCode ?? ""}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required${described}></p>
<p class="row"><button class="go">Continue with this code</button></p>
</form>
<p class="q">Only go on if you started the program yourself. If somebody sent you a link or a code, close this page: they are trying to sign in your name.</p>`,
  };
}

const SIGNED_IN = state("ok", "Signed in");
const NOT_SIGNED_IN = state("bad", "Not signed in");

const deviceDone = ({ client, address }: DeviceDonePage): Content =>
  address === null
    ? {
        title: "Nothing was signed",
        state: NOT_SIGNED_IN,
        body: html`<p class="lead">${client} has been told that you refused. You can close this page.</p>`,
      }
    : {
        title: "Go back to your terminal",
        state: SIGNED_IN,
        body: html`<p class="lead">${client} continues by itself as <b class="m">${address}</b>. You can close this page.</p>
<p class="q">Nothing happens there? The program may have stopped waiting. Start it again.</p>`,
      };

const code = ({ client, code: text, address, expiresInSeconds }: CodePage): Content => ({
  title: "Copy this code into your terminal",
  state: SIGNED_IN,
  body: html`<p class="huge">${text}</p>
<p class="lead">${client} signs with it as <b class="m">${address}</b>, once, within ${describeMinutes(expiresInSeconds)}.</p>
<div class="note warn">
<h2>${icon("warn")} Give it to nobody</h2>
<p>Paste it only into a terminal in which you started the program yourself. Whoever has it can sign in your name.</p>
</div>`,
});

const FORWARDS = {
  granted: { title: "Go back to your terminal", state: SIGNED_IN },
  refused: { title: "Nothing was signed", state: NOT_SIGNED_IN },
  to_connector: { title: "One moment", state: NONE },
} as const;

function forward({ href, reason, to, address }: ForwardPage): Content {
  const as = address === null ? NONE : html` as <b class="m">${address}</b>`;
  const lead = {
    granted: html`${to} continues by itself${as}. You can close this page.`,
    refused: html`${to} is being told that you refused.`,
    to_connector: html`You are on your way to ${to}.`,
  };
  return {
    ...FORWARDS[reason],
    body: html`<p class="lead">${lead[reason]}</p>
<p class="q">Nothing happens? <a href="${href}">Continue to ${to}</a>.</p>`,
    refresh: href,
  };
}

function error({ title, lead, steps, againHref, cancelHref, refusal, code: name, requestId }: ErrorPage): Content {
  const items = steps.map((step) => html`<li><span class="n"></span><p>${step}</p></li>\n`);
  const list = html`<section><h2>What to do</h2>
<ol class="steps">
${items}</ol></section>`;
  const again = againHref === null ? NONE : html`<a class="btn" href="${againHref}">Use another account</a>`;
  const cancel = cancelHref === null ? NONE : html`<a class="btn" href="${cancelHref}">Cancel the sign-in</a>`;
  const ways = againHref === null && cancelHref === null ? NONE : html`<p class="row">${again} ${cancel}</p>`;
  const refuse = refusal === null ? NONE : refusalForm(refusal);
  const request = requestId === null ? NONE : html`, request <span class="m">${requestId}</span>`;
  return {
    title,
    state: NOT_SIGNED_IN,
    body: html`<p class="lead">${lead}</p>
${steps.length === 0 ? NONE : list}
${ways}${refuse}
<p class="q sm">For whoever runs this site: <span class="m">${name}</span>${request}</p>`,
  };
}

function email({ action, state: sealed, loginHint, problem }: EmailPage): Content {
  const alert = problem === null ? NONE : html`<p id="problem" role="alert" class="bad">${problem}</p>`;
  const described = problem === null ? NONE : html` aria-invalid="true" aria-describedby="problem"`;
  return {
    title: "Sign in as anybody",
    body: html`<p class="lead">This is a stack for development. Nobody checks the address that you type.</p>
${alert}
<form class="flow" method="get" action="${action}">
<input type="hidden" name="state" value="${sealed}">
<p><label class="field" for="address">E-mail address</label>
<input id="address" type="email" name="address" value="${loginHint ?? ""}" autocomplete="email" required${described}></p>
<p class="row"><button class="go">Sign in</button></p>
</form>`,
  };
}

/** Completes "Who asks: …". */
function describeAsker(asker: Asker): Markup {
  switch (asker.kind) {
    case "loopback":
      return html`<b>${asker.client}</b> on this computer, port ${asker.port}`;
    case "terminal":
      return html`<b>${asker.client}</b> in a terminal, which waits for a code that you copy`;
    case "site":
      return html`<b>${asker.client}</b> at <b>${asker.host}</b>`;
    case "device":
      return html`<b>${asker.client}</b> on another device, code <b class="m">${asker.userCode}</b>`;
    default:
      return unreachable(asker);
  }
}

function describePlace({ country, network }: DeviceAsker): Markup {
  const place = country === null ? "An unknown place" : (nameCountry(country) ?? country);
  const networks = {
    same: html`your network`,
    other: html`<b>another network than yours</b>`,
    unknown: html`an unknown network`,
  };
  return html`${place}, ${networks[network]}`;
}

/** The English name of an ISO 3166 code; undefined where there is none. */
function nameCountry(alpha2: string): string | undefined {
  try {
    return new Intl.DisplayNames("en", { type: "region", fallback: "none" }).of(alpha2);
  } catch {
    return undefined;
  }
}

const describeAge = (seconds: number): string =>
  seconds < 60 ? "A few seconds ago" : `${describeMinutes(seconds)} ago`;

const describeMinutes = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
};
