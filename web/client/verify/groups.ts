// SPDX-License-Identifier: Apache-2.0
// The checks of a report in the seven questions that a reader has. A group passes only if something was compared and
// nothing that it needs was left out.

import { type Check, type CheckName, reportUnchecked, verdictOf } from "../../../shared/bundle/check.ts";
import type { Report } from "../../../shared/bundle/verify.ts";

/** The checks about one question. */
export interface Group {
  readonly title: string;
  readonly outcome: Check["outcome"];
  /** Empty if nothing was compared. */
  readonly checks: readonly Check[];
}

interface GroupRow {
  readonly title: string;
  readonly names: readonly CheckName[];
  /** A bundle of a bare key has no such checks. */
  readonly needsCertificate: boolean;
}

const row = (title: string, ...names: readonly CheckName[]): GroupRow => ({ title, names, needsCertificate: false });
const certificateRow = (title: string, ...names: readonly CheckName[]): GroupRow => ({
  title,
  names,
  needsCertificate: true,
});

const GROUPS: readonly GroupRow[] = [
  row("Signature over the file", "bundle", "artifact", "signature"),
  certificateRow("Certificate chain", "certificate", "purpose"),
  certificateRow("Certificate is public", "sct"),
  row("Time of signing", "timestamp", "promise", "time"),
  row("In the log", "entry", "inclusion"),
  row("One history", "checkpoint", "witness"),
  row("Identity", "key", "identity", "issuer"),
];

/** Groups the checks of a report. */
export function groupChecks({ checks }: Pick<Report, "checks">): readonly Group[] {
  const isOfKey = checks.some(({ name, outcome }) => name === "key" && outcome === "passed");
  return GROUPS.filter(({ needsCertificate }) => !(isOfKey && needsCertificate)).map(({ title, names }) => {
    const own = checks.filter(({ name }) => names.includes(name));
    return { title, outcome: outcomeOf(own), checks: own };
  });
}

function outcomeOf(checks: readonly Check[]): Check["outcome"] {
  if (checks.some(({ outcome }) => outcome === "failed")) return "failed";
  return checks.length === 0 || checks.some(isMissing) ? "not checked" : "passed";
}

/** A statement verifies without a file, and then says nothing about the reader's. */
const isMissing = ({ name, outcome, isRequired }: Check): boolean =>
  outcome === "not checked" && (isRequired || name === "artifact");

/** The log keeps no timestamp of the signature: without one nothing has failed, and nothing is proven. */
const TIME_IS_ELSEWHERE =
  "the log does not keep the timestamp, so it cannot be told when this signature was made: the bundle of its maker has it";

/** The report on a bundle that was made of what the log has. */
export function withoutTimestamp(report: Report): Report {
  if (report.times.length > 0) return report;
  const checks = report.checks.map((check) =>
    check.name === "time" && check.outcome === "failed" ? reportUnchecked("time", TIME_IS_ELSEWHERE) : check,
  );
  return { ...report, checks, verdict: verdictOf(checks) };
}
