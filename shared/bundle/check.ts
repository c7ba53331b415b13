// SPDX-License-Identifier: Apache-2.0
// The result of a verification: one line for each thing that was compared, and the verdict that follows from them.

/** What a check is about, in the order in which a report lists them. */
export type CheckName =
  | "bundle"
  | "artifact"
  | "signature"
  | "timestamp"
  | "entry"
  | "promise"
  | "inclusion"
  | "checkpoint"
  | "witness"
  | "time"
  | "certificate"
  | "purpose"
  | "sct"
  | "key"
  | "identity"
  | "issuer";

/** One comparison and its outcome. */
export interface Check {
  readonly name: CheckName;
  readonly outcome: "passed" | "failed" | "not checked";
  /** A sentence for a person: the values that were compared, or why nothing could be compared. */
  readonly detail: string;
  /** Whether a verdict needs this check: an optional one that was not checked leaves the bundle good. */
  readonly isRequired: boolean;
}

/** The verdict on a bundle. */
export type Verdict = "good" | "bad" | "could not tell";

/** A comparison that came out as it must. */
export const reportPass = (name: CheckName, detail: string): Check => ({
  name,
  outcome: "passed",
  detail,
  isRequired: true,
});

/** A comparison that did not. */
export const reportFailure = (name: CheckName, detail: string): Check => ({
  name,
  outcome: "failed",
  detail,
  isRequired: true,
});

/** A comparison that the verdict needs, and that nobody could make. */
export const reportUnchecked = (name: CheckName, detail: string): Check => ({
  name,
  outcome: "not checked",
  detail,
  isRequired: true,
});

/** A comparison that would have been made if the caller had asked for it. */
export const reportUnasked = (name: CheckName, detail: string): Check => ({
  ...reportUnchecked(name, detail),
  isRequired: false,
});

/** One failed check makes a bundle bad; without one, a required check that is missing leaves it open. */
export function verdictOf(checks: readonly Check[]): Verdict {
  if (checks.some(({ outcome }) => outcome === "failed")) return "bad";
  return checks.some(({ outcome, isRequired }) => isRequired && outcome === "not checked") ? "could not tell" : "good";
}
