// SPDX-License-Identifier: Apache-2.0
// The start page: what this is, the box, the logs now, why to trust the record, and how to use it with a client.

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import type { LogHead } from "../../../shared/rpc/log-reads.ts";
import { code, field, steps, table } from "../parts/parts.ts";
import { formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { largeBox, nameLog } from "./site.ts";

/** @param heads oldest log first */
export function startPage({ href, host }: PublicUrl, heads: readonly LogHead[]): Answer {
  return {
    page: {
      status: 200,
      title: "Find out who signed a file",
      description: `${host} keeps a public record of every signature made here: which file, by whom, and when.`,
      canonical: "/",
      box: "large",
      body: html`<div class="hero">
<h1>Find out who signed a file</h1>
<p class="lead">${host} keeps a public record of every signature made here: which file, by whom, and when. Nothing in it can be changed or removed without it showing.</p>
${largeBox()}
</div>
${DOORS}
${logsNow(heads)}
${HOW}
${ownClient(href)}
<section id="privacy">
<h2>What is public here</h2>
<p>Everything in the logs: the address or build of whoever signed, the digest, the time. Files and their names are not. Reading sets no cookie, asks no other site for anything, and needs no account.</p>
</section>`,
    },
    json: {
      url: href,
      search: `${href}/api/search`,
      logs: `${href}/api/logs`,
      trustedRoot: `${href}/trusted_root.json`,
      signingConfig: `${href}/signing_config.json`,
    },
  };
}

const DOORS = html`<div class="doors">
<div><h2>Look up</h2><p>You have a name or a digest. See every signature by a person, a repository or a build, or every signature over one file.</p><a class="btn" href="#q">Look up a signature</a></div>
<div><h2>Verify</h2><p>You have a file. Check who signed it and when, and that the public record is intact. The file stays on your computer.</p><a class="btn" href="/verify">Verify a file</a></div>
<div><h2>Sign</h2><p>You publish something. Sign it with the login that you already have. There is no key to keep, lose or leak.</p><a class="btn" href="/sign">Sign a file</a></div>
</div>`;

const COLUMNS = [
  { heading: "Log" },
  { heading: "Entries", kind: "r", label: "Entries" },
  { heading: "Newest head", label: "Newest head" },
] as const;

function logsNow(heads: readonly LogHead[]): Markup {
  const rows = heads.map((log) => [
    html`<a href="/logs#${log.name}"><b>${nameLog(log)}</b></a>`,
    html`${log.head === null ? "not responding" : formatNumber(log.head.treeSize)}`,
    log.head === null ? html`–` : timeTag(log.head.timestamp, "clock"),
  ]);
  return html`<section>
<h2>The logs right now</h2>
${table("The logs right now", COLUMNS, rows)}
<p class="sm q"><a href="/logs">Health, growth and keys of the logs</a></p>
</section>`;
}

const HOW = html`<section id="how">
<h2>Why the record can be trusted</h2>
${steps([
  {
    title: "The signer proves who they are",
    what: html`A person signs in with an account they have; a build proves which workflow it is. Either gets a certificate that is valid for ten minutes.`,
  },
  {
    title: "They sign, and throw the key away",
    what: html`The key is made on the signer’s computer, never leaves it, and lives for seconds. There is no key to keep, lose or leak.`,
  },
  {
    title: "Certificate and signature go into public logs",
    what: html`The logs can only grow, and each new state is signed, so a change to the past would show. If somebody signs in your name, you can see it: look up your address.`,
  },
])}
</section>`;

function ownClient(href: string): Markup {
  const sign = `curl -O ${href}/trusted_root.json -O ${href}/signing_config.json
cosign sign-blob --signing-config signing_config.json --trusted-root trusted_root.json \\
  --bundle FILE.sigstore.json FILE`;
  const verify = `curl -O ${href}/trusted_root.json
cosign verify-blob --trusted-root trusted_root.json --bundle FILE.sigstore.json \\
  --certificate-identity WHO --certificate-oidc-issuer VOUCHED-BY FILE`;
  return html`<section id="own">
<h2>Use your own client</h2>
<p class="q">Sigstore clients work with this service as they are: cosign, sigstore-python, sigstore-go and others. Look a signature up here, and its page has the command that verifies it.</p>
<dl class="kv">
${field("Sign with cosign", code(sign, "commands"))}
${field("Verify with cosign", code(verify, "commands"))}
${field("Make an attestation findable", html`${code(`npx sigedge index-attestation FILE.sigstore.json --url ${href}`, "command")}<span class="q">cosign and sigstore-python log the digest of an attestation only. Send it once, and the search finds it by the files that it is about.</span>`)}
${field("Files that clients ask for", html`<a href="/trusted_root.json">Trusted root</a>, <a href="/signing_config.json">signing config</a>, <a href="/client_trust_config.json">both in one</a>`)}
${field("For programs", html`Every page is JSON at the same address, with <code>Accept: application/json</code>`)}
</dl>
</section>`;
}
