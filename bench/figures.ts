// SPDX-License-Identifier: Apache-2.0
// Figures and their budgets, and how both are shown.

import { styled } from "../cli/terminal.ts";

export type Unit = "ms" | "/s" | "s" | "KiB" | "" | "%";

/** A bound of DESIGN's budgets. */
export type Budget = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  /** What of the row it is: `p50`, `warm`. */
  readonly label: string;
  readonly value: number;
  readonly unit: Unit;
  /** Null for what is measured and shown only. */
  readonly budget: Budget | null;
}

export interface Row {
  readonly name: string;
  readonly figures: readonly Figure[];
}

export interface Section {
  readonly title: string;
  /** What is in the figures and what is not, a line each. */
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

export const figure = (label: string, value: number, unit: Unit, budget: Budget | null = null): Figure => ({
  label,
  value,
  unit,
  budget,
});

export const isMet = ({ value, budget }: Figure): boolean | null => {
  if (budget === null) return null;
  return "atMost" in budget ? value <= budget.atMost : value >= budget.atLeast;
};

const NAME_WIDTH = 40;
const FIGURE_WIDTH = 26;

/** The section as lines for a terminal. */
export function renderSection({ title, notes, rows }: Section): string {
  const body = rows.map(({ name, figures }) => {
    const known = figures.filter(({ value }) => !Number.isNaN(value));
    const cells = known.map((one, i) => renderFigure(one, i === known.length - 1 ? 0 : FIGURE_WIDTH));
    return `  ${name.padEnd(NAME_WIDTH)} ${cells.join("")}`.trimEnd();
  });
  return [styled("bold", title), ...body, ...notes.map((note) => styled("dim", `  ${note}`)), ""].join("\n");
}

/** `p50 8.1 ms ≤ 12 ✓`, padded by what is visible. */
function renderFigure(one: Figure, width: number): string {
  const { label, value, unit, budget } = one;
  const number = `${label} ${renderNumber(value)}${unit === "" || unit === "/s" ? unit : ` ${unit}`}`;
  const limit = budget === null ? "" : renderBudget(budget);
  const mark = budget === null ? "" : isMet(one) === true ? styled("green", "✓") : styled("red", "✗");
  const visible = number.length + limit.length + (budget === null ? 0 : 3);
  const text = budget === null ? number : `${number} ${styled("dim", limit)} ${mark}`;
  return text + " ".repeat(Math.max(0, width - visible));
}

const renderBudget = (budget: Budget): string => ("atMost" in budget ? `≤ ${budget.atMost}` : `≥ ${budget.atLeast}`);

/** Three digits that say something. */
const renderNumber = (value: number): string =>
  Number.isInteger(value) || value >= 100 ? String(Math.round(value)) : value.toPrecision(3);

/** The figures as plain data, one object each. */
export function figuresAsData(sections: readonly Section[]): readonly object[] {
  return sections.flatMap(({ title, rows }) =>
    rows.flatMap(({ name, figures }) =>
      figures.map((one) => ({ section: title, row: name, ...one, isMet: isMet(one) })),
    ),
  );
}
