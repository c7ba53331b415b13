// SPDX-License-Identifier: Apache-2.0
// The page on which people sign, as it is before its script (web/client/sign) does anything; and the page to which the
// window of a sign-in comes back.

import { MAX_FILES, PREDICATE_TYPES } from "../../../shared/bundle/offer.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { code } from "../parts/parts.ts";
import type { Answer } from "../respond.ts";

const DESCRIPTION = "Sign files in your browser, with the login you already have. The files stay on your computer.";

const commandOf = (href: string): string => `npx sigedge sign FILE --url ${href}`;

const CHOICES: readonly Markup[] = [
  html`<option value="plain">A plain signature: files up to 1 GiB</option>`,
  html`<option value="digest">A signature of the digest: files of any size</option>`,
  ...PREDICATE_TYPES.map(({ uri, name }) => html`<option value="${uri}">An attestation: ${name}</option>`),
  html`<option value="other">An attestation of another type</option>`,
];

const FORM = html`<form id="form" class="flow" hidden>
<label class="drop" id="drop" for="files"><b>Choose files</b><span class="q">Drop them here or choose them: up to ${String(MAX_FILES)} at once. They are read in your browser and never uploaded.</span><input id="files" type="file" multiple aria-describedby="problem"></label>
<ul id="chosen" class="chosen" aria-label="Chosen files" hidden></ul>
<p><label for="kind">Sign as</label><select id="kind">${CHOICES}</select></p>
<fieldset id="predicate" class="flow" hidden><legend>What you state about each file</legend>
<p id="type-field" hidden><label for="type">Type, a URI</label><input id="type" type="url" autocomplete="off" spellcheck="false" placeholder="https://example.com/test-result/v1"></p>
<p><label for="predicate-file">Predicate, a JSON file</label><input id="predicate-file" type="file" accept=".json,application/json"></p>
<p><label for="predicate-text">Or as text</label><textarea id="predicate-text" class="m" rows="6" spellcheck="false"></textarea></p>
</fieldset>
<p>Your address and each file’s digest become public forever. You see the exact address, and confirm, before anything is sent.</p>
<p><button class="go" id="start">Sign in and continue</button></p>
</form>`;

/** The page of `/sign`. */
export const signPage = ({ href }: PublicUrl): Answer => ({
  page: {
    status: 200,
    title: "Sign files",
    description: DESCRIPTION,
    canonical: "/sign",
    box: { text: "" },
    program: { script: "sign", workerPolicy: "sigedge-hashing" },
    body: html`<div id="choose" class="flow">
<h1 tabindex="-1">Sign files</h1>
<p class="lead">Prove that a file comes from you, with the login you already have. The files stay on this computer.</p>
<div class="cols">
<div class="flow">
<p id="no-script" class="note">Signing here needs a script, which makes the key in your browser. Without it, use the command from a terminal.</p>
<p id="problem" class="bad" role="alert" hidden></p>
<div id="unable" class="note warn" hidden><p>You can still sign from a terminal, with the identity token of a build:</p>
${code(`${commandOf(href)} --identity-token TOKEN-FILE`, "command with a token")}</div>
${FORM}
</div>
<aside class="flow">
<h2 class="h3">From a terminal</h2>
${code(commandOf(href), "command")}
<p class="sm q">Opens this sign-in in your browser. In a build it uses the identity of the build. Other clients: <a href="/#own">cosign and more</a>.</p>
</aside>
</div>
</div>
<div id="stage" class="flow" hidden></div>
<template id="icon-passed">${icon("pass", "ok")}</template><template id="icon-failed">${icon("fail", "bad")}</template>`,
  },
  json: { sign: commandOf(href), signingConfig: `${href}/signing_config.json` },
});

/** The page to which the window of a sign-in comes back. It shows nothing of the address. */
export const signReturnPage = ({ href }: PublicUrl): Answer => ({
  page: {
    status: 200,
    title: "Signed in",
    description: DESCRIPTION,
    canonical: null,
    box: { text: "" },
    program: { script: "sign-return", workerPolicy: null },
    body: html`<div class="flow" data-end="waiting"><h1>Go back to the page on which you sign</h1>
<p class="lead">It continues by itself. If your browser runs no scripts, nothing was signed.</p></div>
<div class="flow" data-end="taken" hidden><h1 tabindex="-1">Go back to the page on which you sign</h1>
<p class="lead">It has your answer. You can close this window.</p></div>
<div class="flow" data-end="nobody" hidden><h1 tabindex="-1">Nobody waits for this sign-in</h1>
<p class="lead">The page that began it was closed, or this window belongs to another browser. Nothing was signed, and nothing is public.</p>
<p>If you did not begin to sign a file here, close this window: somebody may be trying to trick you.</p>
<p class="row"><a class="btn" href="/sign">Begin again</a></p></div>`,
  },
  json: { sign: commandOf(href) },
});
