// SPDX-License-Identifier: Apache-2.0
// Figures and their budgets, and how to render both.

import { paint } from "../cli/terminal.ts";

/** The units of figures. */
export type Unit = "µs" | "ms" | "/s" | "s" | "KiB" | "" | "%";

/** An upper or lower bound. */
export type Budget = { readonly atMost: number } | { readonly atLeast: number };

/** One measured number. */
export interface Figure {
  /** The number's name within its row, such as `p50` or `warm`. */
  readonly label: string;
  readonly value: number;
  readonly unit: Unit;
  /** Null if the figure has no budget. */
  readonly budget: Budget | null;
}

/** The figures of one subject. */
export interface Row {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** A table of the report. */
export interface Section {
  readonly title: string;
  /** Notes on what the figures include and exclude, one line each. */
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

/** Creates a figure. */
export const figure = (label: string, value: number, unit: Unit, budget: Budget | null = null): Figure => ({
  label,
  value,
  unit,
  budget,
});

/** Whether the figure meets its budget; null if it has none. */
export const isMet = ({ value, budget }: Figure): boolean | null => {
  if (budget === null) return null;
  return "atMost" in budget ? value <= budget.atMost : value >= budget.atLeast;
};

const NAME_WIDTH = 47;
const FIGURE_WIDTH = 26;

/** Renders the section as lines for a terminal. */
export function renderSection({ title, notes, rows }: Section): string {
  const body = rows.map(({ name, figures }) => {
    const known = figures.filter(({ value }) => !Number.isNaN(value));
    const cells = known.map((one, i) => renderFigure(one, i === known.length - 1 ? 0 : FIGURE_WIDTH));
    return `  ${name.padEnd(NAME_WIDTH)} ${cells.join("")}`.trimEnd();
  });
  return [paint("bold", title), ...body, ...notes.map((note) => paint("dim", `  ${note}`)), ""].join("\n");
}

/** Renders `p50 8.1 ms ≤ 12 ✓`, padded to `width` visible characters. */
function renderFigure(one: Figure, width: number): string {
  const { label, value, unit, budget } = one;
  const number = `${label} ${renderNumber(value)}${unit === "" || unit === "/s" ? unit : ` ${unit}`}`;
  const limit = budget === null ? "" : renderBudget(budget);
  const mark = budget === null ? "" : isMet(one) === true ? paint("green", "✓") : paint("red", "✗");
  const visible = number.length + limit.length + (budget === null ? 0 : 3);
  const text = budget === null ? number : `${number} ${paint("dim", limit)} ${mark}`;
  return text + " ".repeat(Math.max(0, width - visible));
}

const renderBudget = (budget: Budget): string => ("atMost" in budget ? `≤ ${budget.atMost}` : `≥ ${budget.atLeast}`);

/** Three significant digits. */
const renderNumber = (value: number): string =>
  Number.isInteger(value) || value >= 100 ? String(Math.round(value)) : value.toPrecision(3);

/** Flattens the figures into one object each, for --json. */
export function toPlainFigures(sections: readonly Section[]): readonly object[] {
  return sections.flatMap(({ title, rows }) =>
    rows.flatMap(({ name, figures }) =>
      figures.map((one) => ({ section: title, row: name, ...one, isMet: isMet(one) })),
    ),
  );
}
