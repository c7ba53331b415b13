// SPDX-License-Identifier: Apache-2.0
// Walks over JSON text without building anything, within a bound: each character outside of strings is a visit, and what
// is inside is skipped natively. Checks no grammar.

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

/**
 * Finds members of the outermost object: the texts of their values, as far as they are found within `maxVisits`. Stops at
 * the last one, so that a large member behind them costs nothing.
 */
export function findMembers(text: string, names: readonly string[], maxVisits: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let visits = maxVisits;
  let depth = 0;
  let name = "";
  let lastString = "";
  let start = 0;
  for (let at = 0; at < text.length && --visits >= 0 && found.size < names.length; at++) {
    const character = text[at];
    if (character === '"') {
      const skipped = skipString(text, at, visits);
      if (depth === 1) lastString = text.slice(at + 1, skipped.end - 1);
      visits = skipped.visits;
      at = skipped.end - 1;
    } else if (character === "{" || character === "[") {
      depth++;
    } else if (character === ":" && depth === 1) {
      name = lastString;
      start = at + 1;
    } else if (character === "," || character === "}" || character === "]") {
      if (depth === 1 && names.includes(name)) found.set(name, text.slice(start, at));
      if (depth === 1) name = "";
      if (character !== ",") depth--;
    }
  }
  return found;
}
