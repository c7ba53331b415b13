// SPDX-License-Identifier: Apache-2.0
// A list of entries that were found.

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { PREDICATE_TYPES } from "../../../shared/search/predicate-types.ts";
import { unixMs } from "../../../shared/time.ts";
import { nameIssuer } from "../facts/signer.ts";
import { digest, table } from "../parts/parts.ts";
import { formatNumber, timeTag, withBreaks } from "../parts/words.ts";
import { entryHref } from "./entry-parts.ts";
import { identityHref } from "./identity-parts.ts";

const COLUMNS = [
  { heading: "Entry", kind: "num" },
  { heading: "When (UTC)", kind: "num" },
  { heading: "What", kind: "w" },
  { heading: "Who", kind: "w" },
] as const;

/** Newest first. @param name for readers of the page by ear */
export const hitTable = (name: string, hits: readonly SearchHit[]): Markup => table(name, COLUMNS, hits.map(row));

const KINDS = { signature: "Signature", attestation: "Attestation", certificate: "Certificate" } as const;

/** `Attestation, SLSA provenance` */
function nameKind({ kind, predicateType }: SearchHit): Markup {
  const type = predicateType === null ? null : (PREDICATE_TYPES[predicateType] ?? predicateType);
  return html`<b>${KINDS[kind]}</b>${type === null ? "" : `, ${type}`}`;
}

function row(hit: SearchHit): readonly Markup[] {
  const { log, index, time, digest: signed, identity, issuer } = hit;
  const at = Date.parse(time);
  return [
    html`<a href="${entryHref(log, index)}">${formatNumber(index)}</a>`,
    Number.isNaN(at) ? html`${time}` : timeTag(unixMs(at), "list"),
    html`${nameKind(hit)}<br>${signed === null ? html`<span class="q">${log} log</span>` : digest(signed)}`,
    identity === null
      ? html`<span class="q">A key without a certificate</span>`
      : html`<a class="m" href="${identityHref(identity)}">${withBreaks(identity)}</a><br><span class="q">${nameIssuer(issuer)}</span>`,
  ];
}
