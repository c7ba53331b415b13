// SPDX-License-Identifier: Apache-2.0
// GET / and GET /logs.

import { unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { listDays, logsPage } from "../pages/logs.ts";
import { startPage } from "../pages/start.ts";
import { readSite, respond } from "../respond.ts";

export async function serveStart(request: Request, config: Config): Promise<Response> {
  const site = await readSite(config);
  return respond(request, startPage(config.publicUrl, site.heads), site);
}

/** A part that does not answer is what the page is for. */
export async function serveLogs(request: Request, config: Config): Promise<Response> {
  const now = unixMs(Date.now());
  const days = listDays(now);
  const { href, host } = config.publicUrl;
  const [reports, trust] = await Promise.all([
    config.log.reportLogs(days),
    config.trust.readHealth().catch(() => null),
  ]);
  return respond(request, logsPage({ href, now, days, reports, trust }), { href, host, heads: reports });
}
