// SPDX-License-Identifier: Apache-2.0
// The page that verifies a file. It has every view, and its script (web/client/verify) shows one of them: the form, the
// progress, or the result. Without the script it says what to do in a terminal.

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import { icon } from "../../../shared/pages/icons.ts";
import { code, NONE } from "../parts/parts.ts";
import type { Answer } from "../respond.ts";

/** @param root the newest root of trust that was deployed with this page; null for a deployment without one */
export function verifyPage({ href, host }: PublicUrl, root: string | null): Answer {
  return {
    json: { url: href, trustedRoot: `${href}/trusted_root.json`, tufRoot: root === null ? null : JSON.parse(root) },
    page: {
      status: 200,
      title: "Verify a file",
      description: "Find out in your browser who signed a file and when, and that the public record agrees.",
      canonical: "/verify",
      box: { text: "" },
      program: { script: "verify", workerPolicy: "sigedge-hashing" },
      body: html`<div id="verify" data-url="${href}"${root === null ? NONE : html` data-root="${root}"`}>
<section id="ask">
<h1 tabindex="-1">Verify a file</h1>
<p class="lead">Find out who signed it and when, and that the public record agrees. The file stays on this computer, and once this page is loaded, it works offline.</p>
<p class="note" id="without">This needs a script, which does not run here. Do it <a href="#terminal">in a terminal</a>.</p>
<div class="cols" id="questions" hidden>
${questions(href, host)}
${SEVEN}
</div>
</section>
${READING}
<section id="result" hidden></section>
${terminal(href)}
${TEMPLATES}
</div>`,
    },
  };
}

/** Issuers that many signers have. Any other may be typed. */
const ISSUERS = [
  ["https://token.actions.githubusercontent.com", "GitHub Actions"],
  ["https://gitlab.com", "GitLab"],
  ["https://accounts.google.com", "Google"],
  ["https://github.com/login/oauth", "GitHub, through Sigstore’s public service"],
] as const;

function questions(href: string, host: string): Markup {
  const issuers = [[`${href}/oidc`, host] as const, ...ISSUERS];
  return html`<form class="flow">
<label class="drop"><b>1. The file</b><span class="q">Drop it here or choose it. Any size.</span><input type="file" name="file"></label>
<label class="drop"><b>2. Its signature</b><span class="q">The bundle, often named like the file with <span class="m">.sigstore.json</span> at the end. Leave this empty to look for it in the log by the file’s digest: only the digest is sent.</span><input type="file" name="bundle"></label>
<p class="sm" id="entry" hidden></p>
<fieldset class="note">
<legend class="vh">Whom you expect</legend>
<h2 class="h3">3. Whom you expect</h2>
<p class="q">A good signature by somebody else proves nothing. If you leave this empty, the result says who signed, and that nobody was compared.</p>
<div class="grid">
<label>Signer, the whole name <input type="text" name="identity" class="m" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="2048"></label>
<label>Vouched for by, the whole address <input type="text" name="issuer" class="m" list="issuers" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="2048"></label>
</div>
<datalist id="issuers">${issuers.map(([value, label]) => html`<option value="${value}" label="${label}"></option>`)}</datalist>
</fieldset>
<details><summary>Another Sigstore service, a key, witnesses</summary>
<div class="flow">
<label class="drop"><b>Its trusted root</b><span class="q">For a bundle that another service made: its <span class="m">trusted_root.json</span>. It replaces the one of ${host}.</span><input type="file" name="root"></label>
<label class="drop"><b>The signer’s public key</b><span class="q">For a bundle without a certificate: PEM, <span class="m">-----BEGIN PUBLIC KEY-----</span>.</span><input type="file" name="key"></label>
<label>Witnesses that have to have seen the log, one key a line <textarea name="witnesses" class="m" rows="2" autocapitalize="off" spellcheck="false" maxlength="8192" placeholder="name+hex+base64"></textarea></label>
</div></details>
<p class="note bad" id="problem" role="alert" hidden></p>
<p><button class="go">Verify</button></p>
<p class="sm q" id="trust" role="status">Reading the trusted root</p>
</form>`;
}

/** The titles are those of web/client/verify/groups.ts. */
const SEVEN = html`<aside aria-label="Seven checks">
<h2 class="h3">Seven checks</h2>
<ol class="steps">
${[
  ["Signature over the file", "The file is unchanged."],
  ["Certificate chain", "The signer was admitted here."],
  ["Certificate is public", "It was logged when made."],
  ["Time of signing", "The certificate was valid."],
  ["In the log", "The signature is on record."],
  ["One history", "The log shows everybody the same."],
  ["Identity", "It is whom you expect."],
].map(
  ([title = "", what = ""]) =>
    html`<li><span class="n"></span><div><h3>${title}</h3><p class="q">${what}</p></div></li>\n`,
)}</ol>
</aside>`;

const READING = html`<section id="reading" hidden>
<h1 tabindex="-1">Reading the file</h1>
<p class="lead">Your browser computes the digest of <b class="name" id="reading-name"></b>. Nothing is uploaded.</p>
<div class="flow">
<label for="progress" class="row ends"><span class="num" id="reading-bytes"></span><span class="num q" id="reading-left"></span></label>
<progress id="progress" max="100" value="0"></progress>
<p><button type="button" id="stop">Stop</button></p>
</div>
</section>`;

function terminal(href: string): Markup {
  const ours = `npx sigedge verify FILE --bundle FILE.sigstore.json \\
  --identity WHO --issuer VOUCHED-BY --url ${href}`;
  const cosign = `curl -O ${href}/trusted_root.json
cosign verify-blob --trusted-root trusted_root.json --bundle FILE.sigstore.json \\
  --certificate-identity WHO --certificate-oidc-issuer VOUCHED-BY FILE`;
  return html`<section id="terminal" class="flow">
<h2>In a terminal</h2>
<p class="q">This page comes from the service that it checks. A client on your computer does not: it makes the same comparisons.</p>
${code(ours, "sigedge command")}
${code(cosign, "cosign commands")}
</section>`;
}

/** Icons of which the script makes copies: it may not make markup of text. */
const TEMPLATES = html`<template id="icon-passed">${icon("pass", "ok")}</template>
<template id="icon-failed">${icon("fail", "bad")}</template>
<template id="icon-unchecked">${icon("none", "q")}</template>`;
