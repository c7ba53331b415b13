// SPDX-License-Identifier: Apache-2.0
// The start page of a deployment: what it is and where its parts are. One page without scripts, fonts or images; it
// loads nothing.

import { escapeHtml } from "../shared/http/markup.ts";
import type { PublicUrl } from "../shared/http/public-url.ts";
import { findPaths } from "../shared/http/route.ts";
import { ROUTES as CA } from "../workers/ca/declaration.ts";
import { ROUTES as FRONT } from "../workers/front/declaration.ts";
import { ROUTES as LOG } from "../workers/log/declaration.ts";
import { ROUTES as OIDC } from "../workers/oidc/declaration.ts";
import { ROUTES as TRUST } from "../workers/trust/declaration.ts";
import { ROUTES as TSA } from "../workers/tsa/declaration.ts";

/** The style of every page. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --soft: #5f6770; --line: #dfe3e8; --edge: #7b8591; --back: #fcfcfd; --link: #0b5cad }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8eb; --soft: #9aa3ad; --line: #2e343b; --edge: #78828d; --back: #131619; --link: #7ab8f5 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 46rem; padding: 3rem 1.25rem 4rem; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em }
h2 { margin: 2.25rem 0 .5rem; font-size: 1rem }
p { margin: .25rem 0 .75rem }
dl + p { margin-top: 1.5rem }
p.lead, dd { color: var(--soft) }
a { color: var(--link); text-underline-offset: .15em }
dl { margin: 0; border-top: 1px solid var(--line) }
dl div { display: grid; grid-template-columns: minmax(12rem, 2fr) 3fr; gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line) }
dd { margin: 0 }
code, dt, input { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
form { display: flex; gap: .5rem; flex-wrap: wrap; align-items: end; margin: .5rem 0 }
label { flex: 1 1 18rem; display: grid; gap: .15rem; font-size: .9rem }
input, button { padding: .45rem .7rem; border: 1px solid var(--edge); border-radius: .4rem; background: transparent; color: inherit }
input { min-width: 0 }
::placeholder { color: var(--soft); opacity: 1 }
button { font: inherit; font-size: .9rem; cursor: pointer }
@media (max-width: 34rem) { dl div { grid-template-columns: 1fr; gap: 0 } }
`;

/** Paths and their content, by heading. */
const PLACES: Readonly<Record<string, readonly (readonly [path: string, what: string])[]>> = {
  "What clients need": [
    [findPaths(TRUST, "trustedRoot")[0], "trusted root: the keys and certificates to verify with"],
    [findPaths(TRUST, "signingConfig")[0], "signing config: the services to sign with"],
    [findPaths(TRUST, "clientTrustConfig")[0], "both in one, for clients that take one file"],
    [findPaths(CA, "trustBundle")[0], "certificates of the authority that signs for identities"],
    [findPaths(TSA, "certChain")[0], "certificates of the timestamp authority"],
    [findPaths(OIDC, "discovery")[0], "the built-in OpenID provider"],
  ],
  "What anyone can check": [
    [findPaths(LOG, "checkpoint")[0], "signed head of the log of signatures"],
    [findPaths(LOG, "ctCheckpoint")[0], "signed head of the log of certificates"],
    [findPaths(FRONT, "health")[0], "whether the service is up"],
  ],
};

const [SEARCH] = findPaths(LOG, "search");

/** The whole page. */
export function homePage({ href, host }: PublicUrl): string {
  const title = `Sigedge at ${escapeHtml(host)}`;
  const sections = Object.entries(PLACES).map(([heading, places]) => {
    const rows = places.map(([path, what]) => `<div><dt><a href="${path}">${path}</a></dt><dd>${what}</dd></div>`);
    return `<h2>${heading}</h2>\n<dl>\n${rows.join("\n")}\n</dl>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<main>
<h1>${title}</h1>
<p class="lead">Signs software for people and pipelines by their OpenID identity, without long-lived keys, and records every certificate and every signature in public logs. Sigstore clients work with it as they are.</p>
<h2>Find signatures</h2>
<p>By who signed, or by what was signed. Answers are JSON.</p>
<form action="${SEARCH}"><label>Identity <input name="identity" placeholder="alice@example.com, or the URI of a workflow" required></label><button>Find by identity</button></form>
<form action="${SEARCH}"><label>Digest of the file <input name="digest" placeholder="output of sha256sum, sha256:…, sha512-…" required></label><button>Find by digest</button></form>
${sections.join("\n")}
<p class="lead">The address of this instance is <code>${escapeHtml(href)}</code>.</p>
</main>
</html>
`;
}
