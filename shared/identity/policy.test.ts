// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Condition, findUnmetCondition, matches } from "./policy.ts";

const CLAIMS = {
  repository_owner: "octo-org",
  ref: "refs/heads/main",
  run_attempt: 2,
  email_verified: true,
  groups: ["dev", "release"],
  "kubernetes.io": { namespace: "ci" },
  nothing: null,
};
const equals = (claim: string, ...values: string[]): Condition => ({ kind: "equals", claim: [claim], values });

describe("a condition", () => {
  it.each<[Condition, string | null]>([
    [equals("repository_owner", "octo-org"), null],
    [equals("repository_owner", "other", "octo-org"), null],
    [equals("repository_owner", "octo-org-2"), "repository_owner is not one of the accepted values"],
    [equals("absent", "x"), "absent is not one of the accepted values"],
    [equals("nothing", "null"), "nothing is not one of the accepted values"],
    [equals("constructor", "x"), "constructor is not one of the accepted values"],
    [equals("run_attempt", "2"), null],
    [equals("email_verified", "true"), null],
    [equals("groups", "release"), null],
    [equals("groups", "admin"), "groups is not one of the accepted values"],
    [{ kind: "equals", claim: ["kubernetes.io", "namespace"], values: ["ci"] }, null],
    [{ kind: "equals", claim: ["kubernetes.io"], values: ["ci"] }, "kubernetes.io is not one of the accepted values"],
    [{ kind: "prefix", claim: ["ref"], prefix: "refs/heads/" }, null],
    [{ kind: "prefix", claim: ["ref"], prefix: "refs/tags/" }, "ref does not begin with the accepted prefix"],
    [{ kind: "pattern", claim: ["ref"], pattern: "refs/*/main" }, null],
    [{ kind: "pattern", claim: ["ref"], pattern: "refs/*" }, "ref does not match the accepted pattern"],
    [
      { kind: "all", conditions: [equals("repository_owner", "octo-org"), equals("ref", "x")] },
      "ref is not one of the accepted values",
    ],
    [{ kind: "any", conditions: [equals("repository_owner", "octo-org"), equals("ref", "x")] }, null],
    [
      { kind: "any", conditions: [equals("repository_owner", "x"), equals("ref", "x")] },
      "repository_owner is not one of the accepted values, and ref is not one of the accepted values",
    ],
    [{ kind: "all", conditions: [] }, null],
  ])("%j", (condition, unmet) => {
    expect(findUnmetCondition(condition, CLAIMS)).toBe(unmet);
  });

  it("does not reveal the accepted value", () => {
    expect(findUnmetCondition(equals("repository_owner", "secret-org"), CLAIMS)).not.toContain("secret");
  });
});

describe("a pattern", () => {
  it.each([
    ["abc", "abc", true],
    ["abc", "abcd", false],
    ["abc", "xabc", false],
    ["a.c", "abc", false],
    ["*", "abc", true],
    ["*", "", true],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["a/*/c", "a/b/c", true],
    ["a/*/c", "a/b/b/c", false],
    ["a/**/c", "a/b/b/c", true],
    ["*.yml@refs/heads/*", "release.yml@refs/heads/main", true],
    ["octo-org/*", "octo-org-evil/x", false],
    ["a**", "a", true],
    ["[a-z]+", "abc", false],
    ["é*", "é✓", true],
    ["a*b*c", "aXbYc", true],
    ["a*b*c", "aXbY", false],
  ])("%s against %s", (pattern, value, expected) => {
    expect(matches(pattern, value)).toBe(expected);
  });

  it("matches like the equivalent regular expression", () => {
    const piece = fc.constantFrom("a", "b", "/", "*", "**");
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 12 }),
        (p, v) => {
          const pattern = p.join("");
          const regex = (pattern.match(/\*\*|./g) ?? [])
            .map((s) => (s === "**" ? "[^]*" : s === "*" ? "[^/]*" : s))
            .join("");
          return matches(pattern, v.join("")) === new RegExp(`^${regex}$`).test(v.join(""));
        },
      ),
    );
  });

  it("does not take forever", () => {
    const started = performance.now();
    expect(matches("**a".repeat(100), `${"a".repeat(2048)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
