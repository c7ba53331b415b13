// SPDX-License-Identifier: Apache-2.0
// Numbers, times and names as people read them. Everything is UTC; the script of the pages may show the reader's zone.

import { html, type Markup } from "../../../shared/http/markup.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";

/** `48201` → `48,201`. */
export const formatNumber = (value: number): string => String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** `1 entry`, `48,201 entries`. */
export const formatCount = (value: number, one: string, many = `${one}s`): string =>
  `${formatNumber(value)} ${value === 1 ? one : many}`;

const MONTHS = "January February March April May June July August September October November December".split(" ");

/** `29 November 2026`, or `29 Nov 2026`. */
export function formatDay(time: UnixMs, length: "long" | "short" = "long"): string {
  const date = new Date(time);
  const month = MONTHS[date.getUTCMonth()] ?? "";
  return `${date.getUTCDate()} ${length === "long" ? month : month.slice(0, 3)} ${date.getUTCFullYear()}`;
}

/** `Nov 2026`. @param month months since the year 0 */
export const formatMonth = (month: number): string =>
  `${(MONTHS[month % 12] ?? "").slice(0, 3)} ${Math.floor(month / 12)}`;

const clockOf = (time: UnixMs, end: 16 | 19): string => formatRfc3339(time).slice(11, end);

/** The forms of a time in the text. The script of the pages writes the same forms in the reader's zone. */
const FORMS = {
  /** 29 November 2026 at 11:52 UTC */
  sentence: (time: UnixMs) => html`${formatDay(time)} at ${clockOf(time, 16)} UTC`,
  /** 11:52:07 UTC */
  clock: (time: UnixMs) => html`${clockOf(time, 19)} UTC`,
  /** 29 Nov 2026 over 11:52 */
  list: (time: UnixMs) => html`<b>${formatDay(time, "short")}</b><br> <span class="q">${clockOf(time, 16)}</span>`,
} as const;

/** A time, with UTC to the second on hover. */
export function timeTag(time: UnixMs, form: keyof typeof FORMS): Markup {
  const iso = formatRfc3339(time);
  const title = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return html`<time datetime="${iso}" title="${title}" data-form="${form}">${FORMS[form](time)}</time>`;
}

/** A long name that may break after `/` and `@`. */
export const withBreaks = (text: string): Markup => {
  const [first = "", ...more] = text.split(/(?<=[/@])/);
  return html`${first}${more.map((part) => html`<wbr>${part}`)}`;
};

/** The words at the beginning of a line. */
export const capitalize = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
