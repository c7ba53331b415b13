// SPDX-License-Identifier: Apache-2.0
// The help page of a command, as `--help` prints it.

import { pageColumns, paint } from "../terminal.ts";
import type { CommandPage, Flag } from "./command-page.ts";

/** A longer term gets a line of its own. */
const MAX_TERM_COLUMNS = 24;

/** Formats a page for a terminal of this width. */
export function helpPage(page: CommandPage, columns: number = pageColumns()): string {
  const section = (title: string, rows: readonly Row[]): readonly string[] =>
    rows.length === 0 ? [] : ["", paint("bold", title), ...columnLines(rows, columns)];
  return [
    ...page.usage.map((line) => `sigedge ${line}`),
    ...page.description.flatMap((paragraph) => ["", ...wrap(paragraph, columns)]),
    ...section("Arguments", page.arguments.flatMap(argumentRows)),
    ...section("Options", optionRows(page)),
    ...examples(page),
    ...section("Exit codes", Object.entries(page.exitCodes)),
  ].join("\n");
}

type Row = readonly [term: string, text: string];

const argumentRows = ({ name, description, choices = {} }: CommandPage["arguments"][number]): readonly Row[] => [
  [name, description],
  ...Object.entries(choices).map(([choice, meaning]): Row => [`  ${choice}`, meaning]),
];

/** Every flag of a command, `--json` and `--help` last. */
export const flagPages = ({ flags, json }: CommandPage): readonly (readonly [name: string, flag: Flag])[] => [
  ...Object.entries(flags),
  ...(json === undefined ? [] : [["json", { description: json }] as const]),
  ["help", { description: "Print this page." }],
];

/** Each flag as it is typed, with its description. */
export const optionRows = (page: CommandPage): readonly Row[] =>
  flagPages(page).map(([name, flag]) => [term(name, flag), descriptionOf(flag)]);

const term = (name: string, { value }: Flag): string => (value === undefined ? `--${name}` : `--${name} ${value}`);

function descriptionOf(flag: Flag): string {
  if (flag.value === undefined) return flag.description;
  const repeated = flag.multiple === true ? " May be repeated." : "";
  return `${flag.description}${repeated}${flag.default === undefined ? "" : ` Default: ${flag.default}.`}`;
}

/** Formats terms in one column and their texts in another. */
export function columnLines(rows: readonly Row[], columns: number): readonly string[] {
  const terms = rows.map(([name]) => name.length).filter((length) => length <= MAX_TERM_COLUMNS);
  const indent = Math.max(0, ...terms) + 4;
  return rows.flatMap((row) => rowLines(row, indent, columns));
}

function rowLines([name, text]: Row, indent: number, columns: number): readonly string[] {
  const [first = "", ...rest] = wrap(text, columns - indent);
  const head = `  ${name}`;
  const continued = rest.map((line) => " ".repeat(indent) + line);
  return head.length + 2 > indent
    ? [head, " ".repeat(indent) + first, ...continued]
    : [head.padEnd(indent) + first, ...continued];
}

const examples = ({ examples: list }: CommandPage): readonly string[] =>
  list.length === 0
    ? []
    : [
        "",
        paint("bold", "Examples"),
        ...list.flatMap(({ title, command }) => [`  ${paint("dim", `# ${title}`)}`, `  ${command}`]),
      ];

/** Breaks a text at spaces into lines of at most `columns`; a longer word gets a line of its own. */
function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
