// SPDX-License-Identifier: Apache-2.0
// All services in one Worker. Each gets an environment that holds its own settings and bindings and nothing else: a fault in
// one service does not find the key of another in its hands.

import { publicUrlSetting } from "../shared/http/public-url.ts";
import { logsSetting } from "../shared/logs/shards.ts";
import type { Result } from "../shared/result.ts";
import type { OidcKeysRpc } from "../shared/rpc/oidc-keys.ts";
import { type ConfigError, oncePerEnv, Settings } from "../shared/settings/settings.ts";
import { readTrustHealth } from "../shared/trust/health.ts";
import type { CaEnv } from "./ca/env.ts";
import { answer, type FrontConfig } from "./front/front.ts";
import { logProblems } from "./front/log-problems.ts";
import { metricsPage } from "./front/metrics.ts";
import type { ServiceName } from "./front/routes.ts";
import type { LogEnv } from "./log/env.ts";
import type { TilesContext } from "./log/tiles/tiles.ts";
import type { OidcEnv } from "./oidc/env.ts";
import type { SequencerEnv } from "./sequencer/env.ts";
import type { TrustEnv } from "./trust/env.ts";
import type { TsaEnv } from "./tsa/env.ts";
import type { WitnessEnv } from "./witness/env.ts";

/** What each service may see. The sequencer is one as well: its Durable Objects get it. */
interface ServiceEnvs {
  /** Its OIDC is no binding here: compose() hands it the entrypoint of the oidc service in the same Worker. */
  readonly ca: Omit<CaEnv, "OIDC">;
  readonly tsa: TsaEnv;
  readonly log: LogEnv;
  readonly trust: TrustEnv;
  readonly oidc: OidcEnv;
  readonly witness: WitnessEnv;
  readonly sequencer: SequencerEnv;
}

/** Everything that a deployment of the composed Worker is given; /healthz names what is not there. */
export type ComposedEnv = Required<
  ServiceEnvs["ca"] &
    ServiceEnvs["tsa"] &
    ServiceEnvs["log"] &
    ServiceEnvs["trust"] &
    ServiceEnvs["oidc"] &
    ServiceEnvs["witness"] &
    ServiceEnvs["sequencer"]
>;

/** The names in each service's environment: every one, and whether the deployment works without it. */
export const SERVICE_ENV: {
  readonly [R in keyof ServiceEnvs]: Readonly<Record<keyof ServiceEnvs[R], "required" | "optional">>;
} = {
  ca: {
    PUBLIC_URL: "required",
    CA_CHAIN: "required",
    CA_KEY: "required",
    ISSUERS: "optional",
    ISSUERS_2: "optional",
    ISSUERS_3: "optional",
    ISSUERS_4: "optional",
    OTHER_CA_CHAINS: "optional",
    CERTIFICATE_LIFETIME: "optional",
    SHARDS: "optional",
    SEQUENCER: "required",
    USED_TOKENS: "required",
    CLIENTS: "required",
    IDENTITIES: "required",
  },
  tsa: { PUBLIC_URL: "required", TSA_CHAIN: "required", TSA_KEY: "required" },
  log: {
    PUBLIC_URL: "required",
    CA_CHAIN: "required",
    OTHER_CA_CHAINS: "optional",
    ACCEPT: "optional",
    LISTED_KEYS: "optional",
    SIGNING_ALGORITHMS: "optional",
    SHARDS: "optional",
    SEQUENCER: "required",
    TILES: "required",
    INDEX: "required",
    READS: "required",
    WRITES: "required",
  },
  trust: {
    PUBLIC_URL: "required",
    CA_CHAIN: "required",
    OTHER_CA_CHAINS: "optional",
    TSA_CHAIN: "required",
    OTHER_TSA_CHAINS: "optional",
    SHARDS: "optional",
    SEQUENCER: "required",
    TUF: "required",
    TUF_KEY: "optional",
    TRUST_FILE: "optional",
  },
  oidc: { PUBLIC_URL: "required", OIDC_KEY: "required", OTHER_OIDC_KEYS: "optional" },
  witness: {
    PUBLIC_URL: "required",
    WITNESS_KEY: "optional",
    WITNESSED_LOGS: "optional",
    ANCHOR: "required",
    WRITES: "required",
  },
  sequencer: {
    PUBLIC_URL: "required",
    SIGNATURE_LOG_KEY: "required",
    SIGNATURE_LOG_ED25519_KEY: "required",
    CERTIFICATE_LOG_KEY: "required",
    SHARDS: "optional",
    SHARD_KEYS: "optional",
    SHARD_KEYS_2: "optional",
    WITNESS_POLICY: "optional",
    WITNESS_MODE: "optional",
    ANCHOR: "required",
    TILES: "required",
    INDEX: "required",
  },
};

