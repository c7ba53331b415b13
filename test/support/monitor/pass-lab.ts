// SPDX-License-Identifier: Apache-2.0
// Runs passes of a monitor over logs that test/support/logs/served-log.ts writes and damages, with a clock of its own.

import { type Coverage } from "../../../cli/monitor/coverage.ts";
import { Journal } from "../../../cli/monitor/journal.ts";
import { type PassParts, runPass } from "../../../cli/monitor/pass.ts";
import type { Limits } from "../../../cli/monitor/scan/context.ts";
import type { Targets } from "../../../cli/monitor/scan/targets.ts";
import { emptyState, type MonitorState } from "../../../cli/monitor/state/state.ts";
import type { ExitCode } from "../../../cli/monitor/verdict.ts";
import { httpSource } from "../../../cli/served-log/log-source.ts";
import type { WatchedEntry } from "../../../shared/monitor/entry.ts";
import type { MonitorEvent } from "../../../shared/monitor/event.ts";
import { pushEvents, type Subscriber, TOPICS } from "../../../shared/monitor/outbox.ts";
import { err, ok } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";

const EVERYBODY: Subscriber = { name: "everybody", on: TOPICS };

/** So that no test meets one that it does not set. */
export const LIMITS: Limits = { staleMs: 1e15, idleMs: null, lagEntries: 1e15, expiryMs: 1_209_600_000 };

/** A pass as its user sees it. */
export interface PassResult {
  readonly code: ExitCode;
  readonly events: readonly MonitorEvent[];
  readonly kinds: readonly string[];
  readonly coverages: readonly Coverage[];
}

/** A monitor whose state lives in memory, as JSON. */
export class PassLab {
  /** The text of the state, as stored last. */
  stored: string = JSON.stringify(emptyState("http://lab"));
  /** Evidence by its name. */
  readonly evidence = new Map<string, string>();
  now = 1_790_000_000_000;
  targets: () => Targets | string;
  /** Whether a selector chooses an entry. */
  isWatched: (entry: WatchedEntry) => boolean = () => false;
  parts: Partial<PassParts> = {};

  constructor(targets: () => Targets | string) {
    this.targets = targets;
  }

  get state(): MonitorState {
    return JSON.parse(this.stored) as MonitorState;
  }

  /** The keys of the events that wait for their delivery. */
  get posted(): readonly string[] {
    return this.state.outbox.queues.flatMap(({ events }) => events.map(({ key }) => key));
  }

  async run(): Promise<PassResult> {
    const events: MonitorEvent[] = [];
    const journal = new Journal(this.state, {
      store: (state) => (this.stored = JSON.stringify(state)),
      tell: (event) => events.push(event),
      post: (outbox, added) => pushEvents(outbox, [EVERYBODY], { events: added, at: unixMs(this.now) }),
      now: () => unixMs(this.now),
    });
    const coverages = await runPass({
      journal,
      watch: (entry) =>
        this.isWatched(entry)
          ? [{ selector: "mine", isExpected: false, why: "the test says so", differences: [] }]
          : [],
      witnesses: { verifiers: [], policy: null },
      keepEvidence: (origin, name, text) => {
        this.evidence.set(name, text);
        return `${origin}.${name}`;
      },
      crossChecked: "watched",
      limits: LIMITS,
      readsHints: false,
      needsAuthority: false,
      openSource: (url) => httpSource(url, [1]),
      now: () => this.now,
      staleWaitsMs: [0, 1],
      findTargets: () => {
        const targets = this.targets();
        return Promise.resolve(typeof targets === "string" ? err(targets) : ok(targets));
      },
      first: 0,
      graceMs: 900_000,
      onProgress: () => undefined,
      isStopped: () => false,
      ...this.parts,
    });
    const code = journal.conclude();
    return { code, events, kinds: events.map(({ kind }) => kind), coverages };
  }
}
