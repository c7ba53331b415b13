// SPDX-License-Identifier: Apache-2.0
// The token endpoint. Every answer is JSON: Go's client reads anything else as a form, and its device flow knows four
// errors and ends on all others. Spec: RFC 6749 §4.1.3, §5; RFC 8628 §3.4, §3.5

import { readForm } from "../../../shared/http/form.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import { challengeOf } from "../../../shared/oauth/request/pkce.ts";
import { readTokenRequest, type TokenRequest } from "../../../shared/oauth/request/token-request.ts";
import type { Result } from "../../../shared/result.ts";
import type { CodeRefusal, PollRefusal, Redeemed } from "../../../shared/rpc/grants.ts";
import { ROUTES } from "../declaration.ts";
import { type OidcError, renderError } from "../status.ts";
import { checkSignIn } from "./go-upstream.ts";
import { hashCode } from "./grant.ts";
import type { Provider } from "./provider.ts";
import { claimsOf, signToken, TOKEN_SECONDS } from "./sign-token.ts";

/** Handles POST /token. */
export async function issueToken(request: Request, provider: Provider): Promise<Response> {
  if (!checkSignIn(provider).ok) return renderError({ code: "token_sign_in_off" });
  const form = await readForm(request, maxBodyBytesOf(ROUTES, "token"));
  if (!form.ok) return renderError({ code: "token_form_invalid", problem: form.error.problem });
  const wanted = readTokenRequest(form.value, request.headers.get("authorization"), provider.config.clients);
  if (!wanted.ok) return renderError(wanted.error);
  const redeemed = await redeem(provider, wanted.value);
  return redeemed.ok ? answer(provider, redeemed.value) : renderError(redeemed.error);
}

/** One transaction of the object decides. What is wrong with the request leaves the code as it is. */
async function redeem(provider: Provider, wanted: TokenRequest): Promise<Result<Redeemed, CodeRefusal | PollRefusal>> {
  const grants = provider.grants();
  if (wanted.grant === "device") {
    return grants.pollDevice({
      deviceHash: hashCode(wanted.deviceCode),
      clientId: wanted.client?.id ?? null,
      challenge: wanted.verifier === "" ? null : challengeOf(wanted.verifier),
    });
  }
  return grants.redeemCode({
    codeHash: hashCode(wanted.code),
    clientId: wanted.client.id,
    redirectUri: wanted.redirectUri,
    challenge: challengeOf(wanted.verifier),
  });
}

/**
 * Signs one token for both members: sigstore-python presents the access token to the CA. A token cannot hold its own
 * hash, so there is no `at_hash`, which is optional in this flow.
 */
async function answer({ config, platform }: Provider, redeemed: Redeemed): Promise<Response> {
  const client = config.clients.get(redeemed.clientId);
  const error: OidcError = { code: "code_unknown" };
  if (client === undefined) return renderError(error);
  const { issuer } = config;
  const claims = claimsOf(redeemed, { issuer, audience: client.audience, now: platform.now() });
  const signed = await signToken(config, claims);
  const body = {
    access_token: signed,
    id_token: signed,
    token_type: "Bearer",
    expires_in: TOKEN_SECONDS,
    scope: "openid email",
  };
  return Response.json(body, { headers: { "cache-control": "no-store", pragma: "no-cache" } });
}
