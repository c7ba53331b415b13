// SPDX-License-Identifier: Apache-2.0
// Words and phrases that must not come back: of our own making, translated, or not American. CONTRIBUTING.md has the
// glossary.

interface Rule {
  readonly pattern: RegExp;
  readonly instead: string;
  /** The files that the rule applies to; all if absent. */
  readonly files?: RegExp;
}

/**
 * Words to avoid, and what to write instead. A class of one letter, `roo[m]`, keeps each pattern out of a search for
 * its own word, and this file within its own rules.
 */
const WORDS: readonly Rule[] = [
  { pattern: /roo[m]s?(?![a-z])/i, instead: "service, or Worker for what is deployed" },
  { pattern: /\bedg[e] workers?\b/i, instead: "gateway, or front end" },
  { pattern: /\bstands? ther[e]\b/i, instead: "is, appears" },
  { pattern: /\b(?:cannot|could not|can not) be ha[d]\b/i, instead: "is unavailable, could not be fetched" },
  { pattern: /\btol[d]\s+of\b/i, instead: "learns of, is notified" },
  { pattern: /\brea[d]\s+over\b/i, instead: "ignored" },
  { pattern: /\bwhat\s+is\s+passin[g]\b/i, instead: "transient" },
  { pattern: /\bdea[r](?:er|est)?\b/i, instead: "expensive" },
  { pattern: /\baske[d]\s+again\b/i, instead: "is retried" },
  { pattern: /patienc[e]/i, instead: "deadline" },
  { pattern: /\bthrow-awa[y]\b/i, instead: "temporary, ephemeral" },
  { pattern: /\byardstic[k]s?\b/i, instead: "reference, baseline" },
  { pattern: /\bbrough[t]\b/i, instead: "loaded, supplied, included" },
  { pattern: /\bends?\s+to\s+(?:accept|list|serve|show|sign)\b/i, instead: "no longer does" },
  { pattern: /\bbelongs?\s+into\b/i, instead: "belongs in" },
  { pattern: /\bstands?\s+in\s+(?:an?|the|addresses|origins|paths)\b/i, instead: "is in, is part of" },
  { pattern: /\blooks?\s+into\s+the\s+account\b/i, instead: "checks" },
  { pattern: /(?<!\bfor )\bfor\s+ever\b(?! [a-z]+ing)/i, instead: "forever" },
  { pattern: /\b(?:made|created|written)\s+anew\b/i, instead: "recreated, rewritten" },
  { pattern: /\b(?:made|fails|done)\s+so\b(?! that)/i, instead: "this way" },
  {
    pattern: /\b(?:behaviou[r]|colou[r]|favou[r]|honou[r]|neighbou[r]|artefac[t]|licenc[e]|labelle[d]|modelle[d])/i,
    instead: "American spelling",
  },
  {
    pattern: /(?:^|\s)(?:\/\/|\/\*\*?|\*|#|--) (?:Of|What)\b/,
    instead: "a noun phrase, or a sentence with a subject",
    files: /\.(?:css|go|java|mjs|py|sh|sql|toml|ts|ya?ml)$|^(?:\.ci\/run|Dockerfile)$/,
  },
  { pattern: /(?:["'`>]|\| )Of the\b/, instead: "a sentence with a subject", files: /\.(?:md|ts)$/ },
  {
    pattern: /<!-- What\b|^\s*# (?:Of|What)\b/,
    instead: "a sentence with a subject, or a noun phrase",
    files: /\.md$/,
  },
  { pattern: /\bDESIG[N](?:\.md)?\b|\bSTYL[E]\.md\b/, instead: "a document of the repository" },
];

/** Names each word of a line that is to be avoided, with what to write instead. */
export const findWords = (path: string, line: string): readonly string[] =>
  WORDS.flatMap(({ pattern, instead, files }) => {
    const found = files === undefined || files.test(path) ? pattern.exec(line) : null;
    return found === null ? [] : [`"${found[0].trim()}": write ${instead}`];
  });
