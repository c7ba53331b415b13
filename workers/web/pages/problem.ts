// SPDX-License-Identifier: Apache-2.0
// The pages of what is not there, and of what failed: what happened, and a way out.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { NONE } from "../parts/parts.ts";
import type { Answer } from "../respond.ts";
import { largeBox } from "./site.ts";

/** A problem, as its page explains it. */
export interface Problem {
  readonly status: 400 | 404 | 405 | 429 | 503;
  /** A sentence without a full stop. */
  readonly title: string;
  readonly lead: string;
  /** Links that lead on. */
  readonly ways?: readonly { readonly href: string; readonly text: string }[];
  /** The text in the box. */
  readonly text?: string;
  /** For whoever runs the site. */
  readonly requestId?: string;
}

const GRPC = { 400: 3, 404: 5, 405: 12, 429: 8, 503: 14 } as const;

export function problemPage({ status, title, lead, ways = [], text = "", requestId }: Problem): Answer {
  const links: readonly Markup[] = [...ways, { href: "/", text: "Start page" }].map(
    ({ href, text: words }) => html`<a class="btn" href="${href}">${words}</a> `,
  );
  const code =
    requestId === undefined
      ? NONE
      : html`<p class="q sm">For the operator of this site: request <span class="m">${requestId}</span></p>`;
  return {
    page: {
      status,
      title,
      description: lead,
      canonical: null,
      box: "large",
      body: html`<h1>${title}</h1>
<p class="lead">${lead}</p>
<p class="row">${links}</p>
${largeBox(text)}
${code}`,
    },
    json: { code: GRPC[status], message: `${title}: ${lead}`, details: [] },
  };
}
