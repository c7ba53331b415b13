// SPDX-License-Identifier: Apache-2.0
// `sigedge monitor --lint`: shows what a configuration means before anybody relies on it. Reads the logs as a pass
// does, keeps nothing and tells nobody.

import type { WatchedEntry } from "../../shared/monitor/entry.ts";
import { lintPreview, Preview, type SelectorPreview } from "../../shared/monitor/lint.ts";
import type { Selectors } from "../../shared/monitor/selector.ts";
import { unixMs } from "../../shared/time.ts";
import type { Output } from "../command.ts";
import { progressBar } from "../progress.ts";
import { toLine } from "../status/plain-text.ts";
import { paint } from "../terminal.ts";
import type { MonitorConfig } from "./config/config.ts";
import { coverageLine, isWhole } from "./coverage.ts";
import { stopOnSignals } from "./daemon.ts";
import { Journal } from "./journal.ts";
import type { Options } from "./options.ts";
import { runPass } from "./pass.ts";
import { makePassParts } from "./pass-parts.ts";
import { emptyState } from "./state/state.ts";
import type { ExitCode } from "./verdict.ts";
import { makeWatch } from "./watch.ts";

/** The configuration to show, and the output. */
interface Shown {
  readonly options: Options;
  readonly config: MonitorConfig;
  readonly selectors: Selectors;
  readonly output: Output;
}

const DAYS = 30;

/**
 * Prints what each selector would have matched in the last 30 days, and what is doubtful about it. Gives 0 if nothing
 * is, 1 if something is, 3 if some entries could not be read.
 */
export async function showMatches({ options, config, selectors, output }: Shown): Promise<ExitCode> {
  const seen = new Preview(selectors);
  const watch = makeWatch(selectors, config);
  const from = Date.now() - DAYS * 86_400_000;
  const journal = new Journal(emptyState(options.url), SILENT);
  const bar = progressBar("entries");
  const coverages = await runPass(
    makePassParts({
      options,
      config,
      journal,
      watch: (entry, judge) => {
        if (timeOf(entry) >= from) seen.add(entry, watch(entry, judge));
        return [];
      },
      keepEvidence: () => null,
      onProgress: (done, total) => bar.show(done, total),
      isStopped: stopOnSignals().isStopped,
    }),
  );
  bar.end();
  const { previews } = seen;
  const isRead = coverages.length > 0 && coverages.every(isWhole);
  for (const coverage of coverages)
    output.result(
      { type: "coverage", ...coverage, isWhole: isWhole(coverage), text: coverageLine(coverage) },
      toLine(coverageLine(coverage)),
    );
  for (const preview of previews) showPreview(output, preview);
  // An entry that was not read may have matched.
  const findings = isRead ? lintPreview(previews, DAYS) : [];
  for (const { level, selector, message } of findings)
    output.result({ type: level, selector, message }, `${paint("yellow", "!")} ${toLine(`${selector}: ${message}`)}`);
  if (!isRead) output.say(`${paint("yellow", "?")} some entries could not be read`);
  // The reader of the configuration has said its warnings.
  return isRead ? (findings.length + config.warnings.length === 0 ? 0 : 1) : 3;
}

const SILENT: ConstructorParameters<typeof Journal>[1] = {
  store: () => undefined,
  tell: () => undefined,
  post: (outbox) => outbox,
  now: () => unixMs(Date.now()),
};

/** Entries of Rekor v2 hold no time, but their certificates live for ten minutes. A bare key's is taken for new. */
const timeOf = ({ at, certificate }: WatchedEntry): number => at ?? certificate?.notBefore ?? Number.POSITIVE_INFINITY;

function showPreview({ result }: Output, { selector, unexpected, expected, examples }: SelectorPreview): void {
  const shown = examples.map(({ entry, why, isExpected }) => ({
    log: entry.log,
    index: entry.index,
    identity: entry.certificate?.names[0]?.value ?? null,
    why,
    isExpected,
  }));
  const lines = shown.map(
    ({ log, index, identity, why, isExpected }) =>
      `    ${isExpected ? "expected" : "alert"}: entry ${index} of ${log}, ${identity ?? "a bare key"}: ${why}`,
  );
  const head = `${selector}: ${unexpected} alerts and ${expected} expected entries in ${DAYS} days`;
  result(
    { type: "preview", selector, days: DAYS, unexpected, expected, examples: shown },
    [head, ...lines].map(toLine).join("\n"),
  );
}
