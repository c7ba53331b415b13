// SPDX-License-Identifier: Apache-2.0
// GET / and GET /logs.

import { withDeadline } from "../../../shared/http/deadline.ts";
import { unixMs } from "../../../shared/time.ts";
import type { Config } from "../env.ts";
import { listDays, logsPage } from "../pages/logs.ts";
import { startPage } from "../pages/start.ts";
import { readSite, respond } from "../respond.ts";

/** The page of a deployment whose monitor is stuck says so, and comes all the same. */
const HEARTBEAT_DEADLINE_MS = 1_500;

export async function serveStart(request: Request, config: Config): Promise<Response> {
  const site = await readSite(config);
  return respond(request, startPage(config.publicUrl, site.heads), site);
}

/** A part that does not answer is what the page is for. */
export async function serveLogs(request: Request, config: Config): Promise<Response> {
  const now = unixMs(Date.now());
  const days = listDays(now);
  const { href, host } = config.publicUrl;
  const [reports, trust, heartbeat] = await Promise.all([
    config.log.reportLogs(days),
    config.trust.readHealth().catch(() => null),
    withDeadline(HEARTBEAT_DEADLINE_MS, config.monitor.readState()).catch(() => null),
  ]);
  return respond(request, logsPage({ href, now, days, reports, trust, heartbeat }), { href, host, heads: reports });
}
