// SPDX-License-Identifier: Apache-2.0
// `sigedge audit`: finds the log, audits it, tells, remembers. Exit code 0 for good, 1 for bad, 2 for could not tell.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import { progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { say } from "../terminal.ts";
import { type AuditReport, audit } from "./audit.ts";
import { findLog, type KnownLog } from "./known-log.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { reportJson, reportText } from "./report.ts";
import { type AuditState, type Progress, writeState } from "./state.ts";
import { verifiersOf } from "./trust.ts";

const EXIT_CODES = { good: 0, bad: 1, "could not tell": 2 } as const;

/** Runs the command; gives its exit code. */
export async function auditCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) return couldNotTell(options.error);
  if (options.value === null) {
    say(USAGE);
    return 0;
  }
  const known = await findLog(options.value);
  if (!known.ok) return couldNotTell(known.error);
  const verifiers = verifiersOf([...known.value.log.vkeys, ...options.value.witnesses]);
  return verifiers.ok ? await run(options.value, known.value, verifiers.value) : couldNotTell(verifiers.error);
}

function couldNotTell(reason: string): number {
  process.stderr.write(`sigedge audit: ${reason}\n`);
  return EXIT_CODES["could not tell"];
}

async function run(options: Options, known: KnownLog, verifiers: readonly NoteVerifier[]): Promise<number> {
  const { verifies, stateFile, jobs, json } = options;
  const { log, trust, earlier } = known;
  const audited = earlier?.audited ?? null;
  let state = startingState(known);
  const keep = (change: Partial<AuditState>): void => writeState(stateFile, (state = { ...state, ...change }));
  const bar = progressBar("entries");
  const started = performance.now();
  const report = await audit({
    log,
    verifiers,
    source: httpSource(log.url),
    verifies,
    jobs,
    audited,
    progress: usable(earlier?.progress ?? null, options),
    save: (progress) => keep({ progress }),
    onProgress: bar.show,
    now: () => performance.now(),
  });
  bar.end();
  // The keys of a log whose head nobody could believe are not pinned.
  if (report.head !== null) keep(remembered(report, state));
  const tookMs = performance.now() - started;
  const context = { log, trust, isPinned: earlier !== null, audited, verifies, stateFile, tookMs };
  say(json ? reportJson(report, context) : reportText(report, context));
  return EXIT_CODES[report.verdict];
}

function startingState({ log, trust, earlier }: KnownLog): AuditState {
  const { url, kind, origin, vkeys, isRekor } = log;
  const { audited = null, progress = null } = earlier ?? {};
  return { version: 1, url, kind, origin, vkeys, trust, isRekor, audited, progress };
}

/** An interrupted audit goes on if it checked as much; one that was complete only when asked to. */
function usable(progress: Progress | null, { verifies, isIncremental }: Options): Progress | null {
  if (progress === null || (verifies && !progress.verifies)) return null;
  return progress.isComplete && !isIncremental ? null : progress;
}

/** Only a tree that was found good is what the next one has to continue; a bad one is read from its beginning again. */
function remembered({ verdict, head }: AuditReport, { progress }: AuditState): Partial<AuditState> {
  if (verdict === "bad") return { progress: null };
  if (verdict !== "good" || head === null) return { progress };
  const at = formatRfc3339(unixMs(Date.now()));
  return { progress, audited: { size: head.treeSize, root: encodeBase64(head.rootHash), checkpoint: head.note, at } };
}
