// SPDX-License-Identifier: Apache-2.0
// The memory of a running monitor: its state, and the events that it raises. An event enters the state before anybody
// is told, in the same write that moves the cursor past its entry, and leaves it after it was printed: a killed monitor
// prints it again, with the same key, and loses none.

import { type EventKind, type EventOf, type MonitorEvent, makeEvent } from "../../shared/monitor/event.ts";
import type { Outbox } from "../../shared/monitor/outbox.ts";
import { type UnixMs, unixMs } from "../../shared/time.ts";
import type { Condition, LogState, MonitorState } from "./state/state.ts";
import { codeOf, type ExitCode, toExitCode, worstOf } from "./verdict.ts";

/** Where a journal writes. */
export interface JournalParts {
  /** Stores the state, durably. */
  readonly store: (state: MonitorState) => void;
  /** Tells people or programs. */
  readonly tell: (event: MonitorEvent) => void;
  /** Adds events to the outbox of deliveries. */
  readonly post: (outbox: Outbox, events: readonly MonitorEvent[]) => Outbox;
  readonly now: () => UnixMs;
}

/** Details of a condition, which depend on when it began. */
type DetailsSince<Kind extends EventKind> = (since: UnixMs) => EventOf<Kind>["details"];

/** How often a long scan stores its state. */
const SAVE_EVERY_MS = 2000;
/** A selector that matches everything fills the memory no further: the state is stored, and the events are told. */
const MAX_UNREPORTED = 1000;

/** The state with its events. */
export class Journal {
  readonly #parts: JournalParts;
  #state: MonitorState;
  #savedAt: number;
  #holding = new Set<string>();
  /** New events since the last write. Together they cost one comparison with the outbox. */
  #unposted: MonitorEvent[] = [];
  #code: ExitCode;
  #collect: () => Partial<MonitorState> = () => ({});

  constructor(state: MonitorState, parts: JournalParts) {
    this.#parts = parts;
    this.#state = state;
    this.#savedAt = parts.now();
    this.#code = toExitCode(state.due);
  }

  get state(): MonitorState {
    return this.#state;
  }

  /** The exit code that is due now. */
  get code(): ExitCode {
    return this.#code;
  }

  /** Sets what gives the parts of the state that change too often to be kept in it. */
  collectWith(collect: () => Partial<MonitorState>): void {
    this.#collect = collect;
  }

  /** Changes the state in memory. */
  update(change: Partial<MonitorState>): void {
    this.#state = { ...this.#state, ...change };
  }

  /** Replaces the state of one log in memory. */
  updateLog(log: LogState): void {
    const { logs } = this.#state;
    const isKnown = logs.some(({ origin }) => origin === log.origin);
    this.update({ logs: isKnown ? logs.map((one) => (one.origin === log.origin ? log : one)) : [...logs, log] });
  }

  /** Raises an event that happened once. */
  raise<Kind extends EventKind>(kind: Kind, log: string | null, details: EventOf<Kind>["details"]): void {
    this.#add(makeEvent(kind, { at: this.#parts.now(), log, details }) as MonitorEvent, true);
  }

  /**
   * Says that a condition holds now: it is delivered when it begins, and counts in every pass. Where it ends, a pass
   * says so. @param subject tells it from others of its kind in this log
   */
  reportCondition<Kind extends EventKind>(
    kind: Kind,
    { log, subject = "" }: { readonly log: string | null; readonly subject?: string },
    detailsSince: DetailsSince<Kind>,
  ): void {
    const name = [kind, log ?? "", subject].join(" ").trim();
    const known = this.#state.conditions.find((condition) => condition.name === name);
    const now = this.#parts.now();
    const since = known === undefined ? now : unixMs(known.since);
    const event = makeEvent(kind, { at: now, log, details: detailsSince(since) }) as MonitorEvent;
    const isTold = this.#holding.has(name);
    this.#holding.add(name);
    const condition: Condition = { name, since, event };
    this.update({ conditions: [...this.#state.conditions.filter((one) => one.name !== name), condition] });
    if (!isTold) this.#add(event, known?.event.key !== event.key);
  }

  #add(event: MonitorEvent, isNew: boolean): void {
    this.#code = worstOf(this.#code, codeOf(event.kind));
    const { unreported } = this.#state;
    this.update({ unreported: [...unreported, event], due: this.#code });
    if (isNew) this.#unposted.push(event);
    if (this.#state.unreported.length >= MAX_UNREPORTED) this.save();
  }

  /**
   * Ends the conditions that did not hold since the last call, and says so for those of infrastructure.
   * @param isKnown whether it is known that the cause of an event is gone: of what was not looked at, nobody can tell
   */
  endConditions(isKnown: (event: MonitorEvent) => boolean): void {
    const { conditions } = this.#state;
    const over = conditions.filter(({ name, event }) => !this.#holding.has(name) && isKnown(event));
    this.update({ conditions: conditions.filter((condition) => !over.includes(condition)) });
    this.#holding = new Set();
    for (const { event, since } of over) {
      if (event.class !== "infrastructure") continue;
      const details = { key: event.key, kind: event.kind, since: unixMs(since) };
      this.raise("recovered", event.log, details);
    }
  }

  /** Stores the state, then tells the events that are in it now. */
  save(): void {
    this.update({ ...this.#collect(), outbox: this.#parts.post(this.#state.outbox, this.#unposted) });
    this.#unposted = [];
    this.#parts.store(this.#state);
    this.#savedAt = this.#parts.now();
    const { unreported } = this.#state;
    for (const event of unreported) this.#parts.tell(event);
    this.update({ unreported: [] });
  }

  /** Stores the state if that was a while ago. */
  saveOccasionally(): void {
    if (this.#parts.now() - this.#savedAt >= SAVE_EVERY_MS) this.save();
  }

  /** Ends a pass: what was told is due no longer. Returns the exit code. */
  conclude(): ExitCode {
    this.save();
    const code = this.#code;
    this.#code = 0;
    this.update({ due: 0 });
    this.#parts.store(this.#state);
    return code;
  }
}
