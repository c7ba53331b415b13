// SPDX-License-Identifier: Apache-2.0
// A connector to an OpenID provider: authorization code with PKCE, `nonce`, and an identity token whose signature is
// verified although it came over TLS. What differs between providers is in the options.
// Spec: OpenID Connect Core 1.0 §3.1; RFC 7636; RFC 9207; RFC 9700 §2.1

import * as oauth from "oauth4webapi";
import type { FetchOutside } from "../../../../shared/http/outside.ts";
import type { ConnectorIdentity } from "../../../../shared/oauth/connectors/connectors.ts";
import { challengeOf } from "../../../../shared/oauth/request/pkce.ts";
import { type Claims, claimOf } from "../../../../shared/oidc/claims.ts";
import { err, ok, type Result } from "../../../../shared/result.ts";
import type { UnixMs } from "../../../../shared/time.ts";
import type {
  Connector,
  ConnectorError,
  ConnectorKind,
  Identity,
  UpstreamCallback,
  UpstreamRequest,
} from "../connector.ts";
import { makeUpstreamOptions, type UpstreamOptions } from "../upstream.ts";
import { readConnectorError } from "./errors.ts";

/** What a connector to an OpenID provider is made of. */
export interface OpenIdOptions {
  readonly identity: ConnectorIdentity;
  readonly kind: ConnectorKind;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuthentication: "basic" | "body";
  /** Beside `openid` and `email`. */
  readonly scopes: readonly string[];
  /** Further parameters of the address, such as Google's `hd`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The claim whose absence from the identity token makes the connector ask the userinfo endpoint. */
  readonly emailClaim: string;
  /** Decides by the claims of a verified token which addresses are vouched for, and admits. */
  readonly identityOf: (claims: Claims) => Result<readonly Identity[], ConnectorError>;
  readonly fetchOutside: FetchOutside;
  readonly now: () => UnixMs;
}

/** Providers change keys and endpoints rarely, and announce it. oauth4webapi keeps the keys as long as the metadata. */
const METADATA_FRESH_MS = 300_000;
/** Clocks differ. */
const TOLERANCE_SECONDS = 30;

/** Creates the connector. */
export function createOpenIdConnector(options: OpenIdOptions): Connector {
  const metadata = createMetadataSource(options);
  return {
    ...options.identity,
    kind: options.kind,
    authorizationUrl: (request) =>
      settle(async () => {
        const server = await metadata(makeUpstreamOptions(options.fetchOutside, options.issuer));
        return server.ok ? authorizationUrl(server.value, options, request) : server;
      }),
    identify: (callback) =>
      settle(async () => {
        const upstream = makeUpstreamOptions(options.fetchOutside, options.issuer);
        const server = await metadata(upstream);
        if (!server.ok) return server;
        return options.identityOf(await redeem({ server: server.value, options, upstream }, callback));
      }),
  };
}

/** Turns the protocol's exceptions into errors. */
async function settle<T>(run: () => Promise<Result<T, ConnectorError>>): Promise<Result<T, ConnectorError>> {
  try {
    return await run();
  } catch (exception) {
    return err(readConnectorError(exception));
  }
}

type MetadataSource = (upstream: UpstreamOptions) => Promise<Result<oauth.AuthorizationServer, ConnectorError>>;

/** Reads the provider's metadata, and keeps what it read: never a request under way, which belongs to one caller. */
function createMetadataSource({ issuer, now }: OpenIdOptions): MetadataSource {
  let known: { readonly server: oauth.AuthorizationServer; readonly readAt: UnixMs } | null = null;
  return async (upstream) => {
    if (known !== null && now() - known.readAt < METADATA_FRESH_MS) return ok(known.server);
    const identifier = new URL(issuer);
    const response = await oauth.discoveryRequest(identifier, upstream);
    const server = await oauth.processDiscoveryResponse(identifier, response);
    // The library compares URLs. `iss` is compared as a string by everyone else, and so here.
    if (server.issuer !== issuer) return wrong("names another issuer in its discovery document");
    if (server.authorization_endpoint === undefined || server.token_endpoint === undefined) {
      return wrong("has no authorization endpoint or no token endpoint");
    }
    known = { server, readAt: now() };
    return ok(server);
  };
}

const wrong = (problem: string): Result<never, ConnectorError> => err({ code: "upstream_failed", problem });

function authorizationUrl(
  { authorization_endpoint: endpoint = "" }: oauth.AuthorizationServer,
  { issuer, clientId, scopes, parameters }: OpenIdOptions,
  { redirectUri, state, nonce, codeVerifier, loginHint, prompt }: UpstreamRequest,
): Result<string, ConnectorError> {
  if (!URL.canParse(endpoint)) return wrong("has an authorization endpoint that is no URL");
  const url = new URL(endpoint);
  // Plain http only where the operator configured it, for a provider on this machine.
  if (url.protocol !== "https:" && url.protocol !== new URL(issuer).protocol) {
    return wrong("has an authorization endpoint without https");
  }
  const wanted = {
    ...parameters,
    response_type: "code",
    response_mode: "query",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: [...new Set(["openid", "email", ...scopes])].join(" "),
    state,
    nonce,
    code_challenge: challengeOf(codeVerifier),
    code_challenge_method: "S256",
    ...(loginHint === null ? {} : { login_hint: loginHint }),
    ...(prompt === null ? {} : { prompt }),
  };
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
  return ok(url.href);
}

interface Redemption {
  readonly server: oauth.AuthorizationServer;
  readonly options: OpenIdOptions;
  readonly upstream: UpstreamOptions;
}

/** Redeems the code for the claims of a verified identity token. Throws what oauth4webapi and NoAnswer throw. */
async function redeem({ server, options, upstream }: Redemption, callback: UpstreamCallback): Promise<Claims> {
  const client: oauth.Client = { client_id: options.clientId, [oauth.clockTolerance]: TOLERANCE_SECONDS };
  const authenticate =
    options.clientAuthentication === "basic"
      ? oauth.ClientSecretBasic(options.clientSecret)
      : oauth.ClientSecretPost(options.clientSecret);
  // The provider's `iss` (RFC 9207) is checked here; our own `state` has been opened before.
  const answer = oauth.validateAuthResponse(
    server,
    client,
    callback.parameters,
    callback.parameters.get("state") ?? oauth.expectNoState,
  );
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authenticate,
    answer,
    callback.redirectUri,
    callback.codeVerifier,
    upstream,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: callback.nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(server, response, upstream);
  const claims: Claims = { ...oauth.getValidatedIdTokenClaims(tokens) };
  const isComplete = claimOf(claims, options.emailClaim) !== undefined || server.userinfo_endpoint === undefined;
  if (isComplete) return claims;
  const subject = String(claims["sub"]);
  const info = await oauth.userInfoRequest(server, client, tokens.access_token, upstream);
  return { ...claims, ...(await oauth.processUserInfoResponse(server, client, subject, info)) };
}
