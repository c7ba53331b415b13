// SPDX-License-Identifier: Apache-2.0
// Reads a log for one request of a client, within the client's rate limit.

import type { Config } from "../env.ts";
import type { LogSite } from "../sites.ts";
import type { Admission } from "./cached-tail.ts";
import type { LogReader } from "./log-reader.ts";

/**
 * The log as one request may read it. Reads that reach the sequencer count against the client's limit, once per
 * request.
 * @param client the key under which the limit counts (shared/http/client-address.ts)
 */
export function readerOf(
  { objects, reads }: Pick<Config, "objects" | "reads">,
  { log, tail }: LogSite,
  client: string,
): LogReader {
  let outcome: Promise<RateLimitOutcome> | null = null;
  const admit: Admission = async () => (await (outcome ??= reads.limit({ key: client }))).success;
  return { log, tail, objects, admit };
}
