// SPDX-License-Identifier: Apache-2.0
// Reads the deliberate breaks in test/mutations/ and applies them to source files. Writes nothing.
//
// A mutation is a header of "Name: value" lines, then hunks that are separated by empty lines. A line "File: <path>"
// names the file of the hunks after it. In a hunk "-" marks a line to remove, "+" a line to add, and " " a line that
// stays:
//
//   Invariant: 2
//   Break: the clock is never checked
//   Tests: test/faults/clock.test.ts
//
//   File: workers/sequencer/rounds/commit.ts
//   -const MAX_CLOCK_LAG_MS = 60_000;
//   +const MAX_CLOCK_LAG_MS = 600_000;
//
// Lines are found by their text, not by their number. Indentation, empty lines and comment lines of the source do not
// matter, so that rewording a comment or moving a function breaks no mutation. A hunk must match exactly once.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { err, ok, type Result } from "../shared/result.ts";

const FOLDER = "test/mutations";
const SUFFIX = ".mutation";

/** One deliberate break. */
export interface Mutation {
  readonly name: string;
  readonly invariant: string;
  /** The effect of the break, in one line. */
  readonly summary: string;
  /** Test files that must notice it, relative to the root. */
  readonly tests: readonly string[];
  readonly hunks: readonly Hunk[];
}

/** A change of one place in one file. */
interface Hunk {
  readonly file: string;
  /** The code lines that must stand together in the file. */
  readonly find: readonly string[];
  /** The lines that replace them. */
  readonly replace: readonly string[];
}

/** Reads all mutations below the root of a checkout, in the order of their names. Throws if one does not parse. */
export function readMutations(root: string): readonly Mutation[] {
  const files = readdirSync(join(root, FOLDER)).filter((file) => file.endsWith(SUFFIX));
  return files.toSorted().map((file) => {
    const parsed = parseMutation(basename(file, SUFFIX), readFileSync(join(root, FOLDER, file), "utf8"));
    if (!parsed.ok) throw new Error(`${FOLDER}/${file}: ${parsed.error}`);
    return parsed.value;
  });
}

/** Applies a mutation to the files below `root`. Returns the new text of each file that it changes. */
export function applyMutation(mutation: Mutation, root: string): Result<ReadonlyMap<string, string>, string> {
  const texts = new Map<string, string>();
  for (const hunk of mutation.hunks) {
    const applied = applyHunk(hunk, texts.get(hunk.file) ?? readFileSync(join(root, hunk.file), "utf8"));
    if (!applied.ok) return err(`${mutation.name} does not fit ${hunk.file}: ${applied.error}`);
    texts.set(hunk.file, applied.value);
  }
  return ok(texts);
}

/** Parses a mutation file. The error says what is wrong with it. */
function parseMutation(name: string, text: string): Result<Mutation, string> {
  const [header = "", ...blocks] = text.trimEnd().split(/\n{2,}/);
  const field = (key: string): string | undefined =>
    header
      .split("\n")
      .find((line) => line.startsWith(`${key}: `))
      ?.slice(key.length + 2);
  const [invariant, summary, tests] = [field("Invariant"), field("Break"), field("Tests")];
  if (invariant === undefined || summary === undefined || tests === undefined) {
    return err("the header must have the lines Invariant, Break and Tests");
  }
  const hunks: Hunk[] = [];
  let file = "";
  for (const block of blocks) {
    const lines = block.split("\n");
    if (lines[0]?.startsWith("File: ") === true) file = lines.shift()?.slice("File: ".length) ?? "";
    const bodies = (marks: string): string[] =>
      lines.filter((line) => marks.includes(line.charAt(0))).map((line) => line.slice(1));
    const hunk = { file, find: bodies(" -"), replace: bodies(" +") };
    if (file === "" || hunk.find.length === 0) return err("every hunk must name a file and at least one line to find");
    if (bodies(" -+").length !== lines.length) return err('every line of a hunk must begin with "-", "+" or a space');
    hunks.push(hunk);
  }
  if (hunks.length === 0) return err("there is no hunk");
  return ok({ name, invariant, summary, tests: tests.split(" "), hunks });
}

/** Applies a hunk to the text of its file. Fails unless the lines to find match exactly once. */
function applyHunk({ find, replace }: Hunk, source: string): Result<string, string> {
  const lines = source.split("\n");
  const code = lines.map((line, index) => ({ text: line.trim(), index })).filter(({ text }) => isCode(text));
  const wanted = find.map((line) => line.trim());
  const starts = code
    .map((_, start) => start)
    .filter((start) => wanted.every((text, i) => code[start + i]?.text === text));
  const [start] = starts;
  if (start === undefined || starts.length > 1)
    return err(`"${wanted[0] ?? ""}" matches ${starts.length} times, not once`);
  const first = code[start]?.index ?? 0;
  const last = code[start + wanted.length - 1]?.index ?? first;
  return ok([...lines.slice(0, first), ...replace, ...lines.slice(last + 1)].join("\n"));
}

const isCode = (line: string): boolean => line !== "" && !/^(\/\/|\/\*|\*)/.test(line);
