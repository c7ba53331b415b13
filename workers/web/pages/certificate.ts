// SPDX-License-Identifier: Apache-2.0
// The page of one entry of a certificate log: who was given a certificate, what was signed with it, its fields.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { entryJson } from "../../../shared/logs/logged-entry.ts";
import { icon } from "../../../shared/pages/icons.ts";
import type { ReadEntry } from "../../../shared/rpc/log-reads.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import type { CertificateFacts } from "../facts/entry.ts";
import { nameIssuer } from "../facts/signer.ts";
import { checks, field, withCopy } from "../parts/parts.ts";
import { formatCount, formatDay, formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { entryHref, inclusionChecks, linkMachines, linkNeighbors, placeInLog, rawProof } from "./entry-parts.ts";
import { hitTable } from "./hits.ts";
import { buildFields, linkIdentity, nameSubject, nameSubjectFirst, renderSigner, subjectOf } from "./identity-parts.ts";
import { nameLog } from "./site.ts";

/** Everything the page shows. */
export interface CertificatePageFacts {
  readonly logged: ReadEntry;
  readonly facts: CertificateFacts;
  /** The first signatures with its key, newest first; null if the index does not answer. */
  readonly signed: { readonly hits: readonly SearchHit[]; readonly hasMore: boolean } | null;
}

export function certificatePage({ logged, facts, signed }: CertificatePageFacts): Answer {
  const { leafIndex, log, timestamp } = logged;
  const { signer } = facts.holder;
  const number = formatNumber(leafIndex);
  const who = nameSubject(signer);
  const used = signed === null ? "" : ` and signed ${describeUse(signed)} with it`;
  return {
    json: entryJson(logged),
    page: {
      status: 200,
      title: `Certificate ${number}: ${who}`,
      description: `${nameSubjectFirst(signer)} was given a signing certificate on ${formatDay(timestamp)}${used}.`,
      canonical: entryHref(log, leafIndex),
      box: { text: "" },
      body: html`<nav class="crumbs" aria-label="Where you are"><ol><li><a href="/">Look up</a></li> <li><a href="/logs#${log}">${nameLog({ name: log, kind: logged.kind })}</a></li> <li><span aria-current="page">Certificate ${number}</span></li></ol></nav>
<h1 class="say">${subjectOf(signer)} was given a certificate on <b>${timeTag(timestamp, "sentence")}</b>${used}.</h1>
<p class="lead">${nameIssuer(signer.issuer)} vouched for the name. The certificate was valid for ${describeLife(facts)}.</p>
<p class="row"><a class="btn" href="${entryHref(log, leafIndex, ".pem")}" download>${icon("down")} Download certificate</a></p>
<div class="cols">
<div>
${renderSigned(signed)}
${certificateSection(facts)}
<section id="proof" class="flow">
<h2>Proof</h2>
${checks(inclusionChecks(logged))}
</section>
<section id="raw" class="flow">
<h2>Raw</h2>
${rawProof(logged)}
</section>
</div>
<aside class="grid" aria-label="About this certificate">
${placeInLog(logged)}
<div><h2 class="h3">Near this entry</h2>
<ul class="sm">${linkIdentity(signer.identity)}<li><a href="/search?publicKey=${facts.keyFingerprint}">All by this key</a></li>${linkNeighbors(logged)}</ul></div>
${linkMachines(logged)}
</aside>
</div>`,
    },
  };
}

type Signed = NonNullable<CertificatePageFacts["signed"]>;

const describeUse = ({ hits, hasMore }: Signed): string =>
  hits.length === 0
    ? "nothing yet"
    : `${hasMore ? "more than " : ""}${formatCount(hits.length, "time").replace(/^1 time$/, "once")}`;

function describeLife({ holder: { certificate } }: CertificateFacts): string {
  const minutes = Math.round((certificate.notAfter - certificate.notBefore) / 60_000);
  return minutes <= 120 ? formatCount(minutes, "minute") : formatCount(Math.round(minutes / 1440), "day");
}

function renderSigned(signed: CertificatePageFacts["signed"]): Markup {
  const body =
    signed === null
      ? html`<p class="q">The search index is not responding, so this page cannot tell. Reload it to try again.</p>`
      : signed.hits.length === 0
        ? html`<p>No entry. A certificate without a signature can mean a stolen login, or a program that stopped halfway.</p>`
        : html`${hitTable("Signed with it", signed.hits)}`;
  return html`<section class="flow"><h2>Signed with it</h2>
${body}
</section>`;
}

function certificateSection({ holder: { certificate, signer }, keyFingerprint }: CertificateFacts): Markup {
  const key = parsePublicKey(certificate.spki);
  const kind = key.ok
    ? key.value.kind.replace("ecdsa-p", "ECDSA P-").replace("rsa-", "RSA ").replace("ed25519", "Ed25519")
    : "of a kind that this service does not know";
  return html`<section id="identity" class="flow"><h2>Certificate</h2>
<dl class="kv">
${field("Given to", renderSigner(signer))}${buildFields(signer)}${field("Valid", html`${timeTag(certificate.notBefore, "sentence")} to ${timeTag(certificate.notAfter, "sentence")}`)}${field("Key", html`${kind}`)}${field("Key fingerprint", withCopy(`sha256:${keyFingerprint}`, "key fingerprint"))}${field("Fingerprint as logged", withCopy(`sha256:${encodeHex(sha256(certificate.der))}`, "certificate fingerprint"))}${field("Serial number", withCopy(encodeHex(certificate.serial), "serial number"))}
</dl>
</section>`;
}
