// SPDX-License-Identifier: Apache-2.0
// Redeems the code of a callback at the token endpoint. Spec: RFC 6749 §4.1.3; RFC 7636 §4.5; RFC 9207 §2.4

import * as oauth from "oauth4webapi";
import type { UpstreamCallback } from "../connector.ts";
import type { UpstreamOptions } from "../upstream.ts";

/** The two parties of a token request. */
export interface TokenEndpoint {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authenticate: oauth.ClientAuth;
  readonly upstream: UpstreamOptions;
}

/** Returns the token endpoint's answer. Throws what oauth4webapi and NoAnswer throw. */
export function requestTokens(
  { server, client, authenticate, upstream }: TokenEndpoint,
  { parameters, redirectUri, codeVerifier }: UpstreamCallback,
): Promise<Response> {
  // The provider's `iss` is checked here; our own `state` has been opened before.
  const state = parameters.get("state") ?? oauth.expectNoState;
  const answer = oauth.validateAuthResponse(server, client, parameters, state);
  return oauth.authorizationCodeGrantRequest(server, client, authenticate, answer, redirectUri, codeVerifier, upstream);
}
