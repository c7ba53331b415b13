// SPDX-License-Identifier: Apache-2.0
// Requests identity tokens from the development issuer of a local stack.

import { member } from "../shared/json/member.ts";
import { ownIssuerOf } from "../shared/oidc/own-issuer.ts";

/** The claims of an identity token. */
export interface TokenRequest {
  readonly email: string;
  readonly audience?: string;
  /** Seconds; negative for a token that has expired. */
  readonly expiresIn?: number;
}

/** Requests an identity token for any email address. Rejects with the issuer's answer if it refuses. */
export async function requestToken(url: string, request: TokenRequest): Promise<string> {
  const response = await fetch(`${ownIssuerOf(url)}/dev/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
  const token = member(await response.json(), "id_token");
  if (typeof token !== "string") throw new Error(`${url} answers without a token`);
  return token;
}
