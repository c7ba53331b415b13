// SPDX-License-Identifier: Apache-2.0
// The page of one entry of a signature log: a sentence, what was signed, who signed, what was checked, the command that
// verifies it, and the raw entry.

import { sha256 } from "#sha256";
import { encodeHex } from "../../../shared/bytes/hex.ts";
import { decodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import { entryJson, type LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { icon } from "../../../shared/pages/icons.ts";
import type { ReadEntry } from "../../../shared/rpc/log-reads.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { PREDICATE_TYPES } from "../../../shared/search/predicate-types.ts";
import { COSIGN_SIGN_TYPE, cosignCommands, type VerifyCommand } from "../facts/command.ts";
import type { SignatureFacts, Signed } from "../facts/entry.ts";
import { type Check, checks, code, field, NONE, withCopy } from "../parts/parts.ts";
import { capitalize, formatCount, formatDay, formatNumber, timeTag } from "../parts/words.ts";
import type { Answer } from "../respond.ts";
import { entryHref, inclusionChecks, linkMachines, linkNeighbors, placeInLog, raw, rawProof } from "./entry-parts.ts";
import {
  buildFields,
  buildSentence,
  linkIdentity,
  nameSubject,
  nameSubjectFirst,
  renderSigner,
  subjectOf,
} from "./identity-parts.ts";
import { nameLog } from "./site.ts";

/** Everything the page shows. */
export interface SignaturePageFacts {
  readonly href: string;
  readonly logged: ReadEntry;
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
  const commands = cosignCommands(facts, href);
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
<p class="q">What this server has compared without the file. ${facts.signed.kind === "digest" ? html`<a href="/verify?log=${encodeURIComponent(log)}&amp;index=${String(leafIndex)}">Your browser</a> or a client in a terminal` : html`A client in a terminal`} compares all of it again, with your file, and takes nothing on this page’s word.</p>
${checks([...inclusionChecks(logged), ...signerChecks(facts, logged, certificateEntry)])}
</section>
${commandSection(facts, commands)}
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
  "FILE is your copy of the file, and FILE.sigstore.json the bundle that its publisher provides. The command fails unless the two match and this signer signed.";
const IMAGE_NOTE =
  "IMAGE is the name of the image in its registry, where cosign finds the signature. The command fails unless this signer signed the image.";
const TYPE_NOTE = "TYPE is the type of the statement, such as slsaprovenance1 or spdxjson: its publisher says which.";

const KEY_NOTE = "KEY.pub is the signer’s public key in PEM.";

/** Explains the words that the reader replaces. */
const noteOf = ({ text }: VerifyCommand): string =>
  [
    text.includes("IMAGE@") ? IMAGE_NOTE : BUNDLE_NOTE,
    ...(text.includes("--type TYPE") ? [TYPE_NOTE] : []),
    ...(text.includes("--key KEY.pub") ? [KEY_NOTE] : []),
  ].join(" ");

const renderCommand = (command: VerifyCommand, heading: Markup): Markup =>
  html`${heading}<p class="q">${noteOf(command)}</p>
${code(command.text, `command for ${command.what}`)}`;

function commandSection({ signed }: SignatureFacts, commands: readonly VerifyCommand[]): Markup {
  const [first, ...others] = commands;
  if (first === undefined) return NONE;
  const intro =
    signed.kind === "digest"
      ? html`<p>The log has a digest only, so you choose the command: whoever published the signature knows what was signed.</p>`
      : NONE;
  return html`<section id="command" class="flow">
<h2>Verify in a terminal</h2>
${intro}${renderCommand(first, others.length === 0 ? NONE : html`<h3>If it is ${first.what}</h3>\n`)}
${others.map(
  (command) => html`<details><summary>If it is ${command.what}</summary>
<div class="flow">${renderCommand(command, NONE)}</div>
</details>\n`,
)}</section>`;
}

/** Completes "… on 29 November 2026": what was done. */
function describeAct({ signed, isGenesis }: SignatureFacts): string {
  if (isGenesis) return "began the log";
  if (signed.kind === "digest") return "signed a file or an attestation";
  const { predicateType, subjects } = signed;
  if (predicateType === COSIGN_SIGN_TYPE) return "signed a container image";
  const count = subjects?.length ?? 0;
  return count === 0 ? "signed an attestation" : `signed an attestation about ${formatCount(count, "file")}`;
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

function actions({ signed, holder }: SignatureFacts, { log, leafIndex }: LoggedEntry): Markup {
  const pem = html` <a class="btn" href="${entryHref(log, leafIndex, ".pem")}" download>${icon("down")} Download certificate</a>`;
  const ways = [...(signed.kind === "digest" ? [fileActions(log, leafIndex)] : []), ...(holder === null ? [] : [pem])];
  return ways.length === 0 ? NONE : html`<p class="row">${ways}</p>`;
}

/** Ways that only lead on if it was a file that was signed. */
const fileActions = (log: string, leafIndex: number): Markup =>
  html`<a class="btn" href="/verify?log=${encodeURIComponent(log)}&amp;index=${String(leafIndex)}">Compare with a file</a> <a class="btn" href="${entryHref(log, leafIndex, ".sigstore.json")}" download>${icon("down")} Download bundle</a>`;

function artifactSection(facts: SignatureFacts): Markup {
  const { digest, signed, entry } = facts;
  return html`<section id="artifact" class="flow">
<h2>Artifact</h2>
<dl class="kv">
${signed.kind === "digest" ? digestFields(facts) : statementFields(signed, digest)}${field("Other signatures", html`<a href="${digestHref(digest)}">Everything signed with this digest</a>`)}${field("Signature", html`${entry.verifier.keyDetails.replaceAll("_", " ").replace(/^PKIX /, "")}, ${entry.signature.length === 0 ? "which the log does not have" : formatCount(entry.signature.length, "byte")}`)}
</dl>
</section>`;
}

const digestFields = ({ digest, isGenesis }: SignatureFacts): Markup =>
  html`${field("Digest", withCopy(digest, "digest"))}${isGenesis ? NONE : field("Signed as", html`A file, or an attestation about files: the log has the digest only, no name and no content.<br><span class="q">Whoever has the attestation can <a href="/#own">send it</a>, and this page says what it is about.</span>`)}`;

type Statement = Extract<Signed, { readonly kind: "statement" }>;

function statementFields({ predicateType, subjects }: Statement, digest: string): Markup {
  const shown = (subjects ?? []).slice(0, MAX_SUBJECTS);
  const hidden = (subjects?.length ?? 0) - shown.length;
  const type = predicateType === null ? "of no known type" : (PREDICATE_TYPES[predicateType] ?? null);
  const address = predicateType === null ? NONE : html`<span class="m">${predicateType}</span>`;
  const source =
    subjects === null
      ? "Somebody sent the attestation, and the signature of this entry is over it; the log keeps the digest only"
      : "As the submitter described it; the log keeps the digest of the attestation only";
  return html`${field("Attestation", html`${type === null ? NONE : html`${capitalize(type)}<br>`}${address}<br><span class="q">${source}</span>`)}${shown.map((subject) => field("About", html`<a class="plain" href="${digestHref(subject)}">${withCopy(subject, "digest")}</a>`))}${hidden > 0 ? field("And", html`${formatCount(hidden, "more file")}`) : NONE}${field("Digest of the attestation", withCopy(digest, "digest"))}`;
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
${field("Who", html`<span class="who"><span class="mark workload" data-letters="K" aria-hidden="true"></span><span>A key without a certificate</span></span>`)}${key}</dl></section>`;
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
<ul class="sm">${linkIdentity(identity)}<li><a href="${digestHref(digest)}">All of this digest</a></li><li><a href="${keyHref(keyFingerprint)}">All by this key</a></li>${linkNeighbors(logged)}</ul></div>`;
}

/** The canonical body with line breaks. */
function prettyBody(body: Uint8Array): string {
  const text = decodeUtf8(body);
  if (!text.ok) return encodeHex(body);
  return JSON.stringify(JSON.parse(text.value), null, 2);
}
