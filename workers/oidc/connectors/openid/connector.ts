// SPDX-License-Identifier: Apache-2.0
// A connector to an OpenID provider: authorization code with PKCE, `nonce`, and an identity token whose signature is
// verified although it came over TLS. The options hold the differences between providers.
// Spec: OpenID Connect Core 1.0 §3.1; RFC 7636; RFC 9207; RFC 9700 §2.1

import { decodeJwt } from "jose";
import * as oauth from "oauth4webapi";
import { member } from "../../../../shared/json/member.ts";
import type { ConnectorIdentity } from "../../../../shared/oauth/connectors/connectors.ts";
import { challengeOf } from "../../../../shared/oauth/request/pkce.ts";
import { type Claims, claimOf } from "../../../../shared/oidc/claims.ts";
import { ok, type Result } from "../../../../shared/result.ts";
import type { UnixMs } from "../../../../shared/time.ts";
import type {
  Connector,
  ConnectorError,
  ConnectorKind,
  Identity,
  UpstreamCallback,
  UpstreamRequest,
} from "../connector.ts";
import { makeUpstreamOptions, type UpstreamOptions, type UpstreamTools } from "../upstream.ts";
import { settle, wrong } from "./errors.ts";
import { createMetadataSource, type MetadataSource, packMetadata } from "./metadata.ts";
import { requestTokens } from "./request-tokens.ts";

/** The parts of a connector to an OpenID provider. */
export interface OpenIdOptions extends UpstreamTools {
  readonly identity: ConnectorIdentity;
  readonly kind: ConnectorKind;
  /** The discovery document is below it. */
  readonly metadataAt: string;
  readonly issuer: IssuerRule;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientAuthentication: "basic" | "body";
  /** Beside `openid` and `email`. */
  readonly scopes: readonly string[];
  /** Further parameters of the address, such as Google's `hd`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The claim of the address. */
  readonly emailClaim: string;
  /** Claims whose absence from the identity token makes the connector ask the userinfo endpoint. */
  readonly neededClaims: readonly string[];
  /** Decides by the claims of a verified token which addresses are vouched for, and admits. */
  readonly identityOf: (claims: Claims) => Result<readonly Identity[], ConnectorError>;
  readonly now: () => UnixMs;
}

/** The rule for `iss`. */
export interface IssuerRule {
  /** `issuer` of the discovery document, byte for byte. */
  readonly metadata: string;
  /** `iss` of an identity token, by its claims, which are not verified yet; null: `metadata`. May throw a Refusal. */
  readonly of: ((claims: Claims) => string) | null;
}

/** The rule of every provider that has one `iss`. */
export const oneIssuer = (issuer: string): IssuerRule => ({ metadata: issuer, of: null });

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
        const server = await metadata.read(makeUpstreamOptions(options, options.metadataAt));
        if (!server.ok) return server;
        const state = await request.seal(packMetadata(server.value, options));
        return authorizationUrl(server.value, options, { ...request, state });
      }),
    identify: (callback) =>
      settle(async () => {
        const upstream = makeUpstreamOptions(options, options.metadataAt);
        const server = await metadata.readAgain(upstream, callback.known);
        if (!server.ok) return server;
        const redemption = { server: server.value, options, upstream, renew: metadata.renew };
        return options.identityOf(await redeem(redemption, callback));
      }),
  };
}

function authorizationUrl(
  { authorization_endpoint: endpoint = "" }: oauth.AuthorizationServer,
  { metadataAt, clientId, scopes, parameters }: OpenIdOptions,
  { redirectUri, state, nonce, codeVerifier, loginHint, prompt }: UpstreamRequest & { readonly state: string },
): Result<string, ConnectorError> {
  if (!URL.canParse(endpoint)) return wrong("has an authorization endpoint that is no URL");
  const url = new URL(endpoint);
  // Plain http only where the operator configured it, for a provider on this machine.
  if (url.protocol !== "https:" && url.protocol !== new URL(metadataAt).protocol) {
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
  readonly renew: MetadataSource["renew"];
}

/** Redeems the code for the claims of a verified identity token. Throws what oauth4webapi and NoAnswer throw. */
async function redeem(redemption: Redemption, callback: UpstreamCallback): Promise<Claims> {
  const { server, options, upstream } = redemption;
  const client: oauth.Client = { client_id: options.clientId, [oauth.clockTolerance]: TOLERANCE_SECONDS };
  const authenticate =
    options.clientAuthentication === "basic"
      ? oauth.ClientSecretBasic(options.clientSecret)
      : oauth.ClientSecretPost(options.clientSecret);
  const response = await requestTokens({ server, client, authenticate, upstream }, callback);
  const expected = await findIssuer(server, options.issuer, response);
  const tokens = await oauth.processAuthorizationCodeResponse(expected, client, response, {
    expectedNonce: callback.nonce,
    requireIdToken: true,
  });
  await verifySignature(redemption, response);
  const claims: Claims = { ...oauth.getValidatedIdTokenClaims(tokens) };
  const isComplete = options.neededClaims.every((name) => claimOf(claims, name) !== undefined);
  if (isComplete || server.userinfo_endpoint === undefined) return claims;
  const subject = String(claims["sub"]);
  const info = await oauth.userInfoRequest(server, client, tokens.access_token, upstream);
  return mergeClaims(claims, { ...(await oauth.processUserInfoResponse(server, client, subject, info)) }, options);
}

/** The metadata with the issuer that the identity token must name. */
async function findIssuer(
  server: oauth.AuthorizationServer,
  { of }: IssuerRule,
  response: Response,
): Promise<oauth.AuthorizationServer> {
  // To read the answer twice costs half a millisecond.
  const unverified = of === null ? null : await readUnverified(response.clone());
  return of === null || unverified === null ? server : { ...server, issuer: of(unverified) };
}

/** The claims of the identity token in an answer, before anything is verified; null if there is no such token. */
async function readUnverified(response: Response): Promise<Claims | null> {
  try {
    const claims: Claims = decodeJwt(String(member(await response.json(), "id_token")));
    return claims;
  } catch {
    // The library says what is wrong with it.
    return null;
  }
}

/** Verifies the token's signature. A provider may replace its keys at once, so an unknown key is looked up anew. */
async function verifySignature({ server, upstream, renew }: Redemption, response: Response): Promise<void> {
  try {
    await oauth.validateApplicationLevelSignature(server, response, upstream);
  } catch (exception) {
    const isUnknownKey = exception instanceof oauth.OperationProcessingError && exception.code === oauth.KEY_SELECTION;
    if (!isUnknownKey) throw exception;
    await oauth.validateApplicationLevelSignature(renew(server), response, upstream);
  }
}

/**
 * Adds what the userinfo endpoint says to the claims of the token, and replaces nothing. What it says of the address's
 * verification counts only for an address that it has named itself.
 */
function mergeClaims(token: Claims, info: Claims, { emailClaim }: OpenIdOptions): Claims {
  const address = claimOf(token, emailClaim);
  const isSameAddress = address === undefined || address === claimOf(info, emailClaim);
  const { email_verified: said, ...rest } = info;
  const { email_verified: saidByToken, ...claims } = token;
  const verified = address === undefined ? said : (saidByToken ?? (isSameAddress ? said : undefined));
  return { ...rest, ...claims, ...(verified === undefined ? {} : { email_verified: verified }) };
}
