// SPDX-License-Identifier: Apache-2.0
// Who signed what is on a page of results: one row for each signer.

import { html, type Markup } from "../../../shared/http/markup.ts";
import type { SearchHit } from "../../../shared/search/answer.ts";
import { unixMs } from "../../../shared/time.ts";
import { nameIssuer } from "../facts/signer.ts";
import { NONE, table } from "../parts/parts.ts";
import { formatNumber, timeTag, withBreaks } from "../parts/words.ts";
import { identityHref } from "./identity-parts.ts";

const COLUMNS = [
  { heading: "Who", kind: "w" },
  { heading: "Vouched for by", label: "Vouched for by" },
  { heading: "Entries", kind: "r", label: "Entries" },
  { heading: "Newest", kind: "num", label: "Newest" },
] as const;

/**
 * Lists the signers of the hits, who signed most first. Empty if there is one: the list says who.
 * @param hits newest first
 */
export function signersSection(hits: readonly SearchHit[]): Markup {
  const groups = [...Map.groupBy(hits, ({ identity, issuer }) => JSON.stringify([identity, issuer])).values()];
  if (groups.length < 2) return NONE;
  const rows = groups.toSorted((a, b) => b.length - a.length).map(toRow);
  return html`<section>
<h2>Who signed</h2>
<p class="q">Counts the entries on this page.</p>
${table("Who signed", COLUMNS, rows)}
</section>`;
}

function toRow(group: readonly SearchHit[]): readonly Markup[] {
  const [first] = group;
  if (first === undefined) throw new RangeError("a group without an entry");
  const { identity, issuer, time } = first;
  const at = Date.parse(time);
  return [
    identity === null
      ? html`<b>Keys without a certificate</b>`
      : html`<a class="m" href="${identityHref(identity)}">${withBreaks(identity)}</a>`,
    html`${identity === null ? "nobody" : nameIssuer(issuer)}`,
    html`${formatNumber(group.length)}`,
    Number.isNaN(at) ? html`${time}` : timeTag(unixMs(at), "list"),
  ];
}
