// SPDX-License-Identifier: Apache-2.0
// All services in one Worker. Each receives an environment that holds its own settings and bindings only, so that a
// fault in one service cannot reach another's key.

import { createGate } from "../shared/http/rate-gate.ts";
import type { Result } from "../shared/result.ts";
import type { LogReadsRpc } from "../shared/rpc/log-reads.ts";
import type { MonitorHeartbeatRpc } from "../shared/rpc/monitor.ts";
import type { OidcKeysRpc } from "../shared/rpc/oidc-keys.ts";
import type { OidcPeopleRpc } from "../shared/rpc/oidc-people.ts";
import type { TrustStateRpc } from "../shared/rpc/trust-state.ts";
import type { ResourcesEnv } from "../shared/settings/binding.ts";
import type { SettingsEnv } from "../shared/settings/setting.ts";
import { type ConfigError, describeMissing, readOncePerEnv } from "../shared/settings/settings.ts";
import { type AskTrust, readTrustHealth } from "../shared/trust/health.ts";
import type { CaEnv } from "./ca/env.ts";
import {
  DECLARATIONS,
  type Declaration,
  type DeclaredService,
  listRequired,
  listRequiredResources,
  resourceNames,
  settingNames,
} from "./declarations.ts";
import { type FrontConfig, readFrontConfig } from "./front/config.ts";
import { answer, type Front } from "./front/front.ts";
import { findLogProblems } from "./front/log-problems.ts";
import { serveMetrics } from "./front/metrics.ts";
import { readMonitor } from "./front/monitor-state.ts";
import type { ServiceName } from "./front/routes.ts";
import { searchLags } from "./front/search-lag.ts";
import { type MonitorAlarm, wakeAfter } from "./front/wake-monitor.ts";
import { warmUp } from "./front/warm-up.ts";
import type { TilesContext } from "./log/tiles/tiles.ts";
import type { MonitorEnv } from "./monitor/env.ts";
import type { OidcContext } from "./oidc/connectors/remote.ts";
import { checkSettings as checkSequencer } from "./sequencer/env.ts";
import type { WebEnv } from "./web/env.ts";

await warmUp();

/** The part of the environment that a service may see. The composition supplies what the service calls by RPC. */
type ServiceEnv<S extends DeclaredService> = SettingsEnv<(typeof DECLARATIONS)[S]["settings"]> &
  ResourcesEnv<(typeof DECLARATIONS)[S]["bindings"]>;

type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends (value: infer All) => void
  ? All
  : never;

/** The environment of the composed Worker; /healthz names what is missing. */
export type ComposedEnv = Required<Intersection<{ [S in DeclaredService]: ServiceEnv<S> }[DeclaredService]>>;

/** Narrows the environment to one service: one object per isolate and service, made without touching the rest. */
export const serviceEnv: { readonly [S in DeclaredService]: (env: ComposedEnv) => ServiceEnv<S> } = {
  ca: narrowTo("ca"),
  tsa: narrowTo("tsa"),
  log: narrowTo("log"),
  trust: narrowTo("trust"),
  oidc: narrowTo("oidc"),
  witness: narrowTo("witness"),
  monitor: narrowTo("monitor"),
  web: narrowTo("web"),
  sequencer: narrowTo("sequencer"),
};

function narrowTo<S extends DeclaredService>(service: S): (env: ComposedEnv) => ServiceEnv<S> {
  const { settings, bindings } = DECLARATIONS[service];
  const names = [...settingNames(settings), ...resourceNames(bindings)];
  return readOncePerEnv((env: ComposedEnv) => {
    const present = names.filter((name) => name in env);
    return Object.fromEntries(present.map((name) => [name, Reflect.get(env, name)])) as unknown as ServiceEnv<S>;
  });
}

/** Makes an environment with entrypoints once for each environment of the Worker. */
function makePerEnv<Env>(
  make: (env: ComposedEnv, ctx: ExecutionContext) => Env,
): (env: ComposedEnv, ctx: ExecutionContext) => Env {
  const made = new WeakMap<ComposedEnv, { readonly value: Env }>();
  return (env, ctx) => {
    const known = made.get(env) ?? { value: make(env, ctx) };
    made.set(env, known);
    return known.value;
  };
}

/** A service's default export; `Rest` is what it needs from the execution context. */
interface ServiceModule<Env, Rest extends unknown[] = []> {
  readonly fetch: (request: Request, env: Env, ...rest: Rest) => Response | Promise<Response>;
  readonly checkSettings: (env: Env) => readonly string[];
}

export type Services = {
  readonly [S in Exclude<ServiceName, "ca" | "log" | "monitor" | "oidc" | "trust" | "web">]: ServiceModule<
    ServiceEnv<S>
  >;
} & {
  readonly ca: ServiceModule<CaEnv>;
  readonly monitor: ServiceModule<MonitorEnv> & {
    readonly scheduled: (controller: ScheduledController, env: MonitorEnv) => Promise<void>;
  };
  readonly web: ServiceModule<WebEnv>;
  readonly log: ServiceModule<ServiceEnv<"log">, [TilesContext]>;
  readonly oidc: ServiceModule<ServiceEnv<"oidc">, [OidcContext]>;
  readonly trust: ServiceModule<ServiceEnv<"trust">> & {
    readonly scheduled: (controller: ScheduledController, env: ServiceEnv<"trust">) => Promise<void>;
  };
};

