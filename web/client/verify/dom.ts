// SPDX-License-Identifier: Apache-2.0
// Elements from texts. Nothing here makes markup of a text, so whatever a bundle says stays a text.

/** A child: text, an element, or none. */
export type Child = string | Node | null;

/** Makes an element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** The element with this id, which the page has. */
export function find(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

/** A copy of an icon that the page carries. */
export const icon = (name: "passed" | "failed" | "unchecked"): Node | null =>
  document.querySelector<HTMLTemplateElement>(`template#icon-${name}`)?.content.cloneNode(true) ?? null;

/** A text by others: it stands apart from what is around it, whatever direction its characters have. */
export const isolateText = (text: string, attributes: Readonly<Record<string, string>> = {}): HTMLElement =>
  element("bdi", attributes, text);

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** `48.2 MB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[power] ?? "byte";
  const form = { style: "unit", unit, unitDisplay: power === 0 ? "long" : "short", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat("en", form).format(bytes / 1000 ** power);
}
