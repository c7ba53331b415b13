// SPDX-License-Identifier: Apache-2.0
// Reads selectors from a configuration: YAML on the command line, JSON in a Worker's setting. Reports every problem.

import { FULCIO_EXTENSION_NAMES } from "../../fulcio/extensions.ts";
import type { Section } from "../../identity/configuration/section.ts";
import type { Condition, SelectorConfig } from "./config.ts";
import { extensionFact, type Fact } from "./facts.ts";
import { FIELDS, readPattern } from "./fields.ts";

/** Limits, each far above what a person writes. */
const MAX_SELECTORS = 10_000;
const MAX_BASELINES = 32;
const MAX_CHOICES = 256;
const NAME = /^[A-Za-z0-9](?:[\w .,:@/+-]{0,98}[\w.)])?$/;

/** Reads the list `watch`. What it returns counts only if no problem was reported. */
export function readSelectors(section: Section): readonly SelectorConfig[] {
  const items = section.items();
  if (items.length > MAX_SELECTORS) {
    section.report(`has ${items.length} items; at most ${MAX_SELECTORS} are allowed`);
    return [];
  }
  const seen = new Set<string>();
  return items.flatMap((item) => {
    const selector = readSelector(item);
    if (selector === null) return [];
    if (seen.has(selector.id)) item.report(`has the name of another item: ${selector.id}`);
    seen.add(selector.id);
    return [selector];
  });
}

const OTHER_FIELDS = ["name", "extensions", "expected"] as const;
const FIELD_NAMES = Object.keys(FIELDS);

function readSelector(section: Section): SelectorConfig | null {
  const fields = section.fields([...OTHER_FIELDS, ...FIELD_NAMES], [...OTHER_FIELDS, ...FIELD_NAMES]);
  const id = fields.text("name");
  if (id === null) fields.report("name", "is missing: write a name, which alerts will show");
  else if (!NAME.test(id))
    fields.report("name", "must have 1 to 100 letters, digits, blanks and any of . , : @ / + - _");
  const conditions = readConditions(section.without(["name", "expected"]));
  if (conditions.length === 0) {
    section.report(`selects every entry: write at least one of ${FIELD_NAMES.join(", ")}, extensions`);
  }
  const baselines = fields.get("expected")?.items() ?? [];
  if (baselines.length > MAX_BASELINES) fields.report("expected", `must have at most ${MAX_BASELINES} items`);
  const expected = baselines.slice(0, MAX_BASELINES).map((baseline) => {
    baseline.fields(["extensions", ...FIELD_NAMES], ["extensions", ...FIELD_NAMES]);
    const read = readConditions(baseline);
    if (read.length === 0) baseline.report("expects everything: name at least the workflow, the ref or the identity");
    return read.map(toExpectation);
  });
  return id === null ? null : { id, conditions, expected };
}

/** In a baseline, an authority that nobody can tell is not expected. */
const toExpectation = ({ name, choices }: Condition): Condition => ({
  name,
  choices: choices.map(({ facts, pattern }) => ({
    facts: facts.map((fact) => (fact === "authority" ? "knownAuthority" : fact)),
    pattern,
  })),
});

/** The costly ones come last, since a condition is only looked at where those before it hold. */
const compareCosts = (a: Condition, b: Condition): number => costOf(a) - costOf(b);
const costOf = ({ name }: Condition): number => (name === "authority" ? 1 : 0);

function readConditions(section: Section): readonly Condition[] {
  if (typeof section.value !== "object" || section.value === null) return [];
  return section
    .entries()
    .flatMap(([name, value]) => {
      if (value.value === null) return [];
      if (name === "extensions") return readExtensions(value);
      const read = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
      return read === undefined ? [] : [readCondition(name, value, read)];
    })
    .toSorted(compareCosts);
}

/** One value, or a list of which any may hold. */
function readCondition(name: string, section: Section, read: (typeof FIELDS)[string]): Condition {
  const values = Array.isArray(section.value) ? section.items() : [section];
  if (values.length === 0) section.report("is an empty list: write a value, or remove the member");
  if (values.length > MAX_CHOICES) section.report(`must have at most ${MAX_CHOICES} values`);
  const choices = values.slice(0, MAX_CHOICES).flatMap((value) => {
    const choice = read(value);
    return choice === null ? [] : [choice];
  });
  return { name, choices };
}

const EXTENSIONS = new Map(
  FULCIO_EXTENSION_NAMES.map((name) => [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), name]),
);
const DOTTED = /^[0-2](?:\.(?:0|[1-9]\d{0,14})){1,31}$/;

/** The names of Fulcio's extensions, as they are written in a configuration. */
const EXTENSION_FACTS: ReadonlyMap<string, Fact> = new Map(
  [...EXTENSIONS].map(([written, name]) => [written, extensionFact(name)]),
);

/** Extensions by their name in Fulcio's table, or by their dotted OID. */
function readExtensions(section: Section): readonly Condition[] {
  return section.entries().flatMap(([written, value]) => {
    const fact = EXTENSION_FACTS.get(written) ?? (DOTTED.test(written) ? (`oid:${written}` as const) : null);
    if (fact === null) {
      value.report(`is neither a dotted OID nor one of ${[...EXTENSIONS.keys()].join(", ")}`);
      return [];
    }
    const read = (item: Section): ReturnType<(typeof FIELDS)[string]> => {
      const pattern = readPattern(item);
      return pattern === null ? null : { facts: [fact], pattern };
    };
    return [readCondition(`extension ${written}`, value, read)];
  });
}
