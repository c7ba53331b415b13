// SPDX-License-Identifier: Apache-2.0
// The output of `sigedge verify`: every check on a line, then the verdict.

import type { Check, Verdict } from "../../shared/bundle/check.ts";
import type { Subject } from "../../shared/bundle/report.ts";
import type { Report } from "../../shared/bundle/verify.ts";
import { toLine } from "../status/plain-text.ts";
import { paint, type Style } from "../terminal.ts";

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
