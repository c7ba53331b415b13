// SPDX-License-Identifier: Apache-2.0
// The output of a monitor: a line for each event, for each log's coverage and for the verdict; with --json, one JSON
// object a line.

import type { MonitorEvent } from "../../shared/monitor/event.ts";
import { describeEvent } from "../../shared/monitor/message.ts";
import type { Output } from "../command.ts";
import { toLine } from "../status/plain-text.ts";
import { paint, type Style } from "../terminal.ts";
import { type Coverage, coverageLine, isWhole } from "./coverage.ts";
import { codeOf, type ExitCode } from "./verdict.ts";

/** Prints for people or programs. */
export interface Reporter {
  readonly event: (event: MonitorEvent) => void;
  readonly coverage: (coverage: Coverage) => void;
  readonly verdict: (code: ExitCode) => void;
}

const VERDICTS: Readonly<Record<ExitCode, string>> = {
  0: "nothing unexpected",
  1: "somebody signed who was not expected",
  2: "a log or a witness misbehaved",
  3: "could not tell",
};

const MARKS: Readonly<Record<ExitCode, readonly [string, Style]>> = {
  0: ["✓", "green"],
  1: ["✗", "red"],
  2: ["✗", "red"],
  3: ["?", "yellow"],
};

function mark(code: ExitCode): string {
  const [sign, style] = MARKS[code];
  return paint(style, sign);
}

/** `Unexpected signature by alice@example.com: entry 7 of log sign.example.com; evidence: state.json.fork.json` */
function describe(event: MonitorEvent): string {
  const { details, log } = event;
  const index = "entry" in details ? details.entry.index : "index" in details ? details.index : null;
  const place = index === null ? (log === null ? "" : `: log ${log}`) : `: entry ${index} of log ${log}`;
  const reason = "reason" in details ? `: ${details.reason}` : "";
  const evidence = "evidence" in details && details.evidence !== null ? `; evidence: ${details.evidence}` : "";
  return `${describeEvent(event).subject}${place}${reason}${evidence}`;
}

/** Makes the reporter of an output. */
export function makeReporter({ result }: Output): Reporter {
  return {
    event: (event) =>
      result({ type: "event", ...event }, `${mark(codeOf(event.kind))} ${event.kind}: ${toLine(describe(event))}`),
    coverage: (coverage) =>
      result(
        { type: "coverage", ...coverage, isWhole: isWhole(coverage), text: coverageLine(coverage) },
        `${mark(isWhole(coverage) ? 0 : 3)} ${toLine(coverageLine(coverage))}`,
      ),
    verdict: (code) =>
      result(
        { type: "verdict", exitCode: code, text: VERDICTS[code] },
        `${mark(code)} ${VERDICTS[code]} (exit code ${code})`,
      ),
  };
}
