// SPDX-License-Identifier: Apache-2.0
// Texts that are part of everything that a regular expression matches, so that a search for them rules out most texts.
// Where the expression has anything that this file does not know, there is no such text.

/** Literals that every match contains, without the single characters that most texts have. */
export function findLiterals(source: string): readonly string[] {
  // Flags change what a letter matches, and a quotation what a backslash means.
  if (/\(\?[^:]|\(\?[a-zA-Z-]+:|\\Q/.test(source.replaceAll("(?s:.*)", ""))) return [];
  return (readRuns(source) ?? []).filter((run) => run.length > 1);
}

/** The runs of literal characters outside groups; null if an alternative leaves them out. */
function readRuns(source: string): readonly string[] | null {
  const runs: string[] = [];
  let run: string[] = [];
  const endRun = (): void => {
    runs.push(run.join(""));
    run = [];
  };
  let at = 0;
  while (at < source.length) {
    const token = nextToken(source, at);
    if (token === null) return null;
    at += token.length;
    const literal = literalOf(token);
    const isOptional = /^[*?{]/.test(source.slice(at, at + 1));
    if (literal !== null && !isOptional) run.push(literal);
    // Repetition ends a run: what follows need not follow the last copy's neighbor.
    if (literal === null || isOptional || source[at] === "+") endRun();
  }
  endRun();
  return runs;
}

/** One character, escape, class, group or quantifier; null for an alternative, or what is not well-formed. */
function nextToken(source: string, at: number): string | null {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (character === "|" || character === ")") return null;
  if (character === "\\") return readEscape(source, at);
  if (character === "[") return readClass(source, at);
  if (character === "(") return readGroup(source, at);
  if (character === "{") return /^\{[0-9,]+\}/.exec(source.slice(at))?.[0] ?? null;
  return character;
}

/** `\.` and the like, or a letter, of which this file knows only that it is no literal. */
function readEscape(source: string, at: number): string | null {
  return /^\\[^A-Za-z0-9]/.exec(source.slice(at))?.[0] ?? /^\\[dDwWsSbB]/.exec(source.slice(at))?.[0] ?? null;
}

/** A class up to its bracket. One with a named class inside is left to nobody: null. */
function readClass(source: string, at: number): string | null {
  const found = /^\[\^?\]?(?:[^\]\\[]|\\[^pPQE])*\]/.exec(source.slice(at));
  return found === null ? null : found[0];
}

/** A group with everything in it. */
function readGroup(source: string, from: number): string | null {
  let depth = 0;
  let at = from;
  while (at < source.length) {
    const character = source[at];
    if (character === "(") depth++;
    if (character === ")" && --depth === 0) return source.slice(from, at + 1);
    const inner = character === "\\" || character === "[" ? nextToken(source, at) : character;
    if (inner === null || inner === undefined) return null;
    at += inner.length;
  }
  return null;
}

/** The character that a token stands for; null if it stands for several or for none. */
function literalOf(token: string): string | null {
  if (token.length === 2 && token.startsWith("\\")) return /[A-Za-z0-9]/.test(token.charAt(1)) ? null : token.charAt(1);
  if (/^[.^$*+?{[(\\]/.test(token)) return null;
  return token;
}
