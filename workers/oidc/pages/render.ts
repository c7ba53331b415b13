// SPDX-License-Identifier: Apache-2.0
// The HTML of every page: complete without scripts, style sheets, fonts or images.

import { sha256 } from "#sha256";
import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { escapeHtml, html, type Markup, textOf } from "../../../shared/http/markup.ts";
import { unreachable } from "../../../shared/unreachable.ts";
import {
  type Asker,
  type ChoosePage,
  CONFIRM_FIELDS,
  type CodePage,
  type ConfirmPage,
  type DeviceDonePage,
  type DevicePage,
  type EmailPage,
  type ErrorPage,
  type ForwardPage,
  type Page,
} from "./page.ts";

const STYLE =
  ":root{color-scheme:light dark}body{margin:0 auto;max-width:34rem;padding:3rem 1.25rem;font:16px/1.55 system-ui,sans-serif}" +
  "h1{font-size:1.6rem;line-height:1.25}code,.code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}.code{font-size:1.6rem}" +
  "button,input,.link{font:inherit;padding:.5rem .8rem;margin:.25rem .25rem .25rem 0}.public{border:1px solid;padding:.75rem 1rem}";

/** The source expression of the style in a Content Security Policy. */
export const STYLE_HASH = `sha256-${encodeBase64(sha256(encodeUtf8(STYLE)))}`;

/** The text of the document. */
export function renderPage(page: Page): string {
  const { title, body, refresh = null } = contentOf(page);
  const meta = refresh === null ? "" : `<meta http-equiv="refresh" content="0;url=${escapeHtml(refresh)}">\n`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${meta}<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escapeHtml(title)}</h1>
${textOf(body)}
</main>
</html>
`;
}

interface Content {
  /** The title of the document and its heading. */
  readonly title: string;
  readonly body: Markup;
  /** Where the browser goes by itself. */
  readonly refresh?: string;
}

function contentOf(page: Page): Content {
  switch (page.kind) {
    case "choose":
      return choose(page);
    case "confirm":
      return page.asker.kind === "device" ? confirmDevice(page) : confirm(page);
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

function choose({ connectors, asker, cancelHref }: ChoosePage): Content {
  const links = connectors.map(({ name, href }) => html`<li><a class="link" href="${href}">${name}</a></li>`);
  const stop =
    cancelHref === null
      ? html`If you did not start it, close this page.`
      : html`If you did not start it, <a href="${cancelHref}">stop here</a>.`;
  return {
    title: "Sign in",
    body: html`<p>Choose an account that you have. It tells this service your e-mail address. You confirm before anything is signed.</p>
<ul>${links}</ul>
<p>Asked for by ${describeAsker(asker)}. ${stop}</p>`,
  };
}

function confirm(page: ConfirmPage): Content {
  const { addresses, connector, asker, offersToRemember } = page;
  const [first = ""] = addresses;
  const remember = html`<p><label><input type="checkbox" name="${CONFIRM_FIELDS.remember}" value="yes"> Do not ask again in this browser for 8 hours</label></p>`;
  const warning =
    asker.kind === "terminal"
      ? html`<p>You will see a code to copy. Only go on if you started the program yourself, and give the code to nobody.</p>`
      : html``;
  return {
    title: addresses.length === 1 ? `Sign as ${first}?` : "As whom do you sign?",
    body: html`<p>${connector.name} has vouched for you. Asked for by ${describeAsker(asker)}.</p>
${publicNote(page)}
${warning}
<form method="post" action="${page.action}">
${fields(page)}
${offersToRemember ? remember : html``}
<p>${grantButton(addresses, "Sign as ")} <button name="${CONFIRM_FIELDS.answer}" value="refuse">Cancel</button></p>
</form>
<p><a href="${page.otherAccountHref}">Use another account</a></p>`,
  };
}

/** The safe button comes first: whoever was sent a link by somebody else must meet the way out before the way in. */
function confirmDevice(page: ConfirmPage): Content {
  const { addresses, asker } = page;
  const userCode = asker.kind === "device" ? asker.userCode : "";
  return {
    title: "Is this the code on your screen?",
    body: html`<p class="code">${userCode}</p>
<p>Asked for by ${describeAsker(asker)}.</p>
<p><strong>Only go on if you started it.</strong> If somebody sent you this link or this code, they are trying to sign in your name: choose “Not me”. A build job that shows a code is set up wrongly.</p>
${publicNote(page)}
<form method="post" action="${page.action}">
${fields(page)}
<p><button name="${CONFIRM_FIELDS.answer}" value="refuse">Not me</button> ${grantButton(addresses, "The code matches, sign as ")}</p>
</form>
<p><a href="${page.otherAccountHref}">Use another account</a></p>`,
  };
}

const publicNote = ({ addresses: [first = ""], connector }: ConfirmPage): Markup =>
  html`<div class="public"><h2>This becomes public, for ever</h2>
