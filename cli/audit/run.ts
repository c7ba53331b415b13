// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge audit`: finds the log's keys and who may write, audits the log, reports, and saves what the next audit
// needs.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import type { Output } from "../command.ts";
import { progressBar } from "../progress.ts";
import type { AuditedHead } from "../served-log/head.ts";
import { type ForkEvidence, formatEvidence } from "../served-log/history.ts";
import { httpSource } from "../served-log/log-source.ts";
import type { SeenTree } from "../served-log/seen-tree.ts";
import { toVkey, verifiersOf } from "../served-log/trust.ts";
import { type AuditReport, audit } from "./audit.ts";
import type { AuditPolicy } from "./entry-policy.ts";
import { findLog, type KnownLog, readFile } from "./known-log.ts";
import type { Options } from "./options.ts";
import { parsePolicy, policyOfRoot } from "./policy-file.ts";
import { type AuditContext, reportJson, reportText } from "./report.ts";
import { SeenEntries } from "./seen-entries.ts";
import { SeenSidecars } from "./seen-sidecars.ts";
import {
  type AuditState,
  type Checks,
  entriesFile,
  type Progress,
  sidecarsFile,
  VERSION,
  writeState,
} from "./state.ts";

/** Everything that a run needs beside the options. */
interface Setup {
  readonly known: KnownLog;
  readonly verifiers: readonly NoteVerifier[];
  readonly policy: AuditPolicy | null;
  readonly output: Output;
}

/** Prepares a run. The error is a line for the operator. */
export async function prepareAudit(options: Options): Promise<Result<Omit<Setup, "output">, string>> {
  const known = await findLog(options);
  if (!known.ok) return known;
  const { log, root } = known.value;
  const verifiers = verifiersOf([...log.vkeys, ...options.witnesses]);
  if (!verifiers.ok) return verifiers;
  const logKeys = verifiers.value.map(({ vkey }) => vkey.key);
  const authorities = root?.authorities ?? [];
  if (options.policy === null) {
    return ok({ known: known.value, verifiers: verifiers.value, policy: policyOfRoot(authorities, logKeys) });
  }
  const file = readFile(options.policy);
  const policy = file.ok ? parsePolicy(file.value, authorities, logKeys) : file;
  if (!policy.ok) return file.ok ? err(`${options.policy}: ${policy.error}`) : policy;
  return ok({ known: known.value, verifiers: verifiers.value, policy: policy.value });
}

/** Audits the log, prints the report, and saves what the next audit needs. */
export async function runAudit(options: Options, setup: Setup): Promise<AuditReport["verdict"]> {
  const { stateFile } = options;
  const { log, trust, earlier } = setup.known;
  const checks = chooseChecks(options, setup);
  let state = chooseStart(setup.known);
  const keep = (change: Partial<AuditState>): void => writeState(stateFile, (state = { ...state, ...change }));
  const started = performance.now();
  const report = await readLog(options, setup, checks, keep);
  // After a bad tree, the next audit starts from the beginning.
  if (report.head !== null && report.verdict === "bad") keep({ progress: null });
  const context: AuditContext = {
    log,
    trust,
    isPinned: earlier !== null,
    audited: earlier?.audited ?? null,
    checks,
    stateFile,
    tookMs: performance.now() - started,
    evidenceFile: report.evidence === null ? null : writeEvidence(stateFile, report.evidence, log.vkeys),
    isAnew: isAnew(setup.known),
  };
  setup.output.result(reportJson(report, context), reportText(report, context));
  return report.verdict;
}

