// SPDX-License-Identifier: Apache-2.0
// Runs `sigedge monitor`: takes the state for itself, makes one pass or many, tells what was found, and ends with the
// code of the greatest danger.

import { readFileSync } from "node:fs";
import { isFull, pushEvents } from "../../shared/monitor/outbox.ts";
import { compileSelectors, type Selectors } from "../../shared/monitor/selector.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { Output } from "../command.ts";
import { progressBar } from "../progress.ts";
import type { Channel, MonitorConfig } from "./config/config.ts";
import { readMonitorConfig } from "./config/read.ts";
import type { Coverage } from "./coverage.ts";
import { type Stop, stopOnSignals, waitBefore } from "./daemon.ts";
import { deliverDue } from "./delivery/deliver.ts";
import { sendEvent } from "./delivery/send.ts";
import { keepEvidenceBeside } from "./evidence.ts";
import { Journal } from "./journal.ts";
import type { Options } from "./options.ts";
import { type PassParts, runPass } from "./pass.ts";
import { makePassParts } from "./pass-parts.ts";
import { showMatches } from "./preview.ts";
import { makeReporter, type Reporter } from "./report.ts";
import { type Figures, NO_FIGURES, serveGauges } from "./signals/gauges.ts";
import { HEARTBEAT, isCovered, isHeartbeat, pushHeartbeat } from "./signals/heartbeat.ts";
import { takeLock } from "./state/lock.ts";
import { emptyState, type MonitorState } from "./state/state.ts";
import { readState, writeState } from "./state/state-file.ts";
import { codeOf, type ExitCode, worstOf } from "./verdict.ts";
import { makeWatch, type Watch } from "./watch.ts";

/** The configuration, ready to use. */
interface Prepared {
  readonly config: MonitorConfig;
  readonly selectors: Selectors;
  readonly watch: Watch;
}

/** Runs the command. Gives the exit code; the error is a line for the operator. */
export async function runMonitor(options: Options, output: Output): Promise<Result<number, string>> {
  const prepared = prepare(options.config);
  if (!prepared.ok) return prepared;
  for (const warning of prepared.value.config.warnings) process.stderr.write(`sigedge monitor: ${warning}\n`);
  const { config, selectors } = prepared.value;
  if (options.isLint) return ok(await showMatches({ options, config, selectors, output }));
  const lock = takeLock(options.stateFile);
  if (!lock.ok) return lock;
  try {
    const state = openState(options);
    if (!state.ok) return state;
    return await new Monitor(options, prepared.value, dropOrphans(state.value, config.channels), output).run();
  } finally {
    lock.value.release();
  }
}

