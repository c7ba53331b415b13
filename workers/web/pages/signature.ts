// SPDX-License-Identifier: Apache-2.0
// The page of one entry of a signature log: a sentence, what was signed, who signed, what was checked, the command that
// verifies it, and the raw entry.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { decodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { entryJson, type LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { icon } from "../../../shared/pages/icons.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { COSIGN_SIGN_TYPE, cosignCommand } from "../facts/command.ts";
import type { SignatureFacts } from "../facts/entry.ts";
import { type Check, checks, code, field, NONE, withCopy } from "../parts/parts.ts";
import { formatCount, formatDay, formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { entryHref, inclusionChecks, linkMachines, linkNeighbors, placeInLog, raw, rawProof } from "./entry-parts.ts";
import {
  buildFields,
  buildSentence,
  identityHref,
  nameSubject,
  nameSubjectFirst,
  renderSigner,
  subjectOf,
} from "./identity-parts.ts";
import { nameLog } from "./site.ts";

/** Everything the page shows. */
export interface SignaturePageFacts {
  readonly href: string;
  readonly logged: LoggedEntry;
  readonly facts: SignatureFacts;
  /** The entry of the certificate log with the same key; null if none is known, or for a bare key. */
  readonly certificateEntry: Pick<SearchHit, "log" | "index"> | null;
}

export function signaturePage({ href, logged, facts, certificateEntry }: SignaturePageFacts): Answer {
  const { leafIndex, log, timestamp } = logged;
  const what = describeAct(facts);
  const who = facts.holder === null ? "the holder of a key" : nameSubject(facts.holder.signer);
  const subject = facts.holder === null ? "The holder of a key" : nameSubjectFirst(facts.holder.signer);
  const number = formatNumber(leafIndex);
  const command = cosignCommand(facts, href);
  return {
    json: entryJson(logged),
    page: {
      status: 200,
      title: `Entry ${number}: ${who}`,
      description: facts.isGenesis
        ? `The first entry of the log, which the log wrote itself on ${formatDay(timestamp)}.`
        : `${subject} ${what} on ${formatDay(timestamp)}.`,
      canonical: entryHref(log, leafIndex),
      box: { text: "" },
      links: html`<link rel="alternate" type="application/json" href="/api/entries/${String(leafIndex)}?log=${encodeURIComponent(log)}">`,
      body: html`<nav class="crumbs" aria-label="Where you are"><ol><li><a href="/">Look up</a></li> <li><a href="/logs#${log}">${nameLog({ name: log, kind: logged.kind })}</a></li> <li><span aria-current="page">Entry ${number}</span></li></ol></nav>
${sentence(facts, logged, what)}
${actions(facts, logged)}
<div class="cols">
<div>
${artifactSection(facts)}
${identitySection(facts, certificateEntry)}
<section id="proof" class="flow">
<h2>Proof</h2>
<p class="q">What this server can check without the file. A client on your computer checks all of it again, and trusts nothing here.</p>
${checks([...inclusionChecks(logged), ...signerChecks(facts, logged, certificateEntry)])}
</section>
${
  command === null
    ? NONE
    : html`<section id="command" class="flow">
<h2>Verify in a terminal</h2>
<p class="q">${BUNDLE_NOTE}</p>
${code(command, "command")}
</section>`
}
<section id="raw" class="flow">
<h2>Raw</h2>
${raw("Entry as it is in the log", prettyBody(logged.shown.body), "entry")}${rawProof(logged)}
</section>
</div>
<aside class="grid" aria-label="About this entry">
${placeInLog(logged)}
${neighbors(facts, logged)}
${linkMachines(logged)}
</aside>
</div>`,
    },
  };
}

const BUNDLE_NOTE =
  "FILE is your copy of the file, and FILE.sigstore.json the bundle that its publisher provides. The command fails unless the two match and this identity signed.";

/** Completes "… on 29 November 2026": what was done. */
function describeAct({ hints, isGenesis }: SignatureFacts): string {
  if (isGenesis) return "began the log";
  if (hints === null) return "signed a file";
  if (hints.predicateType === COSIGN_SIGN_TYPE) return "signed a container image";
  const count = hints.subjectDigests.length;
  return count === 0 ? "signed a statement" : `signed a statement about ${formatCount(count, "file")}`;
}

function sentence(
  { holder, isGenesis, keyFingerprint }: SignatureFacts,
  { timestamp }: LoggedEntry,
  what: string,
): Markup {
  const when = timeTag(timestamp, "sentence");
  if (isGenesis)
    return html`<h1 class="say">The log wrote this entry itself, when it began on <b>${when}</b>.</h1>
<p class="lead">Clients need a log with an entry before they can use it. It signs nothing for anyone.</p>`;
  if (holder === null)
    return html`<h1 class="say">The holder of the key <a class="m" href="${keyHref(keyFingerprint)}">${keyFingerprint.slice(0, 12)}</a> ${what} on <b>${when}</b>.</h1>
<p class="lead">No certificate names the signer. You have to know from elsewhere whether to trust the key.</p>`;
  return html`<h1 class="say">${subjectOf(holder.signer)} ${what} on <b>${when}</b>.</h1>
<p class="lead">${buildSentence(holder.signer)}</p>`;
}

const keyHref = (fingerprint: string): string => `/search?publicKey=${fingerprint}`;
const digestHref = (digest: string): string => `/search?digest=${encodeURIComponent(digest)}`;

function actions({ hints, holder }: SignatureFacts, { log, leafIndex }: LoggedEntry): Markup {
  const bundle = html`<a class="btn" href="${entryHref(log, leafIndex, ".sigstore.json")}" download>${icon("down")} Download bundle</a>`;
  const pem = html` <a class="btn" href="${entryHref(log, leafIndex, ".pem")}" download>${icon("down")} Download certificate</a>`;
  if (hints !== null && holder === null) return NONE;
  const query = `log=${encodeURIComponent(log)}&index=${leafIndex}`;
  const verify = html`<a class="btn" href="/verify?${query}">Compare with a file</a> `;
  return html`<p class="row">${hints === null ? html`${verify}${bundle}` : NONE}${holder === null ? NONE : pem}</p>`;
}

function artifactSection({ digest, hints, entry }: SignatureFacts): Markup {
  const subjects = (hints?.subjectDigests ?? []).slice(0, MAX_SUBJECTS);
  const hidden = (hints?.subjectDigests.length ?? 0) - subjects.length;
  return html`<section id="artifact" class="flow">
<h2>Artifact</h2>
<dl class="kv">
${
  hints === null
    ? html`${field("Digest", withCopy(digest, "digest"))}${field("Signed as", html`A file. Its name and content are not in the log.`)}`
    : html`${field("Statement", html`${hints.predicateType === null ? "of no known type" : html`<span class="m">${hints.predicateType}</span>`}<br><span class="q">As the submitter described it; the log keeps only the statement’s digest</span>`)}${subjects.map((subject) => field("About", html`<a class="plain" href="${digestHref(subject)}">${withCopy(subject, "digest")}</a>`))}${hidden > 0 ? field("And", html`${formatCount(hidden, "more file")}`) : NONE}${field("Digest of the statement", withCopy(digest, "digest"))}`
}${field("Other signatures", html`<a href="${digestHref(digest)}">Everything signed with this digest</a>`)}${field("Signature", html`${entry.verifier.keyDetails.replaceAll("_", " ").replace(/^PKIX /, "")}, ${formatCount(entry.signature.length, "byte")}`)}
</dl>
</section>`;
}

/** A statement may be about hundreds. */
const MAX_SUBJECTS = 32;

function identitySection(
  { holder, keyFingerprint }: SignatureFacts,
  found: SignaturePageFacts["certificateEntry"],
): Markup {
  const key = field("Key", withCopy(`sha256:${keyFingerprint}`, "key fingerprint"));
  if (holder === null)
    return html`<section id="identity" class="flow"><h2>Identity</h2><dl class="kv">
${field("Who", html`<span class="who"><span class="mark workload" aria-hidden="true">K</span><span>A key without a certificate</span></span>`)}${key}</dl></section>`;
  const { certificate, signer } = holder;
  const valid = html`valid ${timeTag(certificate.notBefore, "clock")} to ${timeTag(certificate.notAfter, "clock")}`;
  const entry =
    found === null
      ? html`${valid}`
      : html`<a href="${entryHref(found.log, found.index)}">Entry ${formatNumber(found.index)} of the certificate log</a>, ${valid}`;
  return html`<section id="identity" class="flow">
<h2>Identity</h2>
<dl class="kv">
${field("Who", renderSigner(signer))}${buildFields(signer)}${field("Certificate", entry)}${key}${field("Certificate fingerprint", withCopy(`sha256:${encodeHex(sha256(certificate.der))}`, "certificate fingerprint"))}
</dl>
</section>`;
}

function signerChecks(
  { holder }: SignatureFacts,
  { timestamp }: LoggedEntry,
  found: SignaturePageFacts["certificateEntry"],
): readonly Check[] {
  const overFile: Check = {
    title: "Signature over the file",
    result: "unchecked",
    what: html`The log checked the signature over the digest when it took the entry. Only you can check whether your file has this digest: the file is not here.`,
  };
  if (holder === null) return [overFile];
  const { notBefore, notAfter } = holder.certificate;
  const isWithin = notBefore <= timestamp && timestamp <= notAfter;
  const range = html`${timeTag(notBefore, "clock")} to ${timeTag(notAfter, "clock")}`;
  return [
    {
      title: "Certificate valid at the time",
      result: isWithin ? "passed" : "unchecked",
      what: isWithin
        ? html`The log took the entry at ${timeTag(timestamp, "clock")}, within ${range}.`
        : html`The log took the entry at ${timeTag(timestamp, "clock")}; the certificate was valid from ${range}. The timestamp in the bundle decides.`,
    },
    {
      title: "Certificate is public",
      result: found === null ? "unchecked" : "passed",
      what:
        found === null
          ? html`The search index has no entry of a certificate log for this key, or not yet.`
          : html`<a href="${entryHref(found.log, found.index)}">Entry ${formatNumber(found.index)}</a> of the certificate log is for the same key.`,
    },
    overFile,
  ];
}

function neighbors({ holder, digest, keyFingerprint }: SignatureFacts, logged: LoggedEntry): Markup {
  const identity = holder?.signer.identity ?? "";
  return html`<div><h2 class="h3">Near this entry</h2>
<ul class="sm">${identity === "" ? NONE : html`<li><a href="${identityHref(identity)}">All by this identity</a></li>`}<li><a href="${digestHref(digest)}">All of this digest</a></li><li><a href="${keyHref(keyFingerprint)}">All by this key</a></li>${linkNeighbors(logged)}</ul></div>`;
}

/** The canonical body with line breaks. */
function prettyBody(body: Uint8Array): string {
  const text = decodeUtf8(body);
  if (!text.ok) return encodeHex(body);
  return JSON.stringify(JSON.parse(text.value), null, 2);
}
