// SPDX-License-Identifier: Apache-2.0
// Walks over JSON text without building anything, within a bound: each character outside of strings is a visit, and
// what is inside is skipped natively. Checks no grammar.

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
/** Finding the end of a string costs as much as that many other characters. */
const VISITS_PER_STRING = 8;
/** A native search costs more than a microsecond: behind an escaped quote it pays only for a distance beyond this. */
const NEAR = 16;
const VISITS_PER_SEARCH = 32;

/**
 * Skips the string that starts at `start`. What is near an escaped quote is visited, as is each backslash before a
 * quote. `end` is after the closing quote, or the end of the text; `visits` is negative if there were too many.
 */
export function skipString(
  text: string,
  start: number,
  maxVisits: number,
): { readonly end: number; readonly visits: number } {
  let visits = maxVisits - VISITS_PER_STRING;
  let at = text.indexOf('"', start + 1);
  while (visits >= 0 && at >= 0) {
    let first = at;
    while (text.charCodeAt(first - 1) === BACKSLASH && at - first <= visits) first--;
    if ((at - first) % 2 === 0) return { end: at + 1, visits: visits - (at - first) };
    const near = findNear(text, at + 1);
    visits -= at - first + VISITS_PER_STRING + (near === null ? VISITS_PER_SEARCH : 0);
    at = near ?? text.indexOf('"', at + NEAR);
  }
  return { end: text.length, visits };
}

/** The first quote among the next characters, null if there is none. */
function findNear(text: string, from: number): number | null {
  for (let at = from; at < from + NEAR; at++) if (text.charCodeAt(at) === QUOTE) return at;
  return null;
}

interface Token {
  /** The character of a bracket, a comma or a colon; a quote for a string. */
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** The tokens that structure a text, as far as `maxVisits` reaches: numbers, literals and white space are skipped. */
function* tokensOf(text: string, maxVisits: number): Generator<Token> {
  let visits = maxVisits;
  for (let at = 0; at < text.length && --visits >= 0; at++) {
    const kind = text.charAt(at);
    if (kind === '"') {
      const skipped = skipString(text, at, visits);
      yield { kind, start: at, end: skipped.end };
      visits = skipped.visits;
      at = skipped.end - 1;
    } else if ("{}[],:".includes(kind)) {
      yield { kind, start: at, end: at + 1 };
    }
  }
}

/**
 * Finds members of the outermost object: the texts of their values, as far as they are found within `maxVisits`. Stops
 * at the last one, so that a large member behind them costs nothing.
 */
export function findMembers(text: string, names: readonly string[], maxVisits: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let depth = 0;
  let lastString = "";
  let value: { readonly name: string; readonly start: number } | null = null;
  for (const { kind, start, end } of tokensOf(text, maxVisits)) {
    if (kind === "{" || kind === "[") depth++;
    else if (kind === '"' && depth === 1) lastString = text.slice(start + 1, end - 1);
    else if (kind === ":" && depth === 1) value = { name: lastString, start: end };
    if (!",}]".includes(kind)) continue;
    if (depth === 1 && value !== null && names.includes(value.name))
      found.set(value.name, text.slice(value.start, start));
    if (depth === 1) value = null;
    if (kind !== ",") depth--;
    if (found.size === names.length) break;
  }
  return found;
}
