// SPDX-License-Identifier: Apache-2.0
// Matches entries with selectors. An entry costs a look-up in a table per fact that any selector asks for, and the
// selectors that this finds; patterns run once on each distinct text. Its cost does not grow with the number of
// selectors that do not match.

import type { Place, Problem } from "../identity/configuration/section.ts";
import { err, ok, type Result } from "../result.ts";
import type { WatchedEntry } from "./entry.ts";
import type { Choice, Condition, SelectorConfig } from "./selectors/config.ts";
import { type Fact, factsOf, type JudgeAuthority, type Signed } from "./selectors/facts.ts";
import { MemoryOfTexts } from "./selectors/memory.ts";
import { type CompiledPattern, compilePattern, type TextPattern } from "./selectors/pattern.ts";

/** An entry that a selector chose. */
export interface Match {
  /** SelectorConfig.id. */
  readonly selector: string;
  /** Whether it fits one of the selector's baselines. */
  readonly isExpected: boolean;
  /** In words: `the identity is alice@example.org`. */
  readonly why: string;
  /** In words, how it differs from the baseline that it comes nearest to; none if it is expected, or if nothing is. */
  readonly differences: readonly string[];
}

/** Selectors that are ready to match. */
export interface Selectors {
  readonly configs: readonly SelectorConfig[];
  /** The facts by which an entry finds selectors, each with its table. */
  readonly tables: readonly FactTable[];
  readonly patterns: ReadonlyMap<string, CompiledPattern>;
  readonly memory: MemoryOfTexts<boolean>;
}

/** One fact: which selectors it may lead to. The numbers are places in `configs`. */
interface FactTable {
  readonly fact: Fact;
  readonly exact: ReadonlyMap<string, readonly number[]>;
  readonly patterns: readonly { readonly compiled: CompiledPattern; readonly selectors: readonly number[] }[];
  /** Text → selectors whose patterns it fits. */
  readonly memory: MemoryOfTexts<readonly number[]>;
}

/** More than any team has names to watch. */
const MAX_SELECTORS = 10_000;

/** Compiles selectors. Fails with every pattern that does not compile, each with its place. */
export function compileSelectors(configs: readonly SelectorConfig[]): Result<Selectors, readonly Problem[]> {
  if (configs.length > MAX_SELECTORS) return err([{ place: [], reason: `must have at most ${MAX_SELECTORS} items` }]);
  const problems: Problem[] = [];
  const patterns = new Map<string, CompiledPattern>();
  for (const { pattern, place } of listPatterns(configs)) {
    const key = keyOf(pattern);
    if (patterns.has(key)) continue;
    const compiled = compilePattern(pattern);
    if (compiled.ok) patterns.set(key, compiled.value);
    else problems.push({ place, reason: compiled.error });
  }
  if (problems.length > 0) return err(problems);
  return ok({ configs, tables: makeTables(configs, patterns), patterns, memory: new MemoryOfTexts() });
}

interface PlacedPattern {
  readonly pattern: TextPattern;
  readonly place: Place;
}

const listPatterns = (configs: readonly SelectorConfig[]): readonly PlacedPattern[] =>
  configs.flatMap(({ id, conditions, expected }) => [
    ...conditions.flatMap(({ name, choices }) => choices.map(({ pattern }) => ({ pattern, place: [id, name] }))),
    ...expected.flatMap((baseline, i) =>
      baseline.flatMap(({ name, choices }) =>
        choices.map(({ pattern }) => ({ pattern, place: [id, "expected", i, name] })),
      ),
    ),
  ]);

const keyOf = (pattern: TextPattern): string =>
  `${pattern.kind === "regex" ? `${pattern.kind} ${pattern.isAnchored}` : pattern.kind} ${pattern.text}`;

function makeTables(
  configs: readonly SelectorConfig[],
  patterns: ReadonlyMap<string, CompiledPattern>,
): readonly FactTable[] {
  const exact: Leads = new Map();
  const others: Leads = new Map();
  for (const [i, { conditions }] of configs.entries()) {
    for (const { facts, pattern } of chooseLead(conditions)?.choices ?? []) {
      const [leads, text] = pattern.kind === "exact" ? [exact, pattern.text] : [others, keyOf(pattern)];
      for (const fact of facts) addLead(leads, [fact, text], i);
    }
  }
  return [...new Set([...exact.keys(), ...others.keys()])].map((fact) => ({
    fact,
    exact: new Map([...(exact.get(fact) ?? [])].map(([text, selectors]) => [text, [...selectors]])),
    patterns: [...(others.get(fact) ?? [])].flatMap(([key, selectors]) => {
      const compiled = patterns.get(key);
      return compiled === undefined ? [] : [{ compiled, selectors: [...selectors] }];
    }),
    memory: new MemoryOfTexts(),
  }));
}

/** Fact → text or pattern → places of selectors. */
type Leads = Map<Fact, Map<string, Set<number>>>;

function addLead(leads: Leads, [fact, text]: readonly [Fact, string], selector: number): void {
  const texts = leads.get(fact) ?? new Map<string, Set<number>>();
  leads.set(fact, texts.set(text, (texts.get(text) ?? new Set()).add(selector)));
}

