// SPDX-License-Identifier: Apache-2.0
// Reads a log for one request of a client, within the client's rate limit.

import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import type { Admission } from "./cached-tail.ts";
import type { LogReader } from "./log-reader.ts";

/**
 * The log as one request may read it. Reads that reach the sequencer count against the client's limit, once per
 * request.
 * @param client the client's network (shared/http/client-address.ts)
 */
export function readerOf(
  { objects, gate }: Pick<Config, "objects" | "gate">,
  { log, tail }: LogSite,
  client: string | null,
): LogReader {
  let isAdmitted: Promise<boolean> | null = null;
  const admit: Admission = async () => await (isAdmitted ??= gate.admits("reads", client));
  return { log, tail, objects, admit };
}
