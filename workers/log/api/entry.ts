// SPDX-License-Identifier: Apache-2.0
// GET /api/entries/<index>: one entry of a log, with its inclusion proof in the newest tree.
// GET /api/entries/<index>.tlog-proof: the proof alone, as a file. Spec: https://c2sp.org/tlog-proof

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import type { ShownRecord } from "../../../shared/logs/kinds/kind.ts";
import { LOG_RECORDS } from "../../../shared/logs/records.ts";
import { toTransparencyLogEntry } from "../../../shared/rekor/log-entry.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { formatRfc3339, type UnixMs } from "../../../shared/time.ts";
import { leafHash } from "../../../shared/tlog/hash.ts";
import { formatTlogProof } from "../../../shared/tlog/tlog-proof.ts";
import { type Config } from "../env.ts";
import type { LogError } from "../errors.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { readEntry } from "../reading/log-reader.ts";
import { type Inclusion, proveInclusion } from "../reading/prover.ts";
import { type LogSite, selectSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";

/** Answers with an entry of the log that `?log=` names, by kind or by name; by default the host's signature log. */
export async function serveEntry(request: Request, config: Config): Promise<Response> {
  const proven = await proveEntry(request, config);
  if (!proven.ok) return renderJsonError(request, proven.error);
  const { site, timestamp, shown, inclusion } = proven.value;
  const { body, kindVersion, ...details } = shown;
  const logEntry = toTransparencyLogEntry(await site.logId(), { ...inclusion.head, ...inclusion, body });
  const json = {
    index: inclusion.leafIndex,
    log: site.log.name,
    timestamp: formatRfc3339(timestamp),
    timestampMs: timestamp,
    kind: kindVersion.kind,
    entry: { ...logEntry, kindVersion },
    ...details,
  };
  return Response.json(json, { headers: { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none } });
}

/** Answers with the proof alone. A verifier needs the body as well: the proof is for its leaf hash. */
export async function serveTlogProof(request: Request, config: Config): Promise<Response> {
  const proven = await proveEntry(request, config);
  if (!proven.ok) return renderJsonError(request, proven.error);
  const { leafIndex, proof, head } = proven.value.inclusion;
  const text = formatTlogProof({ extra: null, leafIndex, hashes: proof, checkpoint: head.checkpoint });
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": CACHE_CONTROL.none };
  return new Response(text, { headers: { ...PUBLIC_READ, ...headers } });
}

interface ProvenEntry {
  readonly site: LogSite;
  readonly timestamp: UnixMs;
  readonly shown: ShownRecord;
  readonly inclusion: Inclusion;
}

/** Reads the entry that the URL names and proves that the newest tree holds it. */
async function proveEntry(request: Request, config: Config): Promise<Result<ProvenEntry, LogError>> {
  const leafIndex = parseEntryPath(new URL(request.url));
  if (leafIndex === null) return err({ code: "entry_index_invalid" });
  const site = selectSite(config, request);
  if (site === null) return err({ code: "entry_log_unknown" });
  const reader = readerOf(config, site, clientNetwork(request));
  const found = await readEntry(reader, leafIndex);
  if (!found.ok) return found;
  const shown = LOG_RECORDS[site.log.kind].show(found.value.record, found.value.hints);
  if (shown === null) return err({ code: "record_damaged", log: site.log.name, leafIndex });
  const inclusion = await proveInclusion(reader, leafIndex, leafHash(shown.body));
  return inclusion.ok ? ok({ site, timestamp: found.value.timestamp, shown, inclusion: inclusion.value }) : inclusion;
}

/** Parses `…/<index>` or `…/<index>.tlog-proof`; the routes distinguish the two. */
function parseEntryPath({ pathname }: URL): number | null {
  return parseDecimal(pathname.slice(pathname.lastIndexOf("/") + 1).replace(/\.tlog-proof$/, ""));
}
