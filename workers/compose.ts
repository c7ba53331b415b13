// SPDX-License-Identifier: Apache-2.0
// All rooms in one Worker. Each gets an environment that holds its own settings and bindings and nothing else: a fault in
// one room does not find the key of another in its hands.

import { type ConfigError, oncePerEnv, Settings } from "../shared/env.ts";
import { publicUrlSetting } from "../shared/http/public-url.ts";
import type { Result } from "../shared/result.ts";
import type { OidcKeysRpc } from "../shared/rpc.ts";
import { logsSetting } from "../shared/shards.ts";
import { readTrustHealth } from "../shared/trust/health.ts";
import type { CaEnv } from "./ca/env.ts";
import { answer, type FrontConfig } from "./front.ts";
import type { LogEnv } from "./log/env.ts";
import type { TilesContext } from "./log/tiles.ts";
import { logProblems } from "./log-problems.ts";
import { metricsPage } from "./metrics.ts";
import type { OidcEnv } from "./oidc/env.ts";
import type { RoomName } from "./routes.ts";
import type { SequencerEnv } from "./sequencer/env.ts";
import type { TrustEnv } from "./trust/env.ts";
import type { TsaEnv } from "./tsa/env.ts";
import type { WitnessEnv } from "./witness/env.ts";

/** What each room may see. The sequencer is one as well: its Durable Objects get it. */
interface RoomEnvs {
  /** Its OIDC is no binding here: compose() hands it the entrypoint of the oidc room in the same Worker. */
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
  RoomEnvs["ca"] &
    RoomEnvs["tsa"] &
    RoomEnvs["log"] &
    RoomEnvs["trust"] &
    RoomEnvs["oidc"] &
    RoomEnvs["witness"] &
    RoomEnvs["sequencer"]
>;

/** The names in each room's environment: every one, and whether the deployment works without it. */
export const ROOM_ENV: {
  readonly [R in keyof RoomEnvs]: Readonly<Record<keyof RoomEnvs[R], "required" | "optional">>;
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

/** The part of the environment that a room may see: one object per isolate and room, made without touching the rest. */
export const roomEnv: { readonly [R in keyof RoomEnvs]: (env: ComposedEnv) => RoomEnvs[R] } = {
  ca: narrowed("ca"),
  tsa: narrowed("tsa"),
  log: narrowed("log"),
  trust: narrowed("trust"),
  oidc: narrowed("oidc"),
  witness: narrowed("witness"),
  sequencer: narrowed("sequencer"),
};

function narrowed<R extends keyof RoomEnvs>(room: R): (env: ComposedEnv) => RoomEnvs[R] {
  const names = Object.keys(ROOM_ENV[room]);
  return oncePerEnv((env: ComposedEnv) => {
    const present = names.filter((name) => name in env);
    return Object.fromEntries(present.map((name) => [name, Reflect.get(env, name)])) as unknown as RoomEnvs[R];
  });
}

/** A room's default export; `Rest` is what it needs of the execution context. */
interface Room<Env, Rest extends unknown[] = []> {
  readonly fetch: (request: Request, env: Env, ...rest: Rest) => Response | Promise<Response>;
}

export type Rooms = { readonly [R in Exclude<RoomName, "ca" | "log" | "trust">]: Room<RoomEnvs[R]> } & {
  readonly trust: Room<TrustEnv> & {
    readonly scheduled: (controller: ScheduledController, env: TrustEnv) => Promise<void>;
  };
  readonly ca: Room<CaEnv>;
  readonly log: Room<LogEnv, [TilesContext]>;
};

/** The composed Worker over its rooms. @param oidcKeys the RPC entrypoint of the oidc room in this same Worker */
export function compose(
  rooms: Rooms,
  oidcKeys: (ctx: ExecutionContext) => Service<OidcKeysRpc>,
): {
  readonly fetch: (request: Request, env: ComposedEnv, ctx: ExecutionContext) => Promise<Response>;
  readonly scheduled: (controller: ScheduledController, env: ComposedEnv) => Promise<void>;
} {
  const caEnvs = new WeakMap<ComposedEnv, CaEnv>();
  const caEnv = (env: ComposedEnv, ctx: ExecutionContext): CaEnv => {
    const known = caEnvs.get(env) ?? { ...roomEnv.ca(env), OIDC: oidcKeys(ctx) };
    caEnvs.set(env, known);
    return known;
  };
  return {
    fetch: (request, env, ctx) => {
      const enter: { readonly [R in RoomName]: (named: Request) => Response | Promise<Response> } = {
        ca: (named) => rooms.ca.fetch(named, caEnv(env, ctx)),
        tsa: (named) => rooms.tsa.fetch(named, roomEnv.tsa(env)),
        log: (named) => rooms.log.fetch(named, roomEnv.log(env), ctx),
        trust: (named) => rooms.trust.fetch(named, roomEnv.trust(env)),
        oidc: (named) => rooms.oidc.fetch(named, roomEnv.oidc(env)),
        witness: (named) => rooms.witness.fetch(named, roomEnv.witness(env)),
      };
      return answer(request, {
        config: readConfig(env),
        pages: {
          "/metrics": async ({ publicUrl, logs }) =>
            metricsPage(logs, env.SEQUENCER, await readTrustHealth(publicUrl.href, enter.trust)),
        },
        logProblems: ({ logs }) => logProblems(logs, env.SEQUENCER),
        dispatch: (room, named) => enter[room](named),
      });
    },
    scheduled: (controller, env) => rooms.trust.scheduled(controller, roomEnv.trust(env)),
  };
}

const REQUIRED = new Set(
  Object.values(ROOM_ENV).flatMap((names) =>
    Object.entries(names).flatMap(([name, need]) => (need === "required" ? [name] : [])),
  ),
);

/** Names everything that is missing, of all rooms at once; of secrets it sees only that they are there. */
const readConfig: (env: ComposedEnv) => Result<FrontConfig, ConfigError> = oncePerEnv((env) => {
  const settings = new Settings(env);
  const publicUrl = settings.parsed("PUBLIC_URL", publicUrlSetting);
  const logs = logsSetting(settings);
  for (const name of REQUIRED) if (name !== "PUBLIC_URL" && !(name in env)) settings.problem(`${name} is missing`);
  return settings.finish(() => ({ publicUrl: publicUrl(), logs: logs() }));
});