/** The condition by which an entry finds the selector: one of exact texts where there is one, since they cost least. */
const chooseLead = (conditions: readonly Condition[]): Condition | undefined =>
  conditions.find((condition) => isExact(condition) && isSharp(condition)) ??
  conditions.find(isSharp) ??
  conditions.find(isExact) ??
  conditions[0];

const isExact = ({ choices }: Condition): boolean => choices.every(({ pattern }) => pattern.kind === "exact");

const isSharp = ({ choices }: Condition): boolean =>
  choices.every(({ facts }) => facts.every((fact) => !BLUNT.has(fact)));

/** Facts that lead from most entries of a log to a selector. */
const BLUNT: ReadonlySet<Fact> = new Set([
  "issuer",
  "issuerAsWritten",
  "what",
  "event",
  "runner",
  "visibility",
  "ref",
  "predicateType",
  "authority",
]);

/**
 * Matches one entry. A selector appears once, and as expected only if every signer it chose is expected.
 * @param judge decides about a signer's authority; without it, nobody can tell
 */
export function matchEntry(
  selectors: Selectors,
  entry: WatchedEntry,
  judge: JudgeAuthority = () => "unknown",
): readonly Match[] {
  const found = new Map<string, Match>();
  for (const { certificate, publicKey } of [entry, ...entry.cosigners]) {
    for (const match of matchSigned(selectors, { entry, certificate, publicKey, judge })) {
      const former = found.get(match.selector);
      if (former === undefined || former.isExpected) found.set(match.selector, match);
    }
  }
  return [...found.values()];
}

function matchSigned(selectors: Selectors, signed: Signed): readonly Match[] {
  const candidates = new Set<number>();
  for (const table of selectors.tables) {
    for (const text of factsOf(table.fact, signed)) {
      for (const i of table.exact.get(text) ?? []) candidates.add(i);
      for (const i of selectorsByPattern(table, text)) candidates.add(i);
    }
  }
  return [...candidates].flatMap((i) => {
    const config = selectors.configs[i];
    const match = config === undefined ? null : matchOne(selectors, config, signed);
    return match === null ? [] : [match];
  });
}

const selectorsByPattern = ({ patterns, memory }: FactTable, text: string): readonly number[] =>
  patterns.length === 0
    ? NONE
    : memory.get(text, () =>
        patterns.flatMap(({ compiled, selectors }) => (compiled.isMatch(text) ? selectors : NONE)),
      );

const NONE: readonly number[] = [];

function matchOne(selectors: Selectors, { id, conditions, expected }: SelectorConfig, signed: Signed): Match | null {
  const reasons: string[] = [];
  for (const condition of conditions) {
    const reason = findReason(selectors, condition, signed);
    if (reason === null) return null;
    reasons.push(reason);
  }
  const differences = nearestDifferences(selectors, expected, signed);
  return {
    selector: id,
    isExpected: differences?.length === 0,
    why: reasons.join(", and "),
    differences: differences ?? [],
  };
}

/** Why the condition holds, in words; null if it does not. */
function findReason(selectors: Selectors, { name, choices }: Condition, signed: Signed): string | null {
  for (const choice of choices) {
    const text = findText(selectors, choice, signed);
    if (text === null) continue;
    const { pattern } = choice;
    return pattern.kind === "exact"
      ? `the ${name} is ${text}`
      : `the ${name} ${text} fits ${pattern.kind === "regex" ? "the expression " : ""}${pattern.text}`;
  }
  return null;
}

/** The first text of the choice's facts that fits. */
function findText(selectors: Selectors, { facts, pattern }: Choice, signed: Signed): string | null {
  const key = keyOf(pattern);
  const compiled = selectors.patterns.get(key);
  if (compiled === undefined) return null;
  for (const fact of facts) {
    for (const text of factsOf(fact, signed)) {
      const isMatch =
        pattern.kind === "exact"
          ? text === pattern.text
          : selectors.memory.get(`${key}\n${text}`, () => compiled.isMatch(text));
      if (isMatch) return text;
    }
  }
  return null;
}

/** Those of the baseline that the entry comes nearest to; none if it fits one, null if there is no baseline. */
function nearestDifferences(
  selectors: Selectors,
  expected: SelectorConfig["expected"],
  signed: Signed,
): readonly string[] | null {
  let nearest: readonly string[] | null = null;
  for (const baseline of expected) {
    const differences = baseline
      .filter((condition) => findReason(selectors, condition, signed) === null)
      .map((condition) => describeDifference(condition, signed));
    if (nearest === null || differences.length < nearest.length) nearest = differences;
  }
  return nearest;
}

function describeDifference({ name, choices }: Condition, signed: Signed): string {
  const texts = new Set(choices.flatMap(({ facts }) => facts.flatMap((fact) => factsOf(fact, signed))));
  const wanted = choices.map(({ pattern }) => pattern.text).join(" or ");
  const [first] = texts;
  return first === undefined ? `there is no ${name}, instead of ${wanted}` : `the ${name} is ${first}, not ${wanted}`;
}
