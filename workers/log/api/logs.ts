// SPDX-License-Identifier: Apache-2.0
// GET /api/logs: all logs of the deployment, oldest first, with the URL of each and the keys that verify its
// checkpoints.

import { CACHE_CONTROL, PUBLIC_READ } from "../../../shared/http/cache.ts";
import type { LogDescription } from "../../../shared/rpc/sequencer.ts";
import { formatRfc3339 } from "../../../shared/time.ts";
import { type Config } from "../env.ts";
import { type LogSite } from "../sites.ts";
import { logFailure } from "../status.ts";

/** Answers for every log. If a log is unreachable, its row has only what the settings say. */
export async function serveLogs(request: Request, { sites }: Config): Promise<Response> {
  const json = await Promise.all(sites.map(async (site) => toJson(site, await describe(request, site))));
  const headers = { ...PUBLIC_READ, "cache-control": CACHE_CONTROL.none };
  return Response.json({ logs: json }, { headers });
}

async function describe(request: Request, { log, sequencer }: LogSite): Promise<LogDescription | null> {
  try {
    return await sequencer().describe();
  } catch (error) {
    logFailure(request, { code: `log_undescribed: ${log.name}: ${String(error)}` }, "error");
    return null;
  }
}

function toJson({ log }: LogSite, description: LogDescription | null): object {
  const { name, kind, origin, baseUrl: url } = log;
  const frozenAt = description?.frozenAt ?? null;
  return {
    name,
    kind,
    url,
    origin,
    state: description?.state ?? "unreachable",
    frozenAt: frozenAt === null ? null : formatRfc3339(frozenAt),
    vkeys: description?.vkeys ?? null,
    creation: description?.creation ?? null,
  };
}
