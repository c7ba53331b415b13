// SPDX-License-Identifier: Apache-2.0
// The way of each new entry: the selectors are asked, the cross-check gets its certificate, and an entry that
// cannot be parsed is an event.

import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import type { WatchedEntry } from "../../../shared/monitor/entry.ts";
import { toEventEntry } from "../../../shared/monitor/event-entry.ts";
import type { ScanContext } from "./context.ts";
import type { ReadEntry, WatchedLog } from "./watched-bundle.ts";

/** Takes the entries of one log, in order. */
export class EntryDesk {
  readonly #log: WatchedLog;
  readonly #context: ScanContext;
  #clock = Number.NEGATIVE_INFINITY;

  constructor(log: WatchedLog, context: ScanContext) {
    this.#log = log;
    this.#context = context;
  }

  /** The time of the newest certificate. */
  get clock(): number {
    return this.#clock;
  }

  take(read: ReadEntry): void {
    if (read.kind === "problem") {
      const { index, problem } = read;
      this.#context.journal.raise("entry.unparseable", this.#log.origin, { index, problem });
      return;
    }
    const { entry } = read;
    const { watch, authorities } = this.#context;
    const matches = watch(entry, authorities.judge);
    for (const { isExpected, ...match } of matches) {
      const kind = isExpected ? "match.expected" : "match.unexpected";
      this.#context.journal.raise(kind, entry.log, { ...match, entry: toEventEntry(entry) });
    }
    this.#takeCertificate(entry, matches.length > 0);
  }

  #takeCertificate(entry: WatchedEntry, isWatched: boolean): void {
    const { crossCheck, crossChecked, authorities } = this.#context;
    const { certificate, log: origin, index, kind } = entry;
    const isSignature = LOG_KINDS[kind].isRekor;
    if (certificate === null) return;
    const at = isSignature ? certificate.notBefore : (entry.at ?? certificate.notBefore);
    this.#clock = Math.max(this.#clock, at);
    if (crossCheck === null) return;
    const isReported = isWatched || crossChecked === "all";
    const checked = { tbs: certificate.tbs, origin, index, at };
    if (!isSignature) {
      crossCheck.addCertificate({ ...checked, entry: isReported ? toEventEntry(entry) : null });
      return;
    }
    // A certificate of another CA need not be in these logs.
    const isDue = isReported && (crossCheck.isLogged(certificate.tbs) || authorities.mayHaveIssued(certificate.der));
    crossCheck.addEntry({ ...checked, entry: isDue ? toEventEntry(entry) : null });
  }
}
