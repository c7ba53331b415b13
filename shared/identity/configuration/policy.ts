// SPDX-License-Identifier: Apache-2.0
// Reads a claim policy: `claim` with `equals`, `prefix` or `pattern`; `all` and `any` of such conditions; a list is an
// `all`.

import type { ClaimPath } from "../../oidc/claims.ts";
import type { Condition } from "../policy.ts";
import type { Fields, Section } from "./section.ts";

const MEMBERS = ["all", "any", "claim", "equals", "prefix", "pattern"];
const TESTS = ["equals", "prefix", "pattern"] as const;
const GROUPS = ["all", "any"] as const;
/** Beyond these limits nobody can tell what a policy means. */
const MAX_DEPTH = 8;
const MAX_CONDITIONS = 100;
const MAX_PATTERN = 512;

/** Reads a condition. An unreadable one is reported, and nobody meets it. */
export function readPolicy(section: Section, depth = 0): Condition {
  const nothing: Condition = { kind: "any", conditions: [] };
  if (Array.isArray(section.value)) return { kind: "all", conditions: readConditions(section, depth) };
  const fields = section.fields(MEMBERS, MEMBERS);
  const groups = GROUPS.filter((name) => fields.get(name) !== null);
  const tests = TESTS.filter((name) => fields.get(name) !== null);
  const [group] = groups;
  const [test] = tests;
  if (group !== undefined && groups.length === 1 && tests.length === 0 && fields.get("claim") === null) {
    const inner = fields.get(group);
    return { kind: group, conditions: inner === null ? [] : readConditions(inner, depth) };
  }
  if (test === undefined || tests.length > 1 || groups.length > 0) {
    section.report("must have all or any, or claim with one of equals, prefix, pattern");
    return nothing;
  }
  return readTest(test, fields) ?? nothing;
}

function readConditions(section: Section, depth: number): readonly Condition[] {
  const items = section.items();
  if (Array.isArray(section.value) && items.length === 0) section.report("must have a condition");
  if (items.length > MAX_CONDITIONS) section.report(`must not have more than ${MAX_CONDITIONS} conditions`);
  if (depth >= MAX_DEPTH) {
    section.report(`must not nest deeper than ${MAX_DEPTH}`);
    return [];
  }
  return items.map((item) => readPolicy(item, depth + 1));
}

function readTest(test: (typeof TESTS)[number], fields: Fields): Condition | null {
  const claim = readClaim(fields);
  const section = fields.get(test);
  if (section === null) return null;
  if (test === "equals") return { kind: "equals", claim, values: readValues(section) };
  const text = section.text() ?? "";
  if (text.length > MAX_PATTERN) section.report(`must not be longer than ${MAX_PATTERN} characters`);
  return test === "prefix" ? { kind: "prefix", claim, prefix: text } : { kind: "pattern", claim, pattern: text };
}

/** Reads the name of a claim, or a list of names as the path to a nested one. */
function readClaim(fields: Fields): ClaimPath {
  const section = fields.get("claim");
  if (section === null) fields.report("claim", "is missing");
  if (section === null || typeof section.value === "string") return [section?.text() ?? ""];
  return section.items().map((item) => item.text() ?? "");
}

function readValues(section: Section): readonly string[] {
  const sections = Array.isArray(section.value) ? section.items() : [section];
  return sections.map((item) => {
    const { value } = item;
    if (typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value)) return String(value);
    // 1.10 and 12345678901234567890 have already been rounded and would compare as something else.
    const isNumber = typeof value === "number";
    item.report(
      isNumber
        ? "must be in quotation marks: it is not an integer below 2^53"
        : "must be a string, an integer or a boolean",
    );
    return "";
  });
}
