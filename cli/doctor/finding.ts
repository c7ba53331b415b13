// SPDX-License-Identifier: Apache-2.0
// What `sigedge doctor` finds: each with what to do about it.

export interface Finding {
  /** error: somebody is refused, or will be within days; warning: should be looked at. */
  readonly level: "error" | "warning";
  /** Which check found it: a stable word for scripts. */
  readonly check: string;
  readonly finding: string;
  readonly fix: string;
}

export const error = (check: string, finding: string, fix: string): Finding => ({
  level: "error",
  check,
  finding,
  fix,
});
export const warning = (check: string, finding: string, fix: string): Finding => ({
  level: "warning",
  check,
  finding,
  fix,
});

export interface Check {
  readonly title: string;
  readonly run: () => Promise<readonly Finding[]>;
}
