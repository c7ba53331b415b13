// SPDX-License-Identifier: Apache-2.0
// Reads an entry and proves that the newest tree holds it.

import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import type { LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import type { LogSite } from "../sites.ts";
import { type LogReader, readEntry } from "./log-reader.ts";
import { type ProveError, proveInclusion } from "./prover.ts";

/** The record does not decode. */
interface RecordDamaged {
  readonly code: "record_damaged";
  readonly log: string;
  readonly leafIndex: number;
}

/** Fails with a ProveError (beyond_head if the log has no such entry) or record_damaged. */
export async function proveEntry(
  reader: LogReader,
  { log: { name, kind }, logId, promiseOf }: LogSite,
  leafIndex: number,
): Promise<Result<LoggedEntry, ProveError | RecordDamaged>> {
  const found = await readEntry(reader, leafIndex);
  if (!found.ok) return found;
  const { timestamp, record, hints } = found.value;
  const shown = LOG_RECORDS[kind].show(record, hints);
  if (shown === null) return err({ code: "record_damaged", log: name, leafIndex });
  const leaf = leafHash(shown.body);
  const inclusion = await proveInclusion(reader, leafIndex, leaf);
  if (!inclusion.ok) return inclusion;
  const { proof, head } = inclusion.value;
  const { treeSize, rootHash, checkpoint } = head;
  const promise = LOG_KINDS[kind].rekorApi === 1 ? await promiseOf(leaf, shown.body) : null;
  return ok({
    log: name,
    kind,
    logId: await logId(),
    timestamp,
    shown,
    leafIndex,
    proof,
    treeSize,
    rootHash,
    checkpoint,
    // A log that shows a backup in place of its rows signs nothing.
    promise: promise?.signature ?? null,
  });
}
