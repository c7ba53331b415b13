// SPDX-License-Identifier: Apache-2.0
// Asks the development issuer of a stack on this machine for identity tokens.

export interface TokenRequest {
  readonly email: string;
  readonly audience?: string;
  /** Seconds; negative for a token that has expired. */
  readonly expiresIn?: number;
}

/** An identity token for any e-mail address. Rejects with the issuer's answer where it gives none. */
export async function identityToken(url: string, request: TokenRequest): Promise<string> {
  const response = await fetch(`${url}/oidc/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  const grant = (await response.json()) as { readonly id_token: string };
  return grant.id_token;
}