<p>The address you choose, such as <code>${first}</code>, and <code>${connector.id}</code> will be in a public log with whatever you sign next. Nobody can remove them.</p></div>`;

/** The ticket, and the address: hidden where there is one only, otherwise to choose from. */
function fields({ ticket, addresses }: ConfirmPage): Markup {
  const hidden = html`<input type="hidden" name="${CONFIRM_FIELDS.ticket}" value="${ticket}">`;
  if (addresses.length === 1) {
    return html`${hidden}<input type="hidden" name="${CONFIRM_FIELDS.address}" value="${addresses[0] ?? ""}">`;
  }
  const choices = addresses.map((address, i) => {
    const checked = i === 0 ? html` checked` : html``;
    return html`<p><label><input type="radio" name="${CONFIRM_FIELDS.address}" value="${address}"${checked}> ${address}</label></p>`;
  });
  return html`${hidden}<fieldset><legend>Your addresses</legend>${choices}</fieldset>`;
}

const grantButton = (addresses: readonly string[], words: string): Markup =>
  html`<button name="${CONFIRM_FIELDS.answer}" value="grant">${words}${addresses.length === 1 ? (addresses[0] ?? "") : "this address"}</button>`;

const DEVICE_PROBLEMS = {
  code_unknown:
    "No program waits with this code. It may have been typed wrongly, or it is over: codes last five minutes.",
  too_many_attempts: "Too many wrong codes came from this network. Wait a minute.",
} as const;

function device({ action, userCode, problem }: DevicePage): Content {
  return {
    title: "Enter the code",
    body: html`<p>Type the code that your program shows, such as WXYZ-BCDF.</p>
${problem === null ? html`` : html`<p role="alert">${DEVICE_PROBLEMS[problem]}</p>`}
<form method="post" action="${action}">
<p><label>Code <input name="user_code" value="${userCode ?? ""}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required></label></p>
<p><button>Continue</button></p>
</form>
<p>Only go on if you started the program yourself. If somebody sent you a link or a code, close this page.</p>`,
  };
}

const deviceDone = ({ client, address }: DeviceDonePage): Content =>
  address === null
    ? { title: "Nothing was signed", body: html`<p>${client} was told that you refused. You can close this page.</p>` }
    : {
        title: "Go back to your terminal",
        body: html`<p>${client} goes on by itself as <code>${address}</code>. You can close this page.</p>`,
      };

const code = ({ client, code: text, address, expiresInSeconds }: CodePage): Content => ({
  title: "Copy this code into your terminal",
  body: html`<p class="code">${text}</p>
<p>It lets ${client} sign as <code>${address}</code>, once, within ${String(Math.floor(expiresInSeconds / 60))} minutes.</p>
<p><strong>Give it to nobody.</strong> Paste it only into a terminal in which you started the program yourself.</p>`,
});

const FORWARD_TITLES = {
  granted: "Signed in",
  refused: "Not signed in",
  to_connector: "One moment",
} as const;

function forward({ href, reason, to, address }: ForwardPage): Content {
  const said = address === null ? html`` : html` as <code>${address}</code>`;
  return {
    title: FORWARD_TITLES[reason],
    body: html`<p><a href="${href}">Go on to ${to}</a>${said}, if your browser does not do so by itself.</p>`,
    refresh: href,
  };
}

function error({ title, lead, steps, againHref, cancelHref, code: name, requestId }: ErrorPage): Content {
  const list = steps.length === 0 ? html`` : html`<ol>${steps.map((step) => html`<li>${step}</li>`)}</ol>`;
  const again = againHref === null ? html`` : html`<p><a href="${againHref}">Use another account</a></p>`;
  const cancel = cancelHref === null ? html`` : html`<p><a href="${cancelHref}">Cancel the sign-in</a></p>`;
  const request = requestId === null ? html`` : html`, request <code>${requestId}</code>`;
  return {
    title,
    body: html`<p>${lead}</p>${list}${again}${cancel}
<p>For whoever runs this site: <code>${name}</code>${request}</p>`,
  };
}

const email = ({ action, state, loginHint, problem }: EmailPage): Content => ({
  title: "Sign in as anyone",
  body: html`<p>This is a development stack. Nobody checks the address that you type.</p>
${problem === null ? html`` : html`<p role="alert">${problem}</p>`}
<form method="get" action="${action}">
<input type="hidden" name="state" value="${state}">
<p><label>E-mail address <input type="email" name="address" value="${loginHint ?? ""}" required></label></p>
<p><button>Sign in</button></p>
</form>`,
});

/** Completes "Asked for by …". */
function describeAsker(asker: Asker): Markup {
  switch (asker.kind) {
    case "loopback":
      return html`<b>${asker.client}</b> on this computer, port ${asker.port}`;
    case "terminal":
      return html`<b>${asker.client}</b>, which waits for a code that you copy`;
    case "site":
      return html`<b>${asker.client}</b> at ${asker.host}`;
    case "device": {
      const where = asker.country ?? "an unknown place";
      const network = { same: "your network", other: "another network than yours", unknown: "an unknown network" };
      return html`<b>${asker.client}</b> on another device, ${describeAge(asker.askedSecondsAgo)} ago, from ${where}, ${network[asker.network]}`;
    }
    default:
      return unreachable(asker);
  }
}

const describeAge = (seconds: number): string =>
  seconds < 60 ? "a few seconds" : seconds < 120 ? "a minute" : `${Math.floor(seconds / 60)} minutes`;
