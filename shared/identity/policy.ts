// SPDX-License-Identifier: Apache-2.0
// Restricts who gets certificates: conditions on the claims of an issuer's tokens, set in that issuer's configuration.
// Fulcio gives certificates to everyone whom an accepted issuer knows.

import { type ClaimPath, type Claims, claimAt } from "../oidc/claims.ts";
import { unreachable } from "../unreachable.ts";

/** A condition on claims. */
export type Condition =
  | { readonly kind: "all" | "any"; readonly conditions: readonly Condition[] }
  /**
   * Holds if the claim, or an item of a list, is one of the values. Numbers and booleans compare as JSON writes them.
   */
  | { readonly kind: "equals"; readonly claim: ClaimPath; readonly values: readonly string[] }
  | { readonly kind: "prefix"; readonly claim: ClaimPath; readonly prefix: string }
  /** `*` matches characters other than `/`, `**` any; all others match themselves. Matches the whole value. */
  | { readonly kind: "pattern"; readonly claim: ClaimPath; readonly pattern: string };

/**
 * Describes the first condition that fails, naming the claim but not the required value; null if the policy is met. For
 * an `any`, describes every alternative.
 */
export function findUnmetCondition(condition: Condition, claims: Claims): string | null {
  switch (condition.kind) {
    case "all": {
      for (const part of condition.conditions) {
        const unmet = findUnmetCondition(part, claims);
        if (unmet !== null) return unmet;
      }
      return null;
    }
    case "any": {
      const unmet = condition.conditions.map((part) => findUnmetCondition(part, claims));
      return unmet.includes(null) ? null : unmet.join(", and ");
    }
    case "equals":
      return isHeld(condition.claim, claims, (value) => condition.values.includes(value))
        ? null
        : `${nameOf(condition.claim)} is not one of the accepted values`;
    case "prefix":
      return isHeld(condition.claim, claims, (value) => value.startsWith(condition.prefix))
        ? null
        : `${nameOf(condition.claim)} does not begin with the accepted prefix`;
    case "pattern":
      return isHeld(condition.claim, claims, (value) => matches(condition.pattern, value))
        ? null
        : `${nameOf(condition.claim)} does not match the accepted pattern`;
    default:
      return unreachable(condition);
  }
}

const nameOf = (path: ClaimPath): string => path.join(".");

function isHeld(path: ClaimPath, claims: Claims, test: (value: string) => boolean): boolean {
  const value = claimAt(claims, path);
  return (Array.isArray(value) ? value : [value]).some((item: unknown) => {
    const isScalar = typeof item === "string" || typeof item === "number" || typeof item === "boolean";
    return isScalar && test(String(item));
  });
}

/**
 * Whether the pattern matches the whole value. Goes through the value once with the set of possible positions in the
 * pattern, so that the time is at most the product of both lengths; a regular expression could take forever.
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

/** Adds the positions after stars, which may match nothing. */
function skipStars(places: Set<number>, steps: readonly string[]): Set<number> {
  // Iterating a Set includes the elements added on the way.
  for (const place of places) if (steps[place] === "*" || steps[place] === "**") places.add(place + 1);
  return places;
}
