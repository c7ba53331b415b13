// SPDX-License-Identifier: Apache-2.0
// GET /api/entries/<index>: one entry of a log, with its inclusion proof in the newest tree.
// GET /api/entries/<index>.tlog-proof: the proof alone, as a file. Spec: https://c2sp.org/tlog-proof

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { CACHE_CONTROL, respondWith } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { entryJson, type LoggedEntry } from "../../../shared/logs/logged-entry.ts";
import { err, type Result } from "../../../shared/result.ts";
import { formatTlogProof } from "../../../shared/tlog/tlog-proof.ts";
import { type Config } from "../env.ts";
import type { LogError } from "../errors.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { proveEntry } from "../reading/proven-entry.ts";
import { selectSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";

/** Answers with an entry of the log that `?log=` names, by kind or by name; by default the host's signature log. */
export async function serveEntry(request: Request, config: Config): Promise<Response> {
  const found = await readNamedEntry(request, config);
  if (!found.ok) return renderJsonError(request, found.error);
  const body = encodeUtf8(JSON.stringify(entryJson(found.value)));
  return respondWith(request, { body, contentType: "application/json", cacheControl: CACHE_CONTROL.revalidate });
}

/** Answers with the proof alone. A verifier needs the body as well: the proof is for its leaf hash. */
export async function serveTlogProof(request: Request, config: Config): Promise<Response> {
  const found = await readNamedEntry(request, config);
  if (!found.ok) return renderJsonError(request, found.error);
  const { leafIndex, proof, checkpoint } = found.value;
  const text = formatTlogProof({ extra: null, leafIndex, hashes: proof, checkpoint });
  const form = { contentType: "text/plain; charset=utf-8", cacheControl: CACHE_CONTROL.revalidate };
  return respondWith(request, { body: encodeUtf8(text), ...form });
}

/** Reads the entry that the URL names. */
async function readNamedEntry(request: Request, config: Config): Promise<Result<LoggedEntry, LogError>> {
  const leafIndex = parseEntryPath(new URL(request.url));
  if (leafIndex === null) return err({ code: "entry_index_invalid" });
  const site = selectSite(config, request);
  if (site === null) return err({ code: "entry_log_unknown" });
  return await proveEntry(readerOf(config, site, clientNetwork(request)), site, leafIndex);
}

/** Parses `…/<index>` or `…/<index>.tlog-proof`; the routes distinguish the two. */
function parseEntryPath({ pathname }: URL): number | null {
  return parseDecimal(pathname.slice(pathname.lastIndexOf("/") + 1).replace(/\.tlog-proof$/, ""));
}
