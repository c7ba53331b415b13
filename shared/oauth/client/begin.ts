// SPDX-License-Identifier: Apache-2.0
// How a client begins a sign-in: authorization code with PKCE. The caller brings the random values.
// Spec: OpenID Connect Core 1.0 §3.1.2.1; RFC 7636 §4.3

/** The values of a request. */
export interface SignInRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** S256. */
  readonly challenge: string;
}

/** The address to open. @param endpoint the provider's authorization endpoint */
export function makeAuthorizationAddress(endpoint: string, request: SignInRequest): string {
  const { clientId, redirectUri, state, nonce, challenge } = request;
  const address = new URL(endpoint);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "openid email",
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address.href;
}
