// SPDX-License-Identifier: Apache-2.0
// A plot of counts over time: bars in SVG, words outside it.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { formatNumber } from "./words.ts";

/** One bar. */
export interface Bar {
  /** The day or month. */
  readonly label: string;
  readonly count: number;
  /** A list of what was counted in it. */
  readonly href?: string;
  /** There are more than were counted. */
  readonly isAtLeast?: boolean;
}

/**
 * Plots the bars, the oldest first. At least one.
 * @param isUnderWay the newest is not over yet, and is drawn pale
 */
export function plot(caption: string, bars: readonly Bar[], isUnderWay = true): Markup {
  const [first, last] = [bars[0], bars.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("a plot needs a bar");
  const most = bars.reduce((highest, bar) => (bar.count > highest.count ? bar : highest));
  const scale = Math.max(1, most.count);
  const rects = bars.map(({ count }, i) => {
    const height = (100 * count) / scale;
    const now = isUnderWay && i === bars.length - 1 ? html` class="now"` : html``;
    return html`<rect${now} x="${String(10 * i + 1)}" y="${(100 - height).toFixed(1)}" width="8" height="${height.toFixed(1)}"/>`;
  });
  const left = bars.length > 1 ? html`<span>${first.label}</span>` : html``;
  const newest = isUnderWay ? html`<span class="num">${formatNumber(last.count)} so far</span>` : html``;
  return html`<figure class="plot">
<figcaption><span>${caption}</span> ${newest}</figcaption>
<svg viewBox="0 0 ${String(10 * bars.length)} 100" preserveAspectRatio="none" aria-hidden="true">${rects}</svg>
<p>${left} <span>Most: ${formatNumber(most.count)}, ${most.label}</span> <span>${last.label}</span></p>
</figure>
<details><summary>The numbers</summary><p class="sm q">${bars.map((bar, i) => html`${i === 0 ? "" : " · "}${describeBar(bar)}`)}</p></details>`;
}

function describeBar({ label, count, href, isAtLeast = false }: Bar): Markup {
  const text = `${label}: ${isAtLeast ? "at least " : ""}${formatNumber(count)}`;
  return href === undefined || count === 0 ? html`${text}` : html`<a href="${href}">${text}</a>`;
}
