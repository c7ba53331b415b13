// SPDX-License-Identifier: Apache-2.0
// The monitor: tells whoever watches a name, a repository or a key about entries in the logs.

import { WorkerEntrypoint } from "cloudflare:workers";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService } from "../../shared/http/service.ts";
import type { MonitorHeartbeatRpc, MonitorState } from "../../shared/rpc/monitor.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, type MonitorEnv, readConfig } from "./env.ts";
import { changeWatches, signOut } from "./site/change.ts";
import { serveFeed } from "./site/feed.ts";
import { respondWithProblem } from "./site/respond.ts";
import { beginSignIn, endSignIn } from "./site/sign-in.ts";
import { serveStopPage, stopWatch } from "./site/stop.ts";
import { serveWatchPage } from "./site/watch-page.ts";
import { renderError } from "./status.ts";

export { Monitor } from "./object/monitor.ts";

const HANDLERS: Handlers<typeof ROUTES, [Config]> = {
  watchPage: serveWatchPage,
  changeWatches,
  beginSignIn,
  endSignIn,
  signOut,
  stopPage: serveStopPage,
  stopWatch,
  feed: serveFeed,
  wake: async (_, { monitor, publicUrl }) => {
    const until = await monitor.getByName(publicUrl.href).wake();
    return Response.json({ until }, { headers: { "cache-control": "no-store" } });
  },
  problems: async (_, config) => {
    const { problems } = await readState(config);
    return Response.json({ problems }, { headers: { "cache-control": "no-store" } });
  },
};

const readState = async ({ monitor, publicUrl }: Config): Promise<MonitorState> =>
  await monitor.getByName(publicUrl.href).readState();

const route = createRouter(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "monitor_method_wrong", allow }),
    notFound: () => renderError({ code: "monitor_path_unknown" }),
  },
  {
    gateOf: ({ gate }) => gate,
    limited: (request) =>
      isForPrograms(request)
        ? renderError({ code: "monitor_limited" })
        : respondWithProblem(new URL(request.url), {
            status: 429,
            title: "Too many requests at once",
            lead: "This network has asked for more than this page gives at once. Wait ten seconds, then try again.",
          }),
  },
);

/** Programs get JSON, people get pages. */
const isForPrograms = (request: Request): boolean => !new URL(request.url).pathname.startsWith("/watch");

const service = createService<MonitorEnv, Config>({
  readConfig,
  route,
  failed: (requestId, request) =>
    isForPrograms(request)
      ? renderError({ code: "monitor_failed", requestId })
      : respondWithProblem(new URL(request.url), {
          status: 503,
          title: "This page cannot be shown now",
          lead: `A part of this service does not answer. Try again in a few seconds. For its operator: request ${requestId}.`,
        }),
});

/** Run by a Cron Trigger: the operator learns what is wrong although nobody signs. */
async function scheduled(_controller: ScheduledController, env: MonitorEnv): Promise<void> {
  const config = readConfig(env);
  if (config.ok) await config.value.monitor.getByName(config.value.publicUrl.href).wake();
}

export default { ...service, scheduled };

/** Says how far the monitor has looked, for the pages: without the watches. */
export class MonitorHeartbeat extends WorkerEntrypoint<MonitorEnv> implements MonitorHeartbeatRpc {
  async readState(): Promise<MonitorState> {
    const config = readConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    return await readState(config.value);
  }
}
