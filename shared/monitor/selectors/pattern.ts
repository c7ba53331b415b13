// SPDX-License-Identifier: Apache-2.0
// Patterns over one text: a glob or a regular expression. Both run in time linear in the text, since strangers choose
// the texts. Spec: https://github.com/google/re2/wiki/Syntax

import { RE2JS, RE2JSException } from "re2js";
import { err, ok, type Result } from "../../result.ts";
import { findLiterals } from "./literal.ts";

/** How a text is chosen. */
export type TextPattern =
  | { readonly kind: "exact"; readonly text: string }
  /**
   * The whole text. `**` stands for any characters, `*` for any but a slash. In a pattern of addresses, such as
   * `*@example.org`, both stand for any characters, because the part before the @ may hold a slash.
   */
  | { readonly kind: "glob"; readonly text: string }
  /** Anchored: the whole text. Otherwise any part of it, as Go's MatchString searches. */
  | { readonly kind: "regex"; readonly text: string; readonly isAnchored: boolean };

/** A pattern that is ready to run. */
export interface CompiledPattern {
  readonly pattern: TextPattern;
  readonly isMatch: (text: string) => boolean;
}

/** Longer than any that a person reads. The size of the automaton grows with it. */
export const MAX_PATTERN_CHARS = 1024;

/** Whether a glob is over e-mail addresses. */
export const isOverAddresses = (text: string): boolean => text.includes("@") && !text.includes("/");

/** Compiles a pattern. Fails with what is wrong, to follow its place. */
export function compilePattern(pattern: TextPattern): Result<CompiledPattern, string> {
  const { kind, text } = pattern;
  if (text === "") return err("must not be empty");
  if (text.length > MAX_PATTERN_CHARS) return err(`must have at most ${MAX_PATTERN_CHARS} characters`);
  if (kind === "exact") return ok({ pattern, isMatch: (value) => value === text });
  const source = kind === "glob" ? globSource(text) : text;
  const compiled = compileSource(source);
  if (!compiled.ok) return compiled;
  const expression = compiled.value;
  // Most texts lack one of the literals, and a search for them costs a fraction of the automaton's run.
  const literals = findLiterals(source);
  const isWhole = kind === "glob" || pattern.isAnchored;
  const run = (value: string): boolean => (isWhole ? expression.matches(value) : expression.test(value));
  return ok({ pattern, isMatch: (value) => literals.every((literal) => value.includes(literal)) && run(value) });
}

function compileSource(source: string): Result<RE2JS, string> {
  try {
    return ok(RE2JS.compile(source));
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return err(`is not a regular expression (RE2): ${error.message.slice(0, 200)}`);
  }
}

/** The glob as a regular expression. */
function globSource(text: string): string {
  const any = "(?s:.*)";
  const star = isOverAddresses(text) ? any : "[^/]*";
  return text
    .split(/(\*+)/)
    .map((part, i) => {
      if (i % 2 === 0) return RE2JS.quote(part);
      return part === "*" ? star : any;
    })
    .join("");
}
