// SPDX-License-Identifier: Apache-2.0
// The identity provider: signs people in at the connectors, and issues the tokens that the CA takes. Also the built-in
// OpenID issuer: serves its metadata and keys over HTTP, and its keys to the CA by RPC.

import { WorkerEntrypoint } from "cloudflare:workers";
import { requestIdOf } from "../../shared/http/request-id.ts";
import { createRouter, type Handlers, withHandlers } from "../../shared/http/router.ts";
import { createService, type Service } from "../../shared/http/service.ts";
import type { CodeGrant } from "../../shared/oauth/client/token.ts";
import { challengeOf } from "../../shared/oauth/request/pkce.ts";
import { ok, type Result } from "../../shared/result.ts";
import type { OidcKeysRpc } from "../../shared/rpc/oidc-keys.ts";
import type { OidcPeopleRpc } from "../../shared/rpc/oidc-people.ts";
import { type ConfigError, readOncePerEnv } from "../../shared/settings/settings.ts";
import { unixMs } from "../../shared/time.ts";
import type { Connector } from "./connectors/connector.ts";
import {
  identifyHere,
  type OidcContext,
  type OidcUpstream as OidcUpstreamPort,
  type OidcUpstreamRpc,
  type RemoteCallback,
} from "./connectors/remote.ts";
import { ROUTES } from "./declaration.ts";
import { type Config, type OidcEnv, readConfig } from "./env.ts";
import { PLATFORM } from "./platform.ts";
import { showError } from "./provider/answers.ts";
import { authorize, authorizeByForm, choose } from "./provider/authorize.ts";
import { takeCallback } from "./provider/callback.ts";
import { confirm } from "./provider/confirm.ts";
import { issueDeviceCode, showDevicePage, takeUserCode } from "./provider/device.ts";
import { discovery, jwks, publicKeys } from "./provider/discovery.ts";
import { hashCode } from "./provider/grant.ts";
import { createProvider, grantsOf, type Provider } from "./provider/provider.ts";
import { issueToken } from "./provider/token.ts";
import { renderError } from "./status.ts";
import { warmUp } from "./warm-up.ts";

export { Grants } from "./grants/grants.ts";

const HANDLERS: Handlers<typeof ROUTES, [Provider, OidcUpstreamPort]> = {
  discovery: (_, provider) => discovery(provider),
  jwks: (_, { config, platform }) => jwks(config, platform.now()),
  authorize,
  authorizeByForm,
  choose,
  callback: takeCallback,
  confirm,
  token: issueToken,
  deviceCode: issueDeviceCode,
  devicePage: showDevicePage,
  deviceForm: takeUserCode,
};

/** Programs get JSON, people get pages. */
const isForPrograms = (request: Request): boolean =>
  !/^\/oidc\/+(?:auth|callback|confirm|device)(?:\/(?!code$)|$)/.test(new URL(request.url).pathname);

const route = createRouter<[Provider, OidcUpstreamPort]>(
  withHandlers(ROUTES, HANDLERS),
  {
    methodNotAllowed: (allow) => renderError({ code: "oidc_method_wrong", allow }),
    notFound: () => renderError({ code: "oidc_path_unknown" }),
  },
  {
    gateOf: ({ config }) => config.gate,
    limited: (request) => {
      if (isForPrograms(request)) return renderError({ code: "tokens_limited" });
      const response = showError(request, { code: "sign_ins_limited" });
      response.headers.set("retry-after", "10");
      return response;
    },
  },
);

await warmUp(route);

type ReadProvider = (env: OidcEnv) => Result<Provider, ConfigError>;

const makeReadProvider = (development: (config: Config) => readonly Connector[]): ReadProvider =>
  readOncePerEnv((env: OidcEnv) => {
    const config = readConfig(env);
    return config.ok ? ok(createProvider(config.value, PLATFORM, development)) : config;
  });

const readProvider = makeReadProvider(() => []);

/** Creates the service. @param development further connectors, which only a local stack has */
export const createOidc = (development: (config: Config) => readonly Connector[]): Service<OidcEnv, [OidcContext]> =>
  createWith(makeReadProvider(development));

function createWith(read: ReadProvider): Service<OidcEnv, [OidcContext]> {
  const service = createService<OidcEnv, Provider, [OidcUpstreamPort]>({
    readConfig: read,
    route,
    failed: (requestId, request) =>
      isForPrograms(request)
        ? renderError({ code: "oidc_failed", requestId })
        : showError(request, { code: "sign_in_failed", requestId: requestIdOf(request) ?? requestId }),
  });
  return {
    ...service,
    fetch: (request, env, ctx) =>
      service.fetch(request, env, { identify: (callback) => ctx.exports.OidcUpstream.identify(callback) }),
  };
}

export default createWith(readProvider);

/** Redeems what browsers bring back from the providers, for this service alone. */
export class OidcUpstream extends WorkerEntrypoint<OidcEnv> implements OidcUpstreamRpc {
  async identify(callback: RemoteCallback): ReturnType<OidcUpstreamRpc["identify"]> {
    const provider = readProvider(this.env);
    if (!provider.ok) throw new Error(provider.error.problems.join("; "));
    return identifyHere(provider.value, callback);
  }
}

/** The issuer's keys and revoked tokens for the CA, whose Worker cannot fetch its own host name. */
export class OidcKeys extends WorkerEntrypoint<OidcEnv> implements OidcKeysRpc {
  /** The JWK Set of the public keys. Rejects if the service is not configured: that is not an empty set of keys. */
  async jwks(): Promise<{ readonly keys: readonly JsonWebKey[] }> {
    return { keys: publicKeys(this.#config(), unixMs(Date.now())) };
  }

  /** Asks the store of grants. Rejects if the store cannot say: that does not mean that the token is good. */
  async isRevoked(tokenId: string): Promise<boolean> {
    return grantsOf(this.#config()).isRevoked(tokenId);
  }

  #config(): Config {
    const config = readConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    return config.value;
  }
}

/** The people who sign in, for the pages of the same deployment. */
export class OidcPeople extends WorkerEntrypoint<OidcEnv> implements OidcPeopleRpc {
  async redeem({ code, verifier, ...known }: CodeGrant): ReturnType<OidcPeopleRpc["redeem"]> {
    const config = readConfig(this.env);
    if (!config.ok) throw new Error(config.error.problems.join("; "));
    const wanted = { ...known, codeHash: hashCode(code), challenge: challengeOf(verifier) };
    const redeemed = await grantsOf(config.value).redeemCode(wanted);
    return redeemed.ok ? ok(redeemed.value.identity) : redeemed;
  }
}
