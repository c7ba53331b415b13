// SPDX-License-Identifier: Apache-2.0
// The result of a verification: one line for each thing that was compared, and the verdict that follows from them.

/** The checks, in the order in which a report lists them. */
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

type Report = (name: CheckName, detail: string) => Check;

const reporterOf =
  (outcome: Check["outcome"]): Report =>
  (name, detail) => ({ name, outcome, detail, isRequired: true });

/** A comparison that came out as it must. */
export const reportPass = reporterOf("passed");

/** A comparison that did not. */
export const reportFailure = reporterOf("failed");

/** A comparison that the verdict needs, and that nobody could make. */
export const reportUnchecked = reporterOf("not checked");

/** A comparison that would have been made if the caller had asked for it. */
export const reportUnasked: Report = (name, detail) => ({
  ...reportUnchecked(name, detail),
  isRequired: false,
});

/** One failed check makes a bundle bad; without one, a required check that is missing leaves it open. */
export function verdictOf(checks: readonly Check[]): Verdict {
  if (checks.some(({ outcome }) => outcome === "failed")) return "bad";
  return checks.some(({ outcome, isRequired }) => isRequired && outcome === "not checked") ? "could not tell" : "good";
}
