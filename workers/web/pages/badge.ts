// SPDX-License-Identifier: Apache-2.0
// A picture for a README: how many entries a search finds, and the newest. It says what the log has, and not that
// anything was verified. SVG without a script, which shows in an <img> of any site.
// Spec: https://www.w3.org/TR/SVG11/

import { escapeHtml } from "../../../shared/http/markup.ts";
import type { SearchAnswer } from "../../../shared/search/answer.ts";
import { unixMs } from "../../../shared/time.ts";
import { formatCount, formatDay } from "../parts/words.ts";

/** Pixels of one character of 11 px Verdana, about, and around a text. */
const CHAR_PX = 6.6;
const PADDING_PX = 6;
const HEIGHT_PX = 20;

const widthOf = (text: string): number => Math.round(text.length * CHAR_PX) + 2 * PADDING_PX;

/** `3 entries, newest 29 Nov 2026` */
function describeAnswer({ hits, nextCursor }: SearchAnswer): string {
  const [first] = hits;
  if (first === undefined) return nextCursor === null ? "no entry" : "entries";
  const at = Date.parse(first.time);
  const newest = Number.isNaN(at) ? "" : `, newest ${formatDay(unixMs(at), "short")}`;
  const count = nextCursor === null ? formatCount(hits.length, "entry", "entries") : `${hits.length}+ entries`;
  return `${count}${newest}`;
}

const renderText = (words: string, x: number): string =>
  `<text x="${x}" y="14" text-anchor="middle" fill="#fff">${escapeHtml(words)}</text>`;

/** Renders the badge of an answer's first page. @param host of the deployment */
export function renderBadge(host: string, answer: SearchAnswer): string {
  const [label, value] = [host, describeAnswer(answer)];
  const [left, right] = [widthOf(label), widthOf(value)];
  const title = escapeHtml(`${label}: ${value}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT_PX}" role="img" aria-label="${title}" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><title>${title}</title><rect width="${left}" height="${HEIGHT_PX}" fill="#33393c"/><rect x="${left}" width="${right}" height="${HEIGHT_PX}" fill="#00598a"/>${renderText(label, left / 2)}${renderText(value, left + right / 2)}</svg>\n`;
}