/** The RPC entrypoints of the services in the same Worker. */
interface Entrypoints {
  readonly OidcKeys: Service<OidcKeysRpc>;
  readonly OidcPeople: Service<OidcPeopleRpc>;
  readonly LogReads: Service<LogReadsRpc>;
  readonly MonitorHeartbeat: Service<MonitorHeartbeatRpc>;
  readonly TrustState: Service<TrustStateRpc>;
}

/** The composed Worker of these services. @param entrypoints `ctx.exports` */
export function compose(
  services: Services,
  entrypoints: (ctx: ExecutionContext) => Entrypoints,
): {
  readonly fetch: (request: Request, env: ComposedEnv, ctx: ExecutionContext) => Promise<Response>;
  readonly scheduled: (controller: ScheduledController, env: ComposedEnv, ctx: ExecutionContext) => Promise<void>;
} {
  const caEnv = makePerEnv((env, ctx): CaEnv => ({ ...serviceEnv.ca(env), OIDC: entrypoints(ctx).OidcKeys }));
  const monitorEnv = makePerEnv((env, ctx): MonitorEnv => {
    const { LogReads: LOG, OidcPeople: OIDC, TrustState: TRUST } = entrypoints(ctx);
    return { ...serviceEnv.monitor(env), LOG, OIDC, TRUST };
  });
  const webEnv = makePerEnv((env, ctx): WebEnv => {
    const { LogReads: LOG, MonitorHeartbeat: MONITOR, TrustState: TRUST } = entrypoints(ctx);
    return { ...serviceEnv.web(env), LOG, MONITOR, TRUST };
  });
  return {
    fetch: (request, env, ctx) => {
      const enter: { readonly [R in ServiceName]: (named: Request) => Response | Promise<Response> } = {
        ca: (named) => services.ca.fetch(named, caEnv(env, ctx)),
        tsa: (named) => services.tsa.fetch(named, serviceEnv.tsa(env)),
        log: (named) => services.log.fetch(named, serviceEnv.log(env), ctx),
        trust: (named) => services.trust.fetch(named, serviceEnv.trust(env)),
        oidc: (named) => services.oidc.fetch(named, serviceEnv.oidc(env), ctx),
        witness: (named) => services.witness.fetch(named, serviceEnv.witness(env)),
        monitor: (named) => services.monitor.fetch(named, monitorEnv(env, ctx)),
        web: (named) => services.web.fetch(named, webEnv(env, ctx)),
      };
      const settingsProblems = (): readonly string[] => [
        ...new Set([
          ...services.ca.checkSettings(caEnv(env, ctx)),
          ...services.tsa.checkSettings(serviceEnv.tsa(env)),
          ...services.log.checkSettings(serviceEnv.log(env)),
          ...services.trust.checkSettings(serviceEnv.trust(env)),
          ...services.oidc.checkSettings(serviceEnv.oidc(env)),
          ...services.witness.checkSettings(serviceEnv.witness(env)),
          ...services.monitor.checkSettings(monitorEnv(env, ctx)),
          ...services.web.checkSettings(webEnv(env, ctx)),
          ...checkSequencer(serviceEnv.sequencer(env)),
        ]),
      ];
      return answer(request, {
        config: readConfig(env),
        settingsProblems,
        ...createReports(env, settingsProblems, enter.trust),
        dispatch: (service, named) =>
          wakeAfter(env, { service, method: named.method }, alarmOf(env, ctx), enter[service](named)),
      });
    },
    scheduled: async (controller, env, ctx) => {
      await services.trust.scheduled(controller, serviceEnv.trust(env));
      await services.monitor.scheduled(controller, monitorEnv(env, ctx));
    },
  };
}

/** The front end's reports on the state of the deployment. */
const createReports = (
  env: ComposedEnv,
  settingsProblems: () => readonly string[],
  askTrust: AskTrust,
): Pick<Front, "pages" | "gateOf" | "logProblems"> => ({
  pages: {
    metrics: ({ publicUrl, logs }) =>
      serveMetrics(settingsProblems(), logs, {
        sequencer: env.SEQUENCER,
        trust: () => readTrustHealth(publicUrl.href, askTrust),
        search: () => searchLags(logs, env.SEQUENCER, env.INDEX),
        monitor: () => readMonitor(env.MONITOR, publicUrl.href),
      }),
  },
  gateOf: ({ publicUrl }) => createGate(publicUrl, { reads: env.READS }),
  logProblems: async ({ logs, publicUrl }) => {
    const [ofLogs, search, monitor] = await Promise.all([
      findLogProblems(logs, env.SEQUENCER),
      searchLags(logs, env.SEQUENCER, env.INDEX),
      readMonitor(env.MONITOR, publicUrl.href),
    ]);
    return [...ofLogs, ...search.problems, ...monitor.problems];
  },
});

const alarmOf = (env: ComposedEnv, ctx: ExecutionContext): MonitorAlarm => ({
  wake: async () => {
    const config = readConfig(env);
    return config.ok ? await env.MONITOR.getByName(config.value.publicUrl.href).wake() : null;
  },
  waitUntil: (work) => ctx.waitUntil(work),
});

/** The names without which some service cannot run, with what to say of each that is missing. */
const REQUIRED: ReadonlyMap<string, string> = new Map(
  Object.values<Declaration>(DECLARATIONS).flatMap(({ settings, bindings }): [string, string][] =>
    [...listRequired(settings), ...listRequiredResources(bindings)].map((name) => [
      name,
      describeMissing(name, settings[name]),
    ]),
  ),
);

/** Names everything that any service misses. It checks only that secrets exist. */
const readConfig: (env: ComposedEnv) => Result<FrontConfig, ConfigError> = readOncePerEnv((env) =>
  readFrontConfig(env, REQUIRED),
);