/** The part of the environment that a service may see: one object per isolate and service, made without touching the rest. */
export const serviceEnv: { readonly [R in keyof ServiceEnvs]: (env: ComposedEnv) => ServiceEnvs[R] } = {
  ca: narrowed("ca"),
  tsa: narrowed("tsa"),
  log: narrowed("log"),
  trust: narrowed("trust"),
  oidc: narrowed("oidc"),
  witness: narrowed("witness"),
  sequencer: narrowed("sequencer"),
};

function narrowed<R extends keyof ServiceEnvs>(service: R): (env: ComposedEnv) => ServiceEnvs[R] {
  const names = Object.keys(SERVICE_ENV[service]);
  return oncePerEnv((env: ComposedEnv) => {
    const present = names.filter((name) => name in env);
    return Object.fromEntries(present.map((name) => [name, Reflect.get(env, name)])) as unknown as ServiceEnvs[R];
  });
}

/** A service's default export; `Rest` is what it needs of the execution context. */
interface ServiceModule<Env, Rest extends unknown[] = []> {
  readonly fetch: (request: Request, env: Env, ...rest: Rest) => Response | Promise<Response>;
}

export type Services = {
  readonly [R in Exclude<ServiceName, "ca" | "log" | "trust">]: ServiceModule<ServiceEnvs[R]>;
} & {
  readonly trust: ServiceModule<TrustEnv> & {
    readonly scheduled: (controller: ScheduledController, env: TrustEnv) => Promise<void>;
  };
  readonly ca: ServiceModule<CaEnv>;
  readonly log: ServiceModule<LogEnv, [TilesContext]>;
};

/** The composed Worker over its services. @param oidcKeys the RPC entrypoint of the oidc service in this same Worker */
export function compose(
  services: Services,
  oidcKeys: (ctx: ExecutionContext) => Service<OidcKeysRpc>,
): {
  readonly fetch: (request: Request, env: ComposedEnv, ctx: ExecutionContext) => Promise<Response>;
  readonly scheduled: (controller: ScheduledController, env: ComposedEnv) => Promise<void>;
} {
  const caEnvs = new WeakMap<ComposedEnv, CaEnv>();
  const caEnv = (env: ComposedEnv, ctx: ExecutionContext): CaEnv => {
    const known = caEnvs.get(env) ?? { ...serviceEnv.ca(env), OIDC: oidcKeys(ctx) };
    caEnvs.set(env, known);
    return known;
  };
  return {
    fetch: (request, env, ctx) => {
      const enter: { readonly [R in ServiceName]: (named: Request) => Response | Promise<Response> } = {
        ca: (named) => services.ca.fetch(named, caEnv(env, ctx)),
        tsa: (named) => services.tsa.fetch(named, serviceEnv.tsa(env)),
        log: (named) => services.log.fetch(named, serviceEnv.log(env), ctx),
        trust: (named) => services.trust.fetch(named, serviceEnv.trust(env)),
        oidc: (named) => services.oidc.fetch(named, serviceEnv.oidc(env)),
        witness: (named) => services.witness.fetch(named, serviceEnv.witness(env)),
      };
      return answer(request, {
        config: readConfig(env),
        pages: {
          "/metrics": async ({ publicUrl, logs }) =>
            metricsPage(logs, env.SEQUENCER, await readTrustHealth(publicUrl.href, enter.trust)),
        },
        logProblems: ({ logs }) => logProblems(logs, env.SEQUENCER),
        dispatch: (service, named) => enter[service](named),
      });
    },
    scheduled: (controller, env) => services.trust.scheduled(controller, serviceEnv.trust(env)),
  };
}

const REQUIRED = new Set(
  Object.values(SERVICE_ENV).flatMap((names) =>
    Object.entries(names).flatMap(([name, need]) => (need === "required" ? [name] : [])),
  ),
);

/** Names everything that is missing, of all services at once; of secrets it sees only that they are there. */
const readConfig: (env: ComposedEnv) => Result<FrontConfig, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  for (const name of REQUIRED) if (name !== "PUBLIC_URL" && !(name in env)) settings.problem(`${name} is missing`);
  return settings.finish(() => ({ publicUrl: publicUrl(), logs: logs() }));
});
