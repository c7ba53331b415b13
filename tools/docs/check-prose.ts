// SPDX-License-Identifier: Apache-2.0
// `npm run prose [-- PATH…]`: checks the rules of prose that a machine can check: words to avoid (words.ts), names of
// functions, comments at most 120 columns wide, Markdown at most 160. Prints one line for each violation, and exits 1
// if there is any.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { findNameProblem, listFunctions } from "./names.ts";
import { listFiles } from "./repository.ts";
import { findWords } from "./words.ts";

const COMMENT_WIDTH = 120;
const MARKDOWN_WIDTH = 160;

/** Texts by others, and generated files. What made a vector, and what tells where it is from, is our own. */
const EXEMPT =
  /^(?:test\/vectors\/(?!.*\.(?:go|md|mjs|py|sh|ts)$)|LICENSE$|package-lock\.json$)|\.(?:json|pem|patch|sum|mod|txt|woff2|png|svg)$/;

const COMMENT = /^\s*(?:\/\/|\*|\/\*\*)|\s\/\/ |\s\/\*\* /;

const isWideComment = (line: string): boolean =>
  line.length > COMMENT_WIDTH && COMMENT.test(line) && !/https?:\/\/\S{60,}/.test(line);

const isWideProse = (line: string): boolean => line.length > MARKDOWN_WIDTH && !line.startsWith("|");

/** Titles and local functions of a test are nearer to sentences than to an interface. */
const isNamed = (path: string): boolean =>
  /^(?:bench|cli|local|shared|test\/support|tools|web|workers)\/.*\.ts$/.test(path) && !/\.(?:test|d)\.ts$/.test(path);

const checkNames = (path: string): readonly string[] =>
  listFunctions(readFileSync(join(ROOT, path), "utf8")).flatMap((named) => {
    const problem = findNameProblem(named);
    return problem === null ? [] : [`${path}:${named.line}: ${problem}`];
  });

function problemsOf(path: string): readonly string[] {
  const isCode = /\.(?:ts|mjs)$/.test(path);
  const isMarkdown = path.endsWith(".md");
  let isFenced = false;
  return readFileSync(join(ROOT, path), "utf8")
    .split("\n")
    .flatMap((line, i) => {
      if (line.startsWith("```")) isFenced = !isFenced;
      const isWide = isCode ? isWideComment(line) : isMarkdown && !isFenced && isWideProse(line);
      const problems = [...findWords(path, line), ...(isWide ? [`${line.length} columns`] : [])];
      return problems.map((problem) => `${path}:${i + 1}: ${problem}`);
    });
}

const paths = listFiles(...process.argv.slice(2)).filter((path) => !EXEMPT.test(path));
const problems = [...paths.flatMap(problemsOf), ...paths.filter(isNamed).flatMap(checkNames)];
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) {
  process.stderr.write(`${problems.length} problems. CONTRIBUTING.md has the glossary.\n`);
  process.exitCode = 1;
}
