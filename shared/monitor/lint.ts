// SPDX-License-Identifier: Apache-2.0
// Finds selectors that do not do what their writer means: those that can match nothing stay silent forever, and those
// that match too much teach people to ignore alerts.

import type { WatchedEntry } from "./entry.ts";
import type { Match, Selectors } from "./selector.ts";
import type { Condition, SelectorConfig } from "./selectors/config.ts";
import { findImpossiblePair } from "./selectors/impossible.ts";
import { findLookAlike } from "./selectors/look-alike.ts";
import type { TextPattern } from "./selectors/pattern.ts";

/** An `error` is a selector that can never match, or that also matches a stranger's name on purpose of nobody. */
export interface LintFinding {
  readonly level: "error" | "warning";
  /** SelectorConfig.id. */
  readonly selector: string;
  /** The problem, and what to write instead. */
  readonly message: string;
}

/** Findings that follow from the selectors alone. */
export const lintConfig = (selectors: readonly SelectorConfig[]): readonly LintFinding[] => selectors.flatMap(lintOne);

function lintOne(config: SelectorConfig): readonly LintFinding[] {
  const { id, conditions, expected } = config;
  const patterns = [conditions, ...expected].flatMap((all) => all.flatMap(listPatterns));
  const error = (message: string | null): readonly LintFinding[] =>
    message === null ? [] : [{ level: "error", selector: id, message }];
  const warning = (message: string | null): readonly LintFinding[] =>
    message === null ? [] : [{ level: "warning", selector: id, message }];
  return [
    ...error(findImpossiblePair(conditions)),
    ...expected.flatMap((baseline, i) => error(describeBaseline(i, findImpossiblePair([...conditions, ...baseline])))),
    ...patterns.flatMap(({ name, pattern }) => {
      const message = prefixName(name, findLookAlike(pattern));
      return isOfOthers(pattern) ? warning(message) : error(message);
    }),
    ...patterns.flatMap(({ name, pattern }) => warning(prefixName(name, describeUnanchored(pattern)))),
    ...warning(describeBreadth(conditions)),
    ...expected.flatMap((baseline, i) => warning(describeBaseline(i, describeLooseBaseline(conditions, baseline)))),
  ];
}

interface NamedPattern {
  readonly name: string;
  readonly pattern: TextPattern;
}

const listPatterns = ({ name, choices }: Condition): readonly NamedPattern[] =>
  choices.map(({ pattern }) => ({ name, pattern }));

const prefixName = (name: string, message: string | null): string | null =>
  message === null ? null : `${name}: ${message}`;

const describeBaseline = (i: number, message: string | null): string | null =>
  message === null ? null : `expected[${i}]: ${message}`;

/** Only configurations of rekor-monitor have unanchored expressions; they load as they are. */
const isOfOthers = (pattern: TextPattern): boolean => pattern.kind === "regex" && !pattern.isAnchored;

function describeUnanchored(pattern: TextPattern): string | null {
  if (pattern.kind !== "regex" || pattern.isAnchored) return null;
  const { text } = pattern;
  const [start, end] = [text.startsWith("^") ? "" : "^", /(?<!\\)\$$/.test(text) ? "" : "$"];
  if (start === "" && end === "") return null;
  const where = start === "" ? "at the beginning" : end === "" ? "at the end" : "in the middle";
  return `${text} is not anchored: it also matches ${where} of longer names. Write ${start}${text}${end}`;
}

/** Facts that most entries of a log share. */
const SHARED = new Set(["issuer", "kind", "event", "runner", "visibility", "ref", "predicate-type"]);

function describeBreadth(conditions: readonly Condition[]): string | null {
  const isSharp = conditions.some(
    ({ name, choices }) => !SHARED.has(name) && choices.every(({ pattern }) => !isEverything(pattern)),
  );
  return isSharp ? null : "selects a large part of every log: add an identity, a repository, an owner or a key";
}

const isEverything = ({ kind, text }: TextPattern): boolean =>
  kind === "glob" ? /^\*+$/.test(text) : kind === "regex" && /^\^?(?:\.[*+])?\$?$/.test(text);

const WHO = new Set(["identity", "workflow", "signer", "key", "certificate", "fingerprint"]);

function describeLooseBaseline(conditions: readonly Condition[], baseline: readonly Condition[]): string | null {
  const names = new Set([...conditions, ...baseline].map(({ name }) => name));
  if (![...names].some((name) => WHO.has(name))) {
    return "expects every workflow of the repository, also one that a stranger's change adds: name the workflow";
  }
  const hasKey = ["key", "certificate", "fingerprint"].some((name) => names.has(name));
  return names.has("issuer") || hasKey
    ? null
    : "names no issuer: another issuer may state the same names. Add the issuer here or to the selector";
}

/** Entries that one selector would have matched. */
export interface SelectorPreview {
  readonly selector: string;
  readonly unexpected: number;
  readonly expected: number;
  /** The first few, the unexpected ones first. */
  readonly examples: readonly { readonly entry: WatchedEntry; readonly why: string; readonly isExpected: boolean }[];
}

const MAX_EXAMPLES = 5;
/** More alerts a day than anybody reads. */
const MAX_UNEXPECTED_PER_DAY = 20;

/** Counts what selectors match among past entries, in any order, of any number of logs. */
export class Preview {
  readonly #previews: Map<string, SelectorPreview>;

  constructor({ configs }: Selectors) {
    this.#previews = new Map(configs.map(({ id }) => [id, emptyPreview(id)]));
  }

  /** Takes the matches of one entry. */
  add(entry: WatchedEntry, matches: readonly Pick<Match, "selector" | "isExpected" | "why">[]): void {
    for (const { selector, isExpected, why } of matches) {
      const preview = this.#previews.get(selector);
      if (preview === undefined) continue;
      const examples = preview.examples.filter((example) => isExpected || !example.isExpected);
      this.#previews.set(selector, {
        selector,
        unexpected: preview.unexpected + (isExpected ? 0 : 1),
        expected: preview.expected + (isExpected ? 1 : 0),
        examples:
          examples.length < MAX_EXAMPLES && !(isExpected && preview.unexpected > 0)
            ? [...examples, { entry, why, isExpected }]
            : preview.examples,
      });
    }
  }

  /** One for each selector. */
  get previews(): readonly SelectorPreview[] {
    return [...this.#previews.values()];
  }
}

const emptyPreview = (selector: string): SelectorPreview => ({ selector, unexpected: 0, expected: 0, examples: [] });

/** Findings that follow from what the selectors would have matched in so many days. */
export function lintPreview(previews: readonly SelectorPreview[], days: number): readonly LintFinding[] {
  return previews.flatMap(({ selector, unexpected, expected }): readonly LintFinding[] => {
    const perDay = unexpected / days;
    if (perDay > MAX_UNEXPECTED_PER_DAY) {
      const message = `would have alerted ${Math.round(perDay)} times a day: narrow it, or say with expected what is yours`;
      return [{ level: "warning", selector, message }];
    }
    const message = `matched nothing in ${days} days: compare it with an entry that it is meant to match`;
    return unexpected + expected === 0 ? [{ level: "warning", selector, message }] : [];
  });
}
