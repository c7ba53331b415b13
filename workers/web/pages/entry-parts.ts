// SPDX-License-Identifier: Apache-2.0
// The common parts of the pages of signatures and of certificates: the checks of the log, the place in it, raw data,
// ways to machines and neighbors.

import { encodeHex } from "../../../shared/bytes/hex.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { html, type Markup } from "../../../shared/http/markup.ts";
import type { LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import type { ReadEntry } from "../../../shared/rpc/log-reads.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { type Check, code, NONE } from "../parts/parts.ts";
import { formatCount, formatNumber } from "../parts/words.ts";
import { nameLog } from "./site.ts";

/** The path of an entry's page. */
export const entryHref = (log: string, index: number, end: "" | ".sigstore.json" | ".pem" = ""): string =>
  `/entry/${encodeURIComponent(log)}/${index}${end}`;

/** Lists the checks that the log service has made before it answered, and what is left to the reader. */
export function inclusionChecks({ leafIndex, proof, treeSize, checkpoint, ...head }: ReadEntry): readonly Check[] {
  const hashes = proof.length === 0 ? "is" : `leads through ${formatCount(proof.length, "hash", "hashes")} to`;
  const note = parseNote(encodeUtf8(checkpoint));
  const signatures = note.ok ? note.value.signatures.map(({ name }) => name) : [];
  const witnesses = signatures.filter((name) => name !== signatures[0]);
  const seen = witnesses.length === 0 ? "No witness has countersigned it" : `It has lines of ${witnesses.join(", ")}`;
  return [
    {
      title: "In the log",
      result: "passed",
      what: html`Entry ${formatNumber(leafIndex)} ${hashes} the root of the head of size ${formatNumber(treeSize)}, computed for this page.`,
    },
    headCheck(head, signatures[0] ?? "nobody"),
    {
      title: "One history",
      result: "unchecked",
      what: html`Whether others see the same head, no page of this server can show. ${seen}. <a href="/logs#audit">Audit the log</a>, or compare the head with one from elsewhere.`,
    },
  ];
}

/** Names what this server compared, and who has to compare it again. */
function headCheck({ vkeys, isHeadSigned }: Pick<ReadEntry, "vkeys" | "isHeadSigned">, signer: string): Check {
  const [, keyId = "none"] = (vkeys[0] ?? "").split("+");
  const key = html`the log’s key <span class="m">${keyId}</span>`;
  return {
    title: "Head signed by the log",
    result: isHeadSigned ? "passed" : "failed",
    what: isHeadSigned
      ? html`The signature of ${signer} on that head is good under ${key}, of the <a href="/logs">logs page</a>. Both come from this server: a client compares with the key in its trusted root.`
      : html`The signature of ${signer} on that head is not good under ${key}. Keep this page, and tell the operator.`,
  };
}

/** Shows the place of the entry in its log, as a line with a tick. */
export function placeInLog({ leafIndex, treeSize, log, kind }: LoggedEntry): Markup {
  const [size, at] = [String(treeSize), String(leafIndex)];
  const label = `Entry ${formatNumber(leafIndex)} of ${formatNumber(treeSize)}`;
  return html`<div><h2 class="h3">Place in the log</h2>
<svg class="rule" viewBox="0 0 ${size} 20" preserveAspectRatio="none" role="img" aria-label="${label}"><line x1="0" y1="10" x2="${size}" y2="10"/><line x1="0" y1="5" x2="0" y2="15"/><line x1="${size}" y1="5" x2="${size}" y2="15"/><line class="at" x1="${at}" y1="0" x2="${at}" y2="20"/></svg>
<p class="sm q num">${formatNumber(leafIndex)} of ${formatNumber(treeSize)} in the <a href="/logs#${log}">${nameLog({ name: log, kind }).replace(/^\w/, (letter) => letter.toLowerCase())}</a></p></div>`;
}

/** The entries before and after. */
export function linkNeighbors({ leafIndex, treeSize, log }: LoggedEntry): Markup {
  const link = (index: number): Markup => html`<a href="${entryHref(log, index)}">Entry ${formatNumber(index)}</a>`;
  const before = leafIndex > 0 ? [link(leafIndex - 1)] : [];
  const after = leafIndex + 1 < treeSize ? [link(leafIndex + 1)] : [];
  const both = [...before, ...after];
  if (both.length === 0) return NONE;
  return html`<li>${both.map((one, i) => (i === 0 ? one : html`, ${one}`))}</li>`;
}

/** Ways for programs. */
export const linkMachines = ({ log, leafIndex }: LoggedEntry): Markup => html`<div><h2 class="h3">For machines</h2>
<ul class="sm"><li><a href="/api/entries/${String(leafIndex)}?log=${encodeURIComponent(log)}">This entry as JSON</a></li><li><a href="/api/entries/${String(leafIndex)}.tlog-proof?log=${encodeURIComponent(log)}">Proof file</a></li></ul></div>`;

/** A raw part, closed until somebody asks. */
export const raw = (summary: string, text: string, name: string): Markup =>
  html`<details><summary>${summary}</summary>
${code(text, name)}
</details>\n`;

/** The hashes of the proof and the head that they lead to. */
export const rawProof = ({ proof, checkpoint }: LoggedEntry): Markup =>
  html`${
    proof.length === 0
      ? NONE
      : raw(`Inclusion proof, ${formatCount(proof.length, "hash", "hashes")}`, proof.map(encodeHex).join("\n"), "proof")
  }${raw("Signed head", checkpoint, "head")}`;
