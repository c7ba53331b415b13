// SPDX-License-Identifier: Apache-2.0
// Reads what the leaves of a signature log do not hold, from the log's service: the digests of an attestation's
// subjects, and its predicate type. Nobody signs them. What cannot be hints of the entry is not believed; whether the
// service has left out or invented a subject, only the attestation itself shows.

import { member } from "../../../shared/json/member.ts";
import { parseJson } from "../../../shared/json/parse.ts";
import { arePossible } from "../../../shared/rekor/hints.ts";
import type { SidecarLine } from "../../../shared/rekor/sidecar.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { TILE_WIDTH } from "../../../shared/tlog/tile.ts";
import type { LogSource } from "../../served-log/log-source.ts";
import { entryUrlPath, servesSidecars } from "../../served-log/paths.ts";
import { readServedLogs } from "../../served-log/served-logs.ts";
import { describeProblem, readSidecarLines } from "../../served-log/sidecar-lines.ts";
import type { ServiceOfLog } from "../../served-log/tree.ts";
import type { LogState } from "../state/state.ts";

/** Reads the lines of a service about entries of a bundle, in their order. The error is a line for the operator. */
export type ReadHints = (entries: { readonly from: number; readonly to: number }) => Promise<HintsOfEntries>;
export type HintsOfEntries = Result<readonly SidecarLine[], string>;

const MAX_ENTRY_BYTES = 1024 * 1024;
const LOG_NAME = /^[a-z0-9-]{1,32}$/;

/**
 * Finds the service of a log that has entries. Null if it is not Sigedge, and so has no hints; the error is a line for
 * the operator.
 */
export async function findService(
  { url, kind, origin }: Pick<LogState, "url" | "kind" | "origin">,
  openSource: (url: string) => LogSource,
): Promise<Result<ServiceOfLog | null, string>> {
  if (!servesSidecars(kind)) return ok(null);
  const source = openSource(new URL(url).origin);
  const logs = await readServedLogs(source);
  const listed = logs.ok ? logs.value.find((one) => one.kind === kind && one.origin === origin) : undefined;
  if (listed !== undefined) return ok({ source, kind, name: listed.name });
  // The host of a shard lists no logs, and names its own with each entry.
  const path = entryUrlPath(0, kind);
  const entry = await source.read(path, MAX_ENTRY_BYTES);
  if (entry.kind === "unreadable") return err(`${path} cannot be read (${entry.reason})`);
  const json = entry.kind === "found" ? parseJson(entry.bytes) : null;
  const name = json?.ok === true ? member(json.value, "log") : null;
  return ok(typeof name === "string" && LOG_NAME.test(name) ? { source, kind, name } : null);
}

/** Makes the reader of a service. Lines that no version of Sigedge can have written are an error. */
export const hintsOf =
  ({ source, ...log }: ServiceOfLog): ReadHints =>
  async ({ from, to }) => {
    const bundle = Math.floor(from / TILE_WIDTH);
    const first = bundle * TILE_WIDTH;
    const lines = await readSidecarLines(source, log, { bundle, from: from - first, width: to - first });
    if (!lines.ok) return err(describeProblem(lines.error));
    const wrong = lines.value.findIndex(({ hints }) => hints !== null && !arePossible(hints));
    return wrong < 0 ? lines : err(`the service says of entry ${from + wrong} what no attestation has`);
  };