function prepare(file: string): Result<Prepared, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error && "code" in error ? String(error.code) : "?"})`);
  }
  const config = readMonitorConfig(text, process.env);
  if (!config.ok) return err(`${file} is wrong:\n${config.error.map((line) => `  ${line}`).join("\n")}`);
  const selectors = compileSelectors(config.value.selectors);
  if (!selectors.ok) return err(`${file}: ${selectors.error.map(({ reason }) => reason).join("; ")}`);
  return ok({
    config: config.value,
    selectors: selectors.value,
    watch: makeWatch(selectors.value, config.value),
  });
}

function openState({ stateFile, url, forgotten }: Options): Result<MonitorState, string> {
  const read = readState(stateFile);
  if (!read.ok) return read;
  const state = read.value ?? emptyState(url);
  if (state.url !== url) {
    return err(`${stateFile} is the state of the monitor of ${state.url}: give another file with --state`);
  }
  return ok({ ...state, logs: state.logs.filter(({ origin }) => !forgotten.includes(origin)) });
}

/** Drops what waits for channels that the configuration no longer has: it would wait, and count, forever. */
function dropOrphans(state: MonitorState, channels: readonly Pick<Channel, "name">[]): MonitorState {
  const names = new Set(channels.map(({ name }) => name));
  const queues = state.outbox.queues.filter(({ channel, events, setAside }) => {
    const pending = events.length + setAside.length;
    if (names.has(channel)) return true;
    if (pending > 0)
      process.stderr.write(`sigedge monitor: drops ${pending} events for ${channel}, which is no channel any longer\n`);
    return false;
  });
  return { ...state, outbox: { queues } };
}

/** A running monitor. */
class Monitor {
  readonly #options: Options;
  readonly #prepared: Prepared;
  readonly #journal: Journal;
  readonly #reporter: Reporter;
  readonly #stop: Stop = stopOnSignals();
  #figures: Figures = NO_FIGURES;

  constructor(options: Options, prepared: Prepared, state: MonitorState, output: Output) {
    this.#options = options;
    this.#prepared = prepared;
    this.#reporter = makeReporter(output);
    const counts = new Map<string, number>();
    this.#figures = { ...NO_FIGURES, events: counts };
    this.#journal = new Journal(state, {
      store: (next) => writeState(options.stateFile, next),
      tell: (event) => {
        counts.set(event.kind, (counts.get(event.kind) ?? 0) + 1);
        this.#reporter.event(event);
      },
      post: (outbox, events) => pushEvents(outbox, prepared.config.channels, { events, at: unixMs(Date.now()) }),
      now: () => unixMs(Date.now()),
    });
  }

  async run(): Promise<Result<number, string>> {
    const { intervalMs, metricsPort } = this.#options;
    if (intervalMs === null) return ok(await this.#makePass());
    const gauges = metricsPort === null ? ok(null) : await serveGauges(metricsPort, () => this.#figures);
    if (!gauges.ok) return gauges;
    if (gauges.value !== null) process.stderr.write(`gauges at http://127.0.0.1:${gauges.value.port}/metrics\n`);
    const code = await this.#makePasses(intervalMs);
    gauges.value?.server.close();
    gauges.value?.server.closeAllConnections();
    return ok(code);
  }

  /** Makes passes until a signal ends them. Returns the code of the last one that ended by itself. */
  async #makePasses(intervalMs: number): Promise<ExitCode> {
    let code: ExitCode = 0;
    let failures = 0;
    while (!this.#stop.isStopped()) {
      const started = performance.now();
      const found = await this.#makePass();
      if (this.#stop.isStopped()) break;
      code = found;
      failures = found === 3 ? failures + 1 : 0;
      await this.#stop.wait(waitBefore(intervalMs, performance.now() - started, failures));
    }
    return code;
  }

  async #makePass(): Promise<ExitCode> {
    this.#reportFailedDeliveries();
    const bar = progressBar("entries");
    const coverages = await runPass(this.#parts((done, total) => bar.show(done, total)));
    bar.end();
    for (const coverage of coverages) this.#reporter.coverage(coverage);
    await Promise.all([this.#sendHeartbeat(coverages), this.#deliver()]);
    const found = this.#journal.conclude();
    const isAll = isCovered(coverages);
    const code = worstOf(found, isAll ? 0 : 3, ...codesOfPending(this.#journal.state));
    this.#reporter.verdict(code);
    const endedAt = Date.now();
    const { passes, lastCoveredAt } = this.#figures;
    const covered = isAll ? endedAt : lastCoveredAt;
    this.#figures = {
      ...this.#figures,
      coverages,
      exitCode: code,
      lastPassAt: endedAt,
      lastCoveredAt: covered,
      passes: passes + 1,
    };
    return code;
  }

  #parts(onProgress: PassParts["onProgress"]): PassParts {
    return makePassParts({
      options: this.#options,
      config: this.#prepared.config,
      journal: this.#journal,
      watch: this.#prepared.watch,
      keepEvidence: keepEvidenceBeside(this.#options.stateFile),
      onProgress,
      // No alert is dropped: what a receiver does not take holds up the scan, and the rest is a gap until it does.
      isStopped: () => this.#stop.isStopped() || isFull(this.#journal.state.outbox),
    });
  }

  /** Delivers what is due. The events are in the state until they are delivered, whatever happens to this process. */
  async #deliver(): Promise<void> {
    const { channels } = this.#prepared.config;
    const outbox = await deliverDue(this.#journal.state.outbox, channels, {
      now,
      random: Math.random,
      send: (target, event) => sendEvent(target, event, { now, mailAuthorities: null }),
    });
    this.#journal.update({ outbox });
  }

  #reportFailedDeliveries(): void {
    for (const queue of this.#journal.state.outbox.queues) {
      const { channel, failing, events, setAside } = queue;
      if (isFull({ queues: [queue] })) {
        const what = `events for the channel ${channel}`;
        this.#journal.reportCondition("backlog", { log: null, subject: channel }, (since) => ({
          what,
          since,
          count: events.length,
        }));
      }
      if (failing === null) continue;
      const { reason } = failing;
      const pending = events.length + setAside.length;
      this.#journal.reportCondition("delivery.failed", { log: null, subject: channel }, (since) => ({
        channel,
        since,
        reason,
        pending,
      }));
    }
  }

  async #sendHeartbeat(coverages: readonly Coverage[]): Promise<void> {
    const { heartbeatUrl: url } = this.#prepared.config;
    if (url !== null && !isCovered(coverages)) return;
    const pushed = url === null ? ok(null) : await pushHeartbeat(url.reveal(), coverages);
    if (pushed.ok) {
      this.#journal.endConditions(isHeartbeat);
      return;
    }
    const { error: reason } = pushed;
    // The switch raises the alarm by itself; the reason is for whoever looks for it.
    this.#journal.reportCondition("delivery.failed", { log: null, subject: HEARTBEAT }, (since) => ({
      channel: HEARTBEAT,
      since,
      reason,
      pending: 0,
    }));
  }
}

/** The codes of events that were found, in whichever run, and not delivered yet. */
const codesOfPending = ({ outbox }: MonitorState): readonly ExitCode[] =>
  outbox.queues.flatMap(({ events, setAside }) => [...events, ...setAside].map(({ kind }) => codeOf(kind)));

const now = (): UnixMs => unixMs(Date.now());
