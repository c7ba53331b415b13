// SPDX-License-Identifier: Apache-2.0
// The output of `sigedge verify`: every check on a line, then the verdict.

import type { Check, Verdict } from "../../shared/bundle/check.ts";
import type { Report } from "../../shared/bundle/verify.ts";
import { formatRfc3339 } from "../../shared/time.ts";
import { toLine } from "../status/plain-text.ts";
import { paint, type Style } from "../terminal.ts";

/** The subject of a verification. */
export interface Subject {
  readonly artifact: string;
  readonly bundle: string;
  /** The origin of the trusted root. */
  readonly trust: string;
}

const MARKS: Readonly<Record<Check["outcome"], readonly [mark: string, style: Style]>> = {
  passed: ["passed     ", "green"],
  failed: ["FAILED     ", "red"],
  "not checked": ["not checked", "yellow"],
};

const VERDICTS: Readonly<Record<Verdict, Style>> = { good: "green", bad: "red", "could not tell": "yellow" };

/** Formats a report for a terminal. */
export function reportText({ verdict, checks, signer }: Report, { artifact, trust }: Subject): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, outcome, detail }) => {
    const [mark, style] = MARKS[outcome];
    return `${paint(style, mark)}  ${name.padEnd(width)}  ${toLine(detail)}`;
  });
  const by = signer === null ? "the holder of the key" : toLine(signer.names.join(", "));
  const sentence = verdict === "good" ? `${artifact} was signed by ${by}` : SENTENCES[verdict];
  return [...lines, "", `Verified with ${trust}`, `${paint(VERDICTS[verdict], verdict)}: ${sentence}`].join("\n");
}

const SENTENCES = {
  bad: "do not trust this file; the lines marked FAILED say why",
  "could not tell": "no comparison failed, but a verdict needs more; the lines marked not checked say what",
} as const;

/** The report as JSON. */
export const reportJson = ({ verdict, checks, signer, times }: Report, subject: Subject): object => ({
  verdict,
  ...subject,
  signer: signer === null ? null : { identities: signer.names, issuer: signer.issuer },
  times: times.map(formatRfc3339),
  checks: checks.map(({ name, outcome, detail }) => ({ name, outcome, detail })),
});
