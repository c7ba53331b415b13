// SPDX-License-Identifier: Apache-2.0
// `npm run prose [-- PATH…]`: checks the rules of prose that a machine can check: the words of the glossary in
// CONTRIBUTING.md, names of functions, comments at most 120 columns wide, Markdown at most 160, no mention of a document
// outside the repository. Prints one line for each violation, and exits 1 if there is any.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { findNameProblem, listFunctions } from "./names.ts";
import { listFiles } from "./repository.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
  /** The files that the rule applies to; all if absent. */
  readonly files?: RegExp;
}

/** Words to avoid, and what to write instead. No pattern contains its words, so a search for one finds only offenders. */
const WORDS: readonly Rule[] = [
  { pattern: /\brooms?\b/i, instead: "service, or Worker for what is deployed" },
  { pattern: /\bedge workers?\b/i, instead: "gateway, or front end" },
  { pattern: /\bstands? there\b/i, instead: "is, appears" },
  { pattern: /\b(?:cannot|could not|can not) be had\b/i, instead: "is unavailable, could not be fetched" },
  { pattern: /\btold\s+of\b/i, instead: "learns of, is notified" },
  { pattern: /\bread\s+over\b/i, instead: "ignored" },
  { pattern: /\bwhat\s+is\s+passing\b/i, instead: "transient" },
  { pattern: /\bdear(?:er|est)?\b/i, instead: "expensive" },
  { pattern: /\b(?:is|are)\s+asked\s+again\b/i, instead: "is retried" },
  { pattern: /\bpatienc[e]\b/i, instead: "deadline" },
  { pattern: /\bthrow-away\b/i, instead: "temporary, ephemeral" },
  { pattern: /\byardsticks?\b/i, instead: "reference, baseline" },
  { pattern: /\bbrough[t]\b/i, instead: "loaded, supplied, included" },
  {
    pattern: /(?:^|\s)(?:\/\/|\/\*\*|\*|#) Of\b/,
    instead: "a sentence with a subject",
    files: /\.(?:ts|mjs|toml|yml|sh)$/,
  },
  { pattern: /^\s+\/\/ What\b/, instead: "a sentence with a subject", files: /\.(?:ts|mjs)$/ },
  { pattern: /\bDESIGN(?:\.md)?\b|\bSTYLE\.md\b/, instead: "a document of the repository" },
];

const COMMENT_WIDTH = 120;
const MARKDOWN_WIDTH = 160;

/** Texts by others, generated files, and the list above. */
const EXEMPT =
  /^(?:test\/vectors\/|LICENSE$|package-lock\.json$|tools\/docs\/check-prose\.ts$)|\.(?:json|pem|patch|sum|mod|txt|woff2|png|svg)$/;

const COMMENT = /^\s*(?:\/\/|\*|\/\*\*)|\s\/\/ |\s\/\*\* /;

const wordsIn = (path: string, line: string): readonly string[] =>
  WORDS.flatMap(({ pattern, instead, files }) => {
    const found = files === undefined || files.test(path) ? pattern.exec(line) : null;
    return found === null ? [] : [`"${found[0].trim()}": write ${instead}`];
  });

const isWideComment = (line: string): boolean =>
  line.length > COMMENT_WIDTH && COMMENT.test(line) && !/https?:\/\/\S{60,}/.test(line);

const isWideProse = (line: string): boolean => line.length > MARKDOWN_WIDTH && !line.startsWith("|");

/** Titles and local functions of a test are nearer to sentences than to an interface. */
const isNamed = (path: string): boolean =>
  /^(?:bench|cli|local|shared|test\/support|tools|web|workers)\/.*\.ts$/.test(path) && !path.endsWith(".test.ts");

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
      const problems = [...wordsIn(path, line), ...(isWide ? [`${line.length} columns`] : [])];
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
