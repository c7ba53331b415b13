// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { findNameProblem, listFunctions } from "./names.ts";

describe("the name of a function", () => {
  it.each([
    ["checkSettings", false],
    ["readState", true],
    ["advanceAnchor", true],
    ["isFresh", false],
    ["hasEmail", false],
    ["toSigner", false],
    ["withoutPadding", false],
    ["leafHash", false],
    ["sha256", false],
    ["ed25519KeyId", false],
    ["originOf", false],
    ["fullTilePath", false],
    ["signingConfig", false],
    ["bindingsOf", false],
    ["head", true],
  ])("%s is accepted", (name, acts) => {
    expect(findNameProblem({ name, acts })).toBeNull();
  });

  it.each([
    "checkedSettings",
    "requestedSite",
    "offeredLog",
    "resumable",
    "shown",
    "exhausted",
    "misdirected",
    "unconfigured",
    "insecure",
    "served",
    "trusted",
    "waiting",
    "retiringNow",
    "unread",
    "brokenIn",
    "damaged",
    "andClaims",
    "before",
    "strangeness",
    "resigned",
    "among",
  ])("%s is rejected", (name) => {
    expect(findNameProblem({ name, acts: false })).toMatch(new RegExp(`^"${name}" begins with `));
  });

  it.each(["health", "treeSize", "operatorToken"])("%s is rejected for a function that acts", (name) => {
    expect(findNameProblem({ name, acts: true })).toBe(
      `"${name}" acts, so it begins with a verb (VERBS in tools/docs/names.ts)`,
    );
    expect(findNameProblem({ name, acts: false })).toBeNull();
  });
});

describe("the functions of a file", () => {
  it.each([
    ["a declaration", "export function served(): number { return 1; }", "served", false],
    ["an asynchronous declaration", "async function health() {}", "health", true],
    ["a generator", "function* leaves(): Iterable<number> {}", "leaves", false],
    ["a constant", "const shown = <T>(value: T): T => value;", "shown", false],
    ["a constant that returns a promise", "const sizes = (): Promise<void> => run();", "sizes", true],
    ["a method", "class Log { static async tail(): Promise<void> {} }", "tail", true],
    ["a private method", "class Log { #damaged(): boolean { return true; } }", "damaged", false],
    ["a method of an interface", "interface Log { tail(): Promise<void>; }", "tail", true],
    ["a method of an object", "const log = { tail(): void {} };", "tail", true],
    ["a function in a function", "const open = () => { const before = () => 1; return before; };", "before", false],
  ])("has %s", (_, text, name, acts) => {
    expect(listFunctions(`// one\n${text}\n`)).toContainEqual({ name, line: 2, acts });
  });

  it.each([
    ["a getter", "class Log { get restored() { return 1; } }"],
    ["a value", "const served = run();"],
    ["a constructor", "class Log { constructor(readonly served: number) {} }"],
    ["a property that holds a function", "const given = { current: () => 1 };"],
  ])("does not have %s", (_, text) => {
    expect(listFunctions(text).map(({ name }) => name)).not.toContain(/(?:restored|served|current)/.exec(text)?.[0]);
  });
});
