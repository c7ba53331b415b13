// SPDX-License-Identifier: Apache-2.0
// `sigedge audit`: finds the log's keys, audits the log, reports, and saves what the next audit needs.

import { encodeBase64 } from "../../shared/bytes/base64.ts";
import { ok } from "../../shared/result.ts";
import { formatRfc3339, unixMs } from "../../shared/time.ts";
import type { NoteVerifier } from "../../shared/tlog/verify-note.ts";
import { defineCommand, type Output } from "../command.ts";
import { progressBar } from "../progress.ts";
import { httpSource } from "../served-log/log-source.ts";
import { type AuditReport, audit } from "./audit.ts";
import { findLog, type KnownLog } from "./known-log.ts";
import { FLAGS, type Options, readOptions } from "./options.ts";
import { reportJson, reportText } from "./report.ts";
import { type AuditState, type Progress, writeState } from "./state.ts";
import { verifiersOf } from "./trust.ts";

const EXIT_CODES = { good: 0, bad: 1, "could not tell": 2 } as const;

export const AUDIT = defineCommand({
  name: "audit",
  summary: "read a whole log and prove that it is what it claims to be",
  usage: ["audit URL [options]"],
  description: [
    "Reads a whole log and rebuilds it: every hash of every tile from the entries, the root, the signatures on the checkpoint, and the signature or certificate chain of each entry. Also checks that the log extends the tree of the last audit. Works with any C2SP tlog-tiles log and any static-ct-api log.",
    "An interrupted audit continues where it stopped.",
  ],
  arguments: [
    { name: "URL", description: "The URL below which the checkpoint is served: https://HOST, https://HOST/ct." },
  ],
  flags: FLAGS,
  json: "Print one JSON object on standard output.",
  examples: [
    {
      title: "Audit the signature log, with keys from a trusted root",
      command: "npx sigedge audit https://sign.example.com --trusted-root trusted_root.json",
    },
    {
      title: "Audit what the certificate log has added since the last audit",
      command: "npx sigedge audit https://sign.example.com --ct --incremental",
    },
    {
      title: "Audit another operator's log, and verify its witness",
      command: "npx sigedge audit https://log.example.org --key VKEY --witness VKEY",
    },
  ],
  exitCodes: {
    0: "The log is good.",
    1: "The log is bad: it is not what it claims to be.",
    2: "The audit could not tell: the log is unreachable or incomplete, or the arguments are wrong.",
  },
  failureCode: EXIT_CODES["could not tell"],
  read: readOptions,
  run: async (options, output) => {
    const known = await findLog(options);
    if (!known.ok) return known;
    const verifiers = verifiersOf([...known.value.log.vkeys, ...options.witnesses]);
    return verifiers.ok
      ? ok(await run(options, { known: known.value, verifiers: verifiers.value, output }))
      : verifiers;
  },
});

interface Setup {
  readonly known: KnownLog;
  readonly verifiers: readonly NoteVerifier[];
  readonly output: Output;
}

async function run(options: Options, { known, verifiers, output }: Setup): Promise<number> {
  const { verifies, stateFile, jobs } = options;
  const { log, trust, earlier } = known;
  const audited = earlier?.audited ?? null;
  let state = chooseStart(known);
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
    progress: selectResumable(earlier?.progress ?? null, options),
    save: (progress) => keep({ progress }),
    onProgress: bar.show,
    now: () => performance.now(),
  });
  bar.end();
  // Keys are pinned only once they have verified a head.
  if (report.head !== null) keep(toNextState(report, state));
  const tookMs = performance.now() - started;
  const context = { log, trust, isPinned: earlier !== null, audited, verifies, stateFile, tookMs };
  output.result(reportJson(report, context), reportText(report, context));
  return EXIT_CODES[report.verdict];
}

function chooseStart({ log, trust, earlier }: KnownLog): AuditState {
  const { url, kind, origin, vkeys, isRekor } = log;
  const { audited = null, progress = null } = earlier ?? {};
  return { version: 1, url, kind, origin, vkeys, trust, isRekor, audited, progress };
}

/**
 * Continues an interrupted audit that checked as much as this one; continues a complete one only with --incremental.
 */
function selectResumable(progress: Progress | null, { verifies, isIncremental }: Options): Progress | null {
  if (progress === null || (verifies && !progress.verifies)) return null;
  return progress.isComplete && !isIncremental ? null : progress;
}

/** Only a good tree binds the next audit; after a bad one, the next audit starts from the beginning. */
function toNextState({ verdict, head }: AuditReport, { progress }: AuditState): Partial<AuditState> {
  if (verdict === "bad") return { progress: null };
  if (verdict !== "good" || head === null) return { progress };
  const at = formatRfc3339(unixMs(Date.now()));
  return { progress, audited: { size: head.treeSize, root: encodeBase64(head.rootHash), checkpoint: head.note, at } };
}
