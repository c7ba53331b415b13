// SPDX-License-Identifier: Apache-2.0
// Walks over JSON text without building anything, within a bound: each character outside of strings is a visit, and
// what is inside is skipped natively. Checks no grammar.

const BACKSLASH = 0x5c;
/** Finding the end of a string, or the next quote in it, costs as much as that many other characters. */
const VISITS_PER_STRING = 8;

/**
 * Skips the string that starts at `start`. Each backslash before a quote is a visit. `end` is after the closing quote,
 * or the end of the text; `visits` is negative if there were too many.
 */
export function skipString(
  text: string,
  start: number,
  maxVisits: number,
): { readonly end: number; readonly visits: number } {
  let visits = maxVisits - VISITS_PER_STRING;
  let at = start;
  while (visits >= 0) {
    at = text.indexOf('"', at + 1);
    if (at < 0) break;
    let first = at;
    while (text.charCodeAt(first - 1) === BACKSLASH && at - first <= visits) first--;
    visits -= first === at ? 0 : at - first + VISITS_PER_STRING;
    if ((at - first) % 2 === 0) return { end: at + 1, visits };
  }
  return { end: text.length, visits };
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
