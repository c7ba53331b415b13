// SPDX-License-Identifier: Apache-2.0
// Formats the report of an audit for people and for programs.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { count } from "../progress.ts";
import { duration, paint } from "../terminal.ts";
import type { AuditReport } from "./audit.ts";
import { describeFinding, type Finding, isGap } from "./findings.ts";
import type { AuditedTree, TrustSource } from "./state.ts";
import type { TrustedLog } from "./trust.ts";

/** What a report needs beside the result of the audit. */
export interface AuditContext {
  readonly log: TrustedLog;
  readonly trust: TrustSource;
  /** Whether the keys come from the state file of an earlier audit. */
  readonly isPinned: boolean;
  /** The tree of the last good audit. */
  readonly audited: AuditedTree | null;
  readonly verifies: boolean;
  readonly stateFile: string;
  readonly tookMs: number;
}

/** The report as `--json` prints it. */
export function reportJson(report: AuditReport, context: AuditContext): object {
  const { head, findings, counts } = report;
  const { log, trust, isPinned, audited, verifies, stateFile, tookMs } = context;
  return {
    verdict: report.verdict,
    log: { url: log.url, kind: log.kind, origin: log.origin },
    keys: { trust, isPinned, vkeys: log.vkeys },
    checkpoint:
      head === null
        ? null
        : { treeSize: head.treeSize, rootHash: encodeBase64(head.rootHash), signatures: head.lines, note: head.note },
    previous: audited,
    entries: { startedAt: report.startedAt, read: report.entriesRead, signaturesChecked: verifies, ...counts },
    damages: findings.damages,
    gaps: findings.gaps,
    findings: findings.listed.map((finding) => {
      const judged = { severity: isGap(finding) ? "gap" : "damage", message: describeFinding(finding) };
      return Object.assign(judged, finding);
    }),
    stateFile,
    tookMs: Math.round(tookMs),
  };
}

const GOOD = paint("green", "✓");
const OPEN = paint("yellow", "?");
const BAD = paint("red", "✗");
const dim = (text: string): string => paint("dim", text);

/** The report for a terminal. */
export function reportText(report: AuditReport, context: AuditContext): string {
  const { findings, head } = report;
  const more = findings.damages + findings.gaps - findings.listed.length;
  return [
    title(context),
    ...trustLines(context),
    ...(head === null ? [] : headLines(report, context)),
    ...findings.listed.map((finding) => `${isGap(finding) ? OPEN : BAD} ${describeFinding(finding)}`),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
    ...evidence(report, context),
    verdictLine(report, context),
  ]
    .join("\n")
    .replace(C1_CONTROLS, "\ufffd");
}

/** Some terminals obey them, and a note can hold them: signed-note forbids only those below U+0020. */
const C1_CONTROLS = /[\u007f-\u009f]/g;

function title({ log }: AuditContext): string {
  return `${paint("bold", log.url)}  ${log.kind} log, origin ${log.origin}`;
}

function trustLines({ trust, isPinned, stateFile }: AuditContext): readonly string[] {
  if (trust !== "first-use") return [];
  if (isPinned) return [dim(`  keys as pinned in ${stateFile} when this log was first seen`)];
  return [
    `${OPEN} keys taken from the log's own server on first use, and pinned in ${stateFile}:`,
    "  a server with a forged log can serve forged keys as well; give the keys with --key or --trusted-root",
  ];
}

function headLines(
  { head, counts, startedAt }: AuditReport,
  { verifies, audited, log }: AuditContext,
): readonly string[] {
  if (head === null) return [];
  const known = head.lines.filter(({ type }) => type !== null).map(({ key }) => key);
  const others = head.lines.length - known.length;
  const lines = [
    `${GOOD} checkpoint of ${count(head.treeSize)} entries, root ${encodeBase64(head.rootHash)}, signed by ${known.join(", ")}`,
  ];
  if (others > 0) lines.push(dim(`  ${others} more signature ${others === 1 ? "line" : "lines"} by unknown keys`));
  if (audited !== null) lines.push(dim(`  last good audit on ${audited.at}, with ${count(audited.size)} entries`));
  if (startedAt > 0) lines.push(dim(`  continued at entry ${count(startedAt)}, where an earlier audit stopped`));
  const checked = counts.verified + counts.unverified;
  if (verifies && counts.verified > 0) lines.push(`${GOOD} ${count(counts.verified)} ${CHECKED[log.kind]} verified`);
  if (verifies && counts.unverified > 0)
    lines.push(dim(`  ${count(counts.unverified)} entries lack the data for verification`));
  if (!verifies && checked > 0)
    lines.push(dim(`  ${count(checked)} entries read; --no-signatures: their signatures were not checked`));
  if (counts.unknown > 0 && checked === 0)
    lines.push(dim(`  ${count(counts.unknown)} entries of unknown kinds: hashed, but not judged`));
  return lines;
}

const CHECKED = { signature: "signatures of entries", certificate: "certificates and their chains" } as const;

const FORKS: ReadonlySet<Finding["code"]> = new Set(["tree_shrunk", "tree_forked", "root_wrong"]);

/** Two signed notes that contradict each other: evidence that anyone can verify without trusting this tool. */
function evidence({ head, findings }: AuditReport, { audited }: AuditContext): readonly string[] {
  if (head === null || audited === null || !findings.listed.some(({ code }) => FORKS.has(code))) return [];
  return ["", `Signed on ${audited.at}:`, "", indent(audited.checkpoint), "Signed now:", "", indent(head.note)];
}

const indent = (note: string): string => note.replace(/^(?=.)/gm, "    ");

function verdictLine({ verdict, entriesRead }: AuditReport, { tookMs }: AuditContext): string {
  const rate =
    entriesRead < MIN_RATED_ENTRIES ? "" : `, ${count((entriesRead * 60_000) / Math.max(1, tookMs))} entries a minute`;
  const took = dim(`(${duration(tookMs)}${rate})`);
  return `${paint(["bold", VERDICTS[verdict].color], VERDICTS[verdict].text)} ${took}`;
}

/** Fewer say nothing about how fast an audit is: the connection takes most of their time. */
const MIN_RATED_ENTRIES = 256;

const VERDICTS = {
  good: { color: "green", text: "Good." },
  bad: { color: "red", text: "Bad: this log is not what it claims to be." },
  "could not tell": { color: "yellow", text: "Could not tell: parts of the log could not be read." },
} as const;
