// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { valueOf } from "../../../test/support/value-of.ts";
import { findLiterals } from "./literal.ts";
import { compilePattern, MAX_PATTERN_CHARS, type TextPattern } from "./pattern.ts";

const isMatch = (pattern: TextPattern, text: string): boolean => valueOf(compilePattern(pattern)).isMatch(text);
const glob = (text: string): TextPattern => ({ kind: "glob", text });
const regex = (text: string, isAnchored = true): TextPattern => ({ kind: "regex", text, isAnchored });

describe("a glob", () => {
  test.each([
    ["https://github.com/acme/*", "https://github.com/acme/widget", true],
    ["https://github.com/acme/*", "https://github.com/acme/widget/", false],
    ["https://github.com/acme/*", "https://github.com/acme/widget/.github/workflows/a.yml@refs/heads/main", false],
    ["https://github.com/acme/**", "https://github.com/acme/widget/.github/workflows/a.yml@refs/heads/main", true],
    ["https://github.com/acme/**", "https://github.com/acme-evil/widget", false],
    ["https://github.com/acme/**", "https://evil.example/https://github.com/acme/widget", false],
    ["https://github.com/*/w*", "https://github.com/acme/widget", true],
    ["refs/tags/v*", "refs/tags/v1.2.3", true],
    ["refs/tags/v*", "refs/tags/v1/evil", false],
    ["refs/heads/release/**", "refs/heads/release/1/x", true],
    ["*@example.org", "alice@example.org", true],
    ["*@example.org", "a/b@example.org", true],
    ["*@example.org", '"a@b"@example.org', true],
    ["*@example.org", "alice@example.org.evil.example", false],
    ["*@example.org", "alice@evil-example.org", false],
    ["*@example.org", "alice@exampleXorg", false],
    ["a.c", "abc", false],
    ["a(b)*", "a(b)c", true],
    ["**", "anything/at\nall", true],
    ["*", "", true],
  ])("%s over %s: %s", (pattern, text, expected) => {
    expect(isMatch(glob(pattern), text)).toBe(expected);
  });

  test("without a star is the text itself, whatever it holds", () => {
    const text = fc.string({ minLength: 1 }).filter((one) => !one.includes("*"));
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(isMatch(glob(one), other)).toBe(one === other);
        expect(isMatch(glob(one), one)).toBe(true);
      }),
    );
  });

  test("agrees with a matcher that tries every split", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "/", "*", "b"), minLength: 1, maxLength: 7 });
    const texts = fc.string({ unit: fc.constantFrom("a", "/", "b"), maxLength: 7 });
    fc.assert(
      fc.property(letters, texts, (one, text) => {
        expect(isMatch(glob(one), text)).toBe(tryAll(one, text));
      }),
      { numRuns: 500 },
    );
  });
});

/** The definition: a run of stars stands for any characters, a single one for any but a slash. */
function tryAll(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const stars = /^\*+/.exec(pattern)?.[0].length ?? 0;
  if (stars === 0) return text[0] === pattern[0] && tryAll(pattern.slice(1), text.slice(1));
  const ends = Array.from({ length: text.length + 1 }, (_, i) => i);
  return ends.some((end) => {
    const isAllowed = stars > 1 || !text.slice(0, end).includes("/");
    return isAllowed && tryAll(pattern.slice(stars), text.slice(end));
  });
}

describe("a regular expression", () => {
  test.each([
    ["user@domain\\.com", true, "user@domain.com", true],
    ["user@domain\\.com", true, "anotheruser@domain.com", false],
    ["user@domain\\.com", true, "user@domain.com.evil.example", false],
    ["user@domain\\.com", false, "anotheruser@domain.com.evil.example", true],
    ["a|ab", true, "ab", true],
    ["^a$", false, "ab", false],
    ["(?i)ALICE", true, "alice", true],
    [".*", true, "a\nb", false],
  ])("%s, anchored %s, over %s: %s", (text, isAnchored, value, expected) => {
    expect(isMatch(regex(text, isAnchored), value)).toBe(expected);
  });

  test("takes linear time where a backtracking engine takes exponential time", () => {
    const { isMatch: run } = valueOf(compilePattern(regex("(a+)+b|(a|aa)*c")));
    expect(run("a".repeat(50_000))).toBe(false);
  });

  test.each([
    ["", "must not be empty"],
    ["a".repeat(MAX_PATTERN_CHARS + 1), "must have at most 1024 characters"],
    ["[invalid", "is not a regular expression (RE2): error parsing regexp: missing closing ]: `[invalid`"],
    ["(?=a)", "is not a regular expression (RE2)"],
    ["(a)\\1", "is not a regular expression (RE2)"],
    ["((a{100}){100}){100}", "is not a regular expression (RE2)"],
  ])("rejects %j", (text, reason) => {
    const compiled = compilePattern(regex(text));
    expect(compiled.ok ? "" : compiled.error).toContain(reason);
  });
});

describe("the literals of an expression", () => {
  test.each([
    ["https://github\\.com/acme/.*", ["https://github.com/acme/"]],
    ["^.*@example\\.org$", ["@example.org"]],
    [".*/acme/.*@refs/tags/v.*", ["/acme/", "@refs/tags/v"]],
    ["ab+c", ["ab"]],
    ["abc?d", ["ab"]],
    ["abc*", ["ab"]],
    ["a{2}bcd", ["bcd"]],
    ["a|b", []],
    ["ab|cd", []],
    ["(a|b)cd", ["cd"]],
    ["(a\\)|b)cd", ["cd"]],
    ["([)]x)cd", ["cd"]],
    ["[a-z]+xyz", ["xyz"]],
    ["[[:alpha:]]xyz", []],
    ["(?i)abc", []],
    ["\\Qa.c\\E", []],
    ["\\x41bc", []],
    ["\\pLbc", []],
    ["(?P<n>a)bc", []],
    ["", []],
  ])("%s: %j", (source, literals) => {
    expect(findLiterals(source)).toEqual(literals);
  });

  test("are in every text that the expression matches", () => {
    const atom = fc.constantFrom("a", "b", ".", "\\.", "[ab]", "[^a]", "(ab|b)", "(?:b.)", "^", "$", "\\w", "😀");
    const piece = fc.tuple(atom, fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{0,1}", "+?"));
    const source = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.flat().join(""));
    const branches = fc.array(source, { minLength: 1, maxLength: 2 }).map((all) => all.join("|"));
    const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "c", "😀"), maxLength: 8 });
    fc.assert(
      fc.property(branches, text, fc.boolean(), (expression, value, isAnchored) => {
        const compiled = compilePattern(regex(expression, isAnchored));
        fc.pre(compiled.ok && isMatch({ kind: "regex", text: `(?:${expression})`, isAnchored }, value));
        for (const literal of findLiterals(expression)) expect(value).toContain(literal);
      }),
      { numRuns: 1000 },
    );
  });
});
