// SPDX-License-Identifier: Apache-2.0
// GET /api/meta/<N>: the sidecar of a full bundle of the log that `?log=` names, by default the signature log. It has
// each entry's time and what the leaf does not hold. The search index can be rebuilt from bundles and sidecars.
// Format: shared/rekor/sidecar.ts.

import { parseDecimal } from "../../../shared/bytes/decimal.ts";
import { CACHE_CONTROL, respondCompressed } from "../../../shared/http/cache.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { LOG_KINDS } from "../../../shared/logs/kinds.ts";
import { type Config } from "../env.ts";
import { readerOf } from "../reading/limited-reader.ts";
import { readSidecar } from "../reading/log-reader.ts";
import { selectSite } from "../sites.ts";
import { renderJsonError } from "../status.ts";

/** Answers with the sidecar as JSON lines, compressed if the client accepts gzip. */
export async function serveMeta(request: Request, config: Config): Promise<Response> {
  const { pathname } = new URL(request.url);
  const site = selectSite(config, request);
  if (site === null) return renderJsonError(request, { code: "entry_log_unknown" });
  if (!LOG_KINDS[site.log.kind].hasSidecars) return renderJsonError(request, { code: "path_unknown" });
  const index = parseDecimal(pathname.slice(pathname.lastIndexOf("/") + 1));
  if (index === null) return renderJsonError(request, { code: "bundle_index_invalid" });
  const sidecar = await readSidecar(readerOf(config, site, clientNetwork(request)), index);
  if (!sidecar.ok) return renderJsonError(request, sidecar.error);
  return respondCompressed(request, {
    body: sidecar.value,
    contentType: "application/x-ndjson",
    cacheControl: CACHE_CONTROL.immutable,
  });
}
