// SPDX-License-Identifier: Apache-2.0
// HTML from templates whose every value is escaped, unless it is markup itself.

/** A piece of HTML. */
export interface Markup {
  readonly text: string;
}

type Value = string | Markup | readonly Markup[];

/** Makes markup: `html` before a template. Texts are escaped for content and quoted attributes. */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = literals.reduce((before, literal, i) => `${before}${markupOf(values[i - 1] ?? "")}${literal}`);
  return { text };
}

/** The HTML of a piece. */
export const textOf = ({ text }: Markup): string => text;

/**
 * A text as content, or as the value of a quoted attribute. Control characters other than tab and line feed, which no
 * page may hold as text (HTML §13.2.3.5), show as U+FFFD.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`).replace(CONTROL, "\u{fffd}");
}

// oxlint-disable-next-line no-control-regex -- these are what it removes
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function markupOf(value: Value): string {
  if (typeof value === "string") return escapeHtml(value);
  return "text" in value ? value.text : value.map(textOf).join("");
}
