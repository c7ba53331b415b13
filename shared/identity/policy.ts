// SPDX-License-Identifier: Apache-2.0
// Who may get a certificate at all: conditions on the claims of an issuer's tokens, in the configuration of that issuer.
// Fulcio gives one to everybody whom an accepted issuer knows.

import { type ClaimPath, type Claims, claimAt } from "../oidc/claims.ts";
import { unreachable } from "../unreachable.ts";

export type Condition =
  | { readonly kind: "all" | "any"; readonly conditions: readonly Condition[] }
  /** Holds if the claim, or one item of a list, is one of the values. Numbers and booleans count as JSON writes them. */
  | { readonly kind: "equals"; readonly claim: ClaimPath; readonly values: readonly string[] }
  | { readonly kind: "prefix"; readonly claim: ClaimPath; readonly prefix: string }
  /** `*` stands for characters other than `/`, `**` for any; everything else for itself, from the first to the last. */
  | { readonly kind: "pattern"; readonly claim: ClaimPath; readonly pattern: string };

/**
 * The first condition that fails, in words that say which claim it is about and not what it would have to be; null if the
 * policy is met. Of an `any` all that was tried is said.
 */
export function unmetCondition(condition: Condition, claims: Claims): string | null {
  switch (condition.kind) {
    case "all": {
      for (const part of condition.conditions) {
        const unmet = unmetCondition(part, claims);
        if (unmet !== null) return unmet;
      }
      return null;
    }
    case "any": {
      const unmet = condition.conditions.map((part) => unmetCondition(part, claims));
      return unmet.includes(null) ? null : unmet.join(", and ");
    }
    case "equals":
      return holds(condition.claim, claims, (value) => condition.values.includes(value))
        ? null
        : `${nameOf(condition.claim)} is not one of the accepted values`;
    case "prefix":
      return holds(condition.claim, claims, (value) => value.startsWith(condition.prefix))
        ? null
        : `${nameOf(condition.claim)} does not begin with the accepted prefix`;
    case "pattern":
      return holds(condition.claim, claims, (value) => matches(condition.pattern, value))
        ? null
        : `${nameOf(condition.claim)} does not match the accepted pattern`;
    default:
      return unreachable(condition);
  }
}

const nameOf = (path: ClaimPath): string => path.join(".");

function holds(path: ClaimPath, claims: Claims, test: (value: string) => boolean): boolean {
  const value = claimAt(claims, path);
  return (Array.isArray(value) ? value : [value]).some((item: unknown) => {
    const isScalar = typeof item === "string" || typeof item === "number" || typeof item === "boolean";
    return isScalar && test(String(item));
  });
}

/**
 * Whether the pattern matches the whole value. Goes through the value once with the set of places in the pattern that are
 * possible, so that no pattern takes longer than its length times the value's: a regular expression could take for ever.
 */
export function matches(pattern: string, value: string): boolean {
  const steps = pattern.match(/\*\*|./gsu) ?? [];
  let places = skipStars(new Set([0]), steps);
  for (const character of value) {
    const next = new Set<number>();
    for (const place of places) {
      const step = steps[place];
      if (step === "**" || (step === "*" && character !== "/")) next.add(place);
      else if (step === character) next.add(place + 1);
    }
    places = skipStars(next, steps);
  }
  return places.has(steps.length);
}

/** A star may stand for nothing. */
function skipStars(places: Set<number>, steps: readonly string[]): Set<number> {
  // A Set is walked in the order in which it grows, also while it does.
  for (const place of places) if (steps[place] === "*" || steps[place] === "**") places.add(place + 1);
  return places;
}
