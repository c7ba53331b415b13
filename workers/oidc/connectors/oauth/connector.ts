// SPDX-License-Identifier: Apache-2.0
// A connector to a provider that has OAuth and an API of its own, and no identity token: authorization code with PKCE,
// then the API says who the person is. The token is used for these requests only, and forgotten.
// Spec: RFC 6749 §4.1; RFC 7636; RFC 6750 §2.1

import * as oauth from "oauth4webapi";
import { parseJson } from "../../../../shared/json/parse.ts";
import type { ConnectorIdentity } from "../../../../shared/oauth/connectors/connectors.ts";
import { challengeOf } from "../../../../shared/oauth/request/pkce.ts";
import { ok, type Result } from "../../../../shared/result.ts";
import type { Connector, ConnectorError, ConnectorKind, Identity, UpstreamRequest } from "../connector.ts";
import { settle } from "../openid/errors.ts";
import { requestTokens } from "../openid/request-tokens.ts";
import { makeUpstreamFetch, makeUpstreamOptions, NoAnswer, type UpstreamTools } from "../upstream.ts";

/** The parts of every connector to such a provider. */
export interface OAuthTools extends UpstreamTools {
  readonly identity: ConnectorIdentity;
  readonly clientSecret: string;
}

/** The parts in which they differ. */
export interface OAuthOptions extends OAuthTools {
  readonly kind: ConnectorKind;
  /** `iss` of the authorization response, if the provider sends one. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientAuthentication: "basic" | "body";
  readonly scopes: readonly string[];
  /** The provider's own parameters for a hint and a prompt. */
  readonly parametersOf: (request: UpstreamRequest) => Readonly<Record<string, string>>;
  /** Headers of every request to the API. */
  readonly apiHeaders: Readonly<Record<string, string>>;
  readonly identityOf: (api: Api) => Promise<Result<readonly Identity[], ConnectorError>>;
}

/** The provider's API, as the person. */
export interface Api {
  /** Reads a JSON document. Throws NoAnswer for any other answer. */
  readonly read: (url: string) => Promise<unknown>;
}

/** Creates the connector. */
export function createOAuthConnector(options: OAuthOptions): Connector {
  return {
    ...options.identity,
    kind: options.kind,
    authorizationUrl: async (request) => ok(authorizationUrl(options, request, await request.seal(null))),
    identify: (callback) =>
      settle(async () => {
        const { clientId, clientSecret, clientAuthentication } = options;
        const server: oauth.AuthorizationServer = { issuer: options.issuer, token_endpoint: options.tokenEndpoint };
        const client: oauth.Client = { client_id: clientId };
        const authenticate =
          clientAuthentication === "basic"
            ? oauth.ClientSecretBasic(clientSecret)
            : oauth.ClientSecretPost(clientSecret);
        const upstream = makeUpstreamOptions(options, options.issuer);
        const response = await requestTokens({ server, client, authenticate, upstream }, callback);
        const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
        return options.identityOf(openApi(options, tokens.access_token));
      }),
  };
}

function authorizationUrl(options: OAuthOptions, request: UpstreamRequest, state: string): string {
  const url = new URL(options.authorizationEndpoint);
  const wanted = {
    response_type: "code",
    client_id: options.clientId,
    redirect_uri: request.redirectUri,
    scope: options.scopes.join(" "),
    state,
    code_challenge: challengeOf(request.codeVerifier),
    code_challenge_method: "S256",
    ...options.parametersOf(request),
  };
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
  return url.href;
}

function openApi(options: OAuthOptions, token: string): Api {
  const fetch = makeUpstreamFetch(options);
  return {
    read: async (url) => {
      const headers = { ...options.apiHeaders, authorization: `Bearer ${token}` };
      const response = await fetch(url, { method: "GET", headers });
      if (response.status !== 200) throw new NoAnswer(`answered a question about you with status ${response.status}`);
      const json = parseJson(new Uint8Array(await response.arrayBuffer()), MAX_API_VALUES);
      if (!json.ok) throw new NoAnswer(`sent an answer that cannot be read (${json.error.code})`);
      return json.value;
    },
  };
}

/** As many as makeUpstreamFetch lets pass. */
const MAX_API_VALUES = 16_384;

/** More pages than anybody fills, so that a provider cannot keep the person waiting. */
const MAX_PAGES = 3;

/** Reads up to three pages of a list. @param next the address of the page after this one; null for none */
export async function readPages(
  api: Api,
  first: string,
  read: (page: unknown) => { readonly items: readonly unknown[]; readonly next: string | null },
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  let url: string | null = first;
  for (let count = 0; url !== null && count < MAX_PAGES; count++) {
    const { items, next } = read(await api.read(url));
    all.push(...items);
    url = next;
  }
  return all;
}