async function readLog(
  { stateFile, jobs, url, isIncremental }: Options,
  { known, verifiers, policy }: Setup,
  checks: Checks,
  keep: (change: Partial<AuditState>) => void,
): Promise<AuditReport> {
  const { log, earlier, listed } = known;
  const bar = progressBar("entries");
  const sidecars = openSidecars(sidecarsFile(stateFile), earlier);
  const report = await audit({
    log,
    verifiers,
    listedVerifiers: readListedKeys(known),
    source: httpSource(log.url),
    service: listed === null ? null : { source: httpSource(new URL(url).origin), kind: log.kind, name: listed.name },
    checks,
    policy,
    keyEnds: readKeyEnds(known),
    jobs,
    audited: earlier?.audited ?? null,
    progress: selectResumable(earlier?.progress ?? null, checks, isIncremental),
    seenFrom: (size) => SeenEntries.resume(entriesFile(stateFile), size),
    // Keys are pinned only once they have verified a head.
    sidecars,
    remember: (head) => keep({ audited: toAudited(head) }),
    save: (progress) => keep({ progress }),
    onProgress: bar.show,
    now: () => performance.now(),
    time: () => Date.now(),
  });
  bar.end();
  sidecars.save();
  return report;
}

/** Without a state, a file beside it is that of a log that no longer exists. */
const openSidecars = (file: string, earlier: AuditState | null): SeenSidecars =>
  earlier === null ? new SeenSidecars(file) : SeenSidecars.resume(file);

/** A log that was Sigedge at an earlier audit has promised what Sigedge promises. */
const chooseChecks = ({ verifies }: Options, { known, policy }: Setup): Checks => ({
  signatures: verifies,
  order: chooseStart(known).creation !== null || policy?.isGiven === true,
  policy: policy === null ? null : hashOf(policy),
});

/** Whether the service says that the log was created after the first audit. */
const isAnew = ({ listed, earlier }: KnownLog): boolean =>
  typeof listed?.creation === "string" && typeof earlier?.creation === "string" && listed.creation !== earlier.creation;

function chooseStart({ log, trust, listed, earlier }: KnownLog): AuditState {
  const { url, kind, origin, vkeys, isRekor } = log;
  const { audited = null, progress = null } = earlier ?? {};
  const creation = earlier?.creation ?? (listed === null ? null : (listed.creation ?? ""));
  return { version: VERSION, url, kind, origin, vkeys, trust, isRekor, creation, audited, progress };
}

const toAudited = ({ treeSize, rootHash, note }: AuditedHead): SeenTree => ({
  size: treeSize,
  root: encodeBase64(rootHash),
  checkpoint: note,
  at: formatRfc3339(unixMs(Date.now())),
});

/** Keys that the service lists for the log beside the trusted ones. */
function readListedKeys({ log, listed }: KnownLog): readonly NoteVerifier[] {
  const more = (listed?.vkeys ?? []).filter((vkey) => !log.vkeys.includes(vkey));
  const verifiers = more.map((vkey) => verifiersOf([vkey]));
  const name = LOG_KINDS[log.kind].signerNameOf(log.origin);
  return verifiers.flatMap((one) => (one.ok ? one.value : [])).filter(({ vkey }) => vkey.name === name);
}

/** Until when the trusted root trusts the keys of the log. */
function readKeyEnds({ log: { kind, origin }, root }: KnownLog): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { spki, end } of root?.logs[kind] ?? []) {
    const vkey = end === null ? null : toVkey(kind, origin, spki);
    if (vkey !== null && end !== null) ends.set(vkey.split("+", 2).join("+"), end);
  }
  return ends;
}

/**
 * Continues an interrupted audit that checked as much as this one; continues a complete one only with --incremental.
 */
function selectResumable(progress: Progress | null, checks: Checks, isIncremental: boolean): Progress | null {
  if (progress === null) return null;
  const { signatures, order, policy } = progress.checks;
  if (
    (checks.signatures && !signatures) ||
    (checks.order && !order) ||
    (checks.policy !== null && checks.policy !== policy)
  )
    return null;
  return progress.isComplete && !isIncremental ? null : progress;
}

/** Another policy judges all entries anew; a retirement that is new in the trusted root does as well. */
const hashOf = (policy: AuditPolicy): string =>
  createHash("sha256")
    .update(JSON.stringify(policy, (_, value: unknown) => (value instanceof Set ? [...value] : value)))
    .digest("base64");

/** Writes the evidence beside the state. Returns the path. */
function writeEvidence(stateFile: string, evidence: ForkEvidence, vkeys: readonly string[]): string {
  const file = `${stateFile}.fork-${evidence.olderSize}-${evidence.newerSize}.json`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, formatEvidence(evidence, vkeys));
  return file;
}
