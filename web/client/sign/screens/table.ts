// SPDX-License-Identifier: Apache-2.0
// The table of files on each screen: rows become cards on a phone.

import { element, isolateText } from "../../verify/dom.ts";

/** One file. */
export interface FileRow {
  readonly name: string;
  readonly below: Node;
  readonly right: Node | string;
}

/** A table with a file in each row. @param right the heading of the second column */
export function fileTable(name: string, right: string, rows: readonly FileRow[]): HTMLElement {
  const body = rows.map((row) =>
    element(
      "tr",
      { role: "row" },
      element("td", { role: "cell", class: "w" }, isolateText(row.name, { class: "m name" }), element("br"), row.below),
      element("td", { role: "cell", class: "r", "data-l": right }, row.right),
    ),
  );
  return element(
    "table",
    { class: "stack", role: "table", "aria-label": name },
    element(
      "thead",
      { role: "rowgroup" },
      element("tr", { role: "row" }, makeHeading("File"), makeHeading(right, { class: "r" })),
    ),
    element("tbody", { role: "rowgroup" }, ...body),
  );
}

/** `3 files`. */
export const countFiles = (count: number): string => (count === 1 ? "1 file" : `${count} files`);

const makeHeading = (text: string, attributes = {}): HTMLElement =>
  element("th", { role: "columnheader", scope: "col", ...attributes }, text);
