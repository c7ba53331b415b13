// SPDX-License-Identifier: Apache-2.0
// The findings of `sigedge doctor`, each with a fix.

/** A problem of a deployment, and its fix. */
export interface Finding {
  /** error: someone is rejected, or will be within days; warning: worth a look. */
  readonly level: "error" | "warning";
  /** The check that found it: a stable word for scripts. */
  readonly check: string;
  readonly finding: string;
  readonly fix: string;
}

/** Makes a finding of level error. */
export const error = (check: string, finding: string, fix: string): Finding => ({
  level: "error",
  check,
  finding,
  fix,
});
/** Makes a finding of level warning. */
export const warning = (check: string, finding: string, fix: string): Finding => ({
  level: "warning",
  check,
  finding,
  fix,
});

/** A check, with the title that doctor prints. */
export interface Check {
  readonly title: string;
  readonly run: () => Promise<readonly Finding[]>;
}
