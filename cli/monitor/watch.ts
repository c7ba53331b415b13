// SPDX-License-Identifier: Apache-2.0
// Who watches: the interface between the scan of a log and the selectors of the configuration.

import type { WatchedEntry } from "../../shared/monitor/entry.ts";
import type { EventOf } from "../../shared/monitor/event.ts";

/** An entry that a selector chose. */
interface FoundMatch extends Omit<EventOf<"match.unexpected">["details"], "entry"> {
  readonly isExpected: boolean;
}

/** Returns the selectors that an entry matches. */
export type Watch = (entry: WatchedEntry) => readonly FoundMatch[];
