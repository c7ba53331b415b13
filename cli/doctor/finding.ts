// SPDX-License-Identifier: Apache-2.0
// The result of a check of `sigedge doctor`: findings, each with a fix, and what the check could not look at.

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

/** The result of a check. */
export interface Outcome {
  readonly findings: readonly Finding[];
  /** Why the check, or a part of it, could not look: what it would have read, and what came instead. */
  readonly notChecked: readonly string[];
  /** Why no check that needs this one can look; null if they can. */
  readonly stops: string | null;
}

/** Makes the outcome of a check that looked at everything. */
export const conclude = (findings: readonly Finding[]): Outcome => ({ findings, notChecked: [], stops: null });

/** Makes the outcome of a check that could not look at something. */
export const concludeInPart = (findings: readonly Finding[], notChecked: readonly string[]): Outcome => ({
  findings,
  notChecked,
  stops: null,
});

/** Makes the outcome of a check that stops those that need it. */
export const stopOthers = (findings: readonly Finding[], stops: string): Outcome => ({
  findings,
  notChecked: [],
  stops,
});

/** A precondition of other checks: the deployment answers, its settings can be read, there is an account. */
type Ground = "service" | "settings" | "account";

/** A check. */
export interface Check {
  /** A stable word for scripts. */
  readonly name: string;
  /** The title that doctor prints. */
  readonly title: string;
  /** The preconditions of the check; a check that establishes them has run before. */
  readonly needs: readonly Ground[];
  /** The precondition that this check establishes for those after it; null for most. */
  readonly gives: Ground | null;
  readonly run: () => Promise<Outcome>;
}

/** A check that ran, or that could not run. */
export interface Checked {
  readonly check: Check;
  readonly outcome: Outcome;
}

/**
 * Runs the checks in order. A check does not run if an earlier one could not establish what it needs: its outcome has
 * the reason and no finding, so that one cause is reported once.
 */
export async function* runChecks(checks: readonly Check[]): AsyncGenerator<Checked> {
  const stops = new Map<Ground, string>();
  for (const check of checks) {
    const reason = check.needs.map((ground) => stops.get(ground)).find((found) => found !== undefined);
    const outcome: Outcome =
      reason === undefined ? await check.run() : { findings: [], notChecked: [reason], stops: reason };
    if (check.gives !== null && outcome.stops !== null) stops.set(check.gives, outcome.stops);
    yield { check, outcome };
  }
}
