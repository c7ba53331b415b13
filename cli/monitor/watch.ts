// SPDX-License-Identifier: Apache-2.0
// Who watches: the interface between the scan of a log and the selectors of the configuration.

import type { WatchedEntry } from "../../shared/monitor/entry.ts";
import type { EventOf } from "../../shared/monitor/event.ts";
import { matchEntry, type Selectors } from "../../shared/monitor/selector.ts";
import type { JudgeAuthority } from "../../shared/monitor/selectors/facts.ts";
import type { MonitorConfig } from "./config/config.ts";
import { ownAuthorities } from "./scan/own-authority.ts";

/** An entry that a selector chose. */
interface FoundMatch extends Omit<EventOf<"match.unexpected">["details"], "entry"> {
  readonly isExpected: boolean;
}

/** Returns the selectors that an entry matches. @param judge decides which authority issued a certificate */
export type Watch = (entry: WatchedEntry, judge: JudgeAuthority) => readonly FoundMatch[];

/** Watches with the selectors of a configuration, and with its own authorities where it names them. */
export function makeWatch(selectors: Selectors, { rekorMonitor }: Pick<MonitorConfig, "rekorMonitor">): Watch {
  const named = rekorMonitor?.authorities ?? null;
  if (named === null) return (entry, judge) => matchEntry(selectors, entry, judge);
  const { judge } = ownAuthorities(named);
  return (entry) => matchEntry(selectors, entry, judge);
}
