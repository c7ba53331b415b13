// SPDX-License-Identifier: Apache-2.0
// POST /api/v2/log/entries on one log: rejects entries to a frozen log, and connects add-entry.ts to the log.

import { unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import type { LogReader } from "../reading/log-reader.ts";
import { proveInclusion } from "../reading/prover.ts";
import { type LogSite, rejectIfFrozen } from "../sites.ts";
import { logFailure } from "../status.ts";
import { type AddEntryDeps, addEntry } from "./add-entry.ts";
import { entryStatus, renderEntryError } from "./add-entry-status.ts";

/** Adds the entry in the request to the log. */
export function addSignature(request: Request, config: Config, site: LogSite): Response | Promise<Response> {
  const frozen = rejectIfFrozen(config, site);
  return frozen === null ? addEntry(request, addEntryDeps(config, site, request)) : renderEntryError(frozen);
}

function addEntryDeps(
  { policy, accepted, objects }: Config,
  { log, tail, sequencer, logId }: LogSite,
  request: Request,
): AddEntryDeps {
  // These reads have no limit: a client's retry must not fail because of what others behind its address read.
  const reader: LogReader = { log, tail, objects, admit: () => Promise.resolve(true) };
  return {
    policy,
    accepted,
    now: () => unixMs(Date.now()),
    sequencer,
    logId,
    prover: { prove: (leafIndex, leaf) => proveInclusion(reader, leafIndex, leaf) },
    observe: (head, isShown) => tail.observe(head, isShown),
    report: (error) => logFailure(request, error, entryStatus(error).grpc === "UNAVAILABLE" ? "error" : "warn"),
  };
}
