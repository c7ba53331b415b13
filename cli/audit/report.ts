// SPDX-License-Identifier: Apache-2.0
// Formats the report of an audit for people and for programs.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { count } from "../progress.ts";
import { describeFinding, type Finding, isGap } from "../served-log/findings.ts";
import type { AuditedHead } from "../served-log/head.ts";
import type { SeenTree } from "../served-log/seen-tree.ts";
import type { TrustedLog } from "../served-log/trust.ts";
import { duration, paint } from "../terminal.ts";
import type { AuditReport } from "./audit.ts";
import type { Checks, TrustSource } from "./state.ts";

/** Everything that a report needs beside the result of the audit. */
export interface AuditContext {
  readonly log: TrustedLog;
  readonly trust: TrustSource;
  /** Whether the keys come from the state file of an earlier audit. */
  readonly isPinned: boolean;
  /** The newest tree that earlier audits saw. */
  readonly audited: SeenTree | null;
  readonly checks: Checks;
  readonly stateFile: string;
  /** Where the evidence of a fork was written; null if there is none. */
  readonly evidenceFile: string | null;
  /** Whether the service says that the log was created after the first audit. */
  readonly isAnew: boolean;
  readonly tookMs: number;
}

/** The report as `--json` prints it. */
export function reportJson(report: AuditReport, context: AuditContext): object {
  const { head, findings, counts } = report;
  const { log, trust, isPinned, audited, checks, stateFile, evidenceFile, tookMs } = context;
  return {
    verdict: report.verdict,
    log: { url: log.url, kind: log.kind, origin: log.origin },
    keys: { trust, isPinned, vkeys: log.vkeys },
    checks: { signatures: checks.signatures, order: checks.order, policy: checks.policy !== null },
    checkpoint:
      head === null
        ? null
        : { treeSize: head.treeSize, rootHash: encodeBase64(head.rootHash), signatures: head.lines, note: head.note },
    previous: audited,
    entries: { startedAt: report.startedAt, read: report.entriesRead, signaturesChecked: checks.signatures, ...counts },
    damages: findings.damages,
    gaps: findings.gaps,
    findings: findings.listed.map((finding) => {
      const judged = { severity: isGap(finding) ? "gap" : "damage", message: describeFinding(finding) };
      return Object.assign(judged, finding);
    }),
    stateFile,
    evidenceFile,
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
    ...showEvidence(report, context),
    ...adviseOnPin(report, context),
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
  { checks, audited, log }: AuditContext,
): readonly string[] {
  if (head === null) return [];
  const lines = [
    `${GOOD} checkpoint of ${countEntries(head.treeSize)}, root ${encodeBase64(head.rootHash)}, signed by ${keysOf(head)}`,
    ...otherLines(head),
  ];
  if (audited !== null) lines.push(dim(`  audited before on ${audited.at}, with ${countEntries(audited.size)}`));
  if (startedAt > 0) lines.push(dim(`  continued at entry ${count(startedAt)}, where an earlier audit stopped`));
  const checked = counts.verified + counts.unverified;
  if (checks.signatures && counts.verified > 0) lines.push(`${GOOD} ${CHECKED[log.kind](counts.verified)} verified`);
  if (checks.signatures && counts.unverified > 0)
    lines.push(dim(`  ${countEntries(counts.unverified)} without the data for verification`));
  if (!checks.signatures && checked > 0)
    lines.push(dim(`  ${countEntries(checked)} read; --no-signatures: their signatures were not checked`));
  if (counts.unknown > 0 && checked === 0)
    lines.push(dim(`  ${countEntries(counts.unknown)} of unknown kinds: hashed, but not judged`));
  if (!checks.order)
    lines.push(dim("  not a log of Sigedge, as far as its server says: repeated entries and times were not judged"));
  return lines;
}

const countEntries = (number: number): string => pluralize(number, "entry", "entries");
const pluralize = (number: number, one: string, many: string): string =>
  `${count(number)} ${number === 1 ? one : many}`;

const keysOf = ({ lines }: AuditedHead): string =>
  lines
    .filter(({ isTrusted }) => isTrusted)
    .map(({ key }) => key)
    .join(", ");

/** The lines that prove nothing to this audit. */
function otherLines({ lines }: AuditedHead): readonly string[] {
  const listed = lines.filter(({ type, isTrusted }) => type !== null && !isTrusted).map(({ key }) => key);
  const unknown = lines.filter(({ type }) => type === null).length;
  return [
    ...(listed.length === 0 ? [] : [dim(`  and by ${listed.join(", ")}, which only the log's own service lists`)]),
    ...(unknown === 0
      ? []
      : [dim(`  ${pluralize(unknown, "more signature line", "more signature lines")} by unknown keys`)]),
  ];
}

const CHECKED = {
  signature: (number: number) => pluralize(number, "signature of an entry", "signatures of entries"),
  "rekor-v1": (number: number) => pluralize(number, "signature of an entry", "signatures of entries"),
  certificate: (number: number) => pluralize(number, "certificate and its chain", "certificates and their chains"),
} as const;

/** Two signed notes that contradict each other: evidence that anyone can verify without trusting this tool. */
function showEvidence({ evidence: found }: AuditReport, { audited, evidenceFile }: AuditContext): readonly string[] {
  if (found === null || audited === null) return [];
  return [
    "",
    `Signed by ${audited.at}:`,
    "",
    indent(found.older),
    "Signed now:",
    "",
    indent(found.newer),
    ...(evidenceFile === null
      ? []
      : [`Both notes, with what proves that they contradict each other: ${evidenceFile}`, ""]),
  ];
}

/** A log that was recreated on purpose looks like one that forged its history. */
function adviseOnPin(
  { findings }: AuditReport,
  { isPinned, trust, stateFile, isAnew }: AuditContext,
): readonly string[] {
  if (!isPinned || !findings.listed.some(({ code }) => REPLACED.has(code))) return [];
  const kept = trust === "first-use" ? "keys and checkpoint" : "the checkpoint";
  return [
    `  ${stateFile} has ${kept} of another log.`,
    isAnew
      ? "  Its service says that it was created since then. If you recreated it, for example as a local stack, remove that file."
      : "  If you know that it was recreated, for example as a local stack, remove that file.",
  ];
}

const REPLACED: ReadonlySet<Finding["code"]> = new Set(["checkpoint_unsigned", "tree_shrunk", "tree_forked"]);

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
