// SPDX-License-Identifier: Apache-2.0
// The authorization request of a Sigstore client that opens a browser.

import { createHash } from "node:crypto";

interface AuthorizationRequest {
  readonly redirectUri: string;
  /** The code verifier, whose S256 challenge is sent. */
  readonly verifier: string;
}

/** The address at the provider that the client opens. @param others further parameters */
export function makeAuthorizationUrl(
  provider: string,
  { redirectUri, verifier }: AuthorizationRequest,
  others: Readonly<Record<string, string>> = {},
): string {
  const parameters = new URLSearchParams({
    client_id: "sigstore",
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...others,
  });
  return `${provider}/oidc/auth?${parameters.toString()}`;
}
