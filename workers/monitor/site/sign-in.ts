// SPDX-License-Identifier: Apache-2.0
// Signs a person in at the deployment's own provider, to prove whose name they watch: authorization code with PKCE. The
// code is redeemed by a call within the deployment, so there is no token that somebody could take.
// Spec: OpenID Connect Core 1.0 §3.1.2; RFC 7636; RFC 9207

import { readAnswer } from "../../../shared/oauth/client/answer.ts";
import { makeAuthorizationAddress } from "../../../shared/oauth/client/begin.ts";
import { WATCH_CLIENT_ID, WATCH_REDIRECT_PATH } from "../../../shared/oauth/client/site.ts";
import { challengeOf } from "../../../shared/oauth/request/pkce.ts";
import { ownIssuerOf } from "../../../shared/oidc/own-issuer.ts";
import type { Config } from "../env.ts";
import { redirectTo, respondWithProblem } from "./respond.ts";
import { endSignInCookie, makeSessionCookie, makeSignInCookie, makeToken, readSignIn } from "./session.ts";

const redirectUriOf = ({ publicUrl }: Config): string => `${publicUrl.href}${WATCH_REDIRECT_PATH}`;

/** GET /watch/sign-in */
export async function beginSignIn(_: Request, config: Config): Promise<Response> {
  const issuer = ownIssuerOf(config.publicUrl.href);
  // RFC 7636 §4.1: 43 characters at least.
  const signIn = { state: makeToken(), nonce: makeToken(), verifier: `${makeToken()}${makeToken()}` };
  const address = makeAuthorizationAddress(`${issuer}/auth`, {
    clientId: WATCH_CLIENT_ID,
    redirectUri: redirectUriOf(config),
    state: signIn.state,
    nonce: signIn.nonce,
    challenge: challengeOf(signIn.verifier),
  });
  return redirectTo(address, [await makeSignInCookie(config, signIn)]);
}

/** GET /watch/signed-in */
export async function endSignIn(request: Request, config: Config): Promise<Response> {
  const { publicUrl } = config;
  const begun = await readSignIn(request, config);
  if (begun === null) return refuse(config, "This browser has not begun a sign-in here in the last ten minutes.");
  const message = { origin: publicUrl.href, data: new URL(request.url).search.slice(1) };
  const code = readAnswer(message, { origin: publicUrl.href, state: begun.state, issuer: ownIssuerOf(publicUrl.href) });
  if (!code.ok) {
    return code.error.code === "answer_refused"
      ? refuse(config, "The sign-in was refused, by you or by the provider.")
      : refuse(config, "This answer belongs to another sign-in.");
  }
  const { verifier, nonce } = begun;
  const grant = { clientId: WATCH_CLIENT_ID, redirectUri: redirectUriOf(config), code: code.value, verifier };
  const person = await config.people.redeem(grant);
  if (!person.ok || person.value.nonce !== nonce)
    return refuse(config, "The sign-in is used up or too old: it lasts a minute.");
  return redirectTo("/watch", [await makeSessionCookie(config, person.value.address), endSignInCookie(config)]);
}

const refuse = (config: Config, lead: string): Response =>
  respondWithProblem(config.publicUrl, {
    status: 400,
    title: "You are not signed in",
    lead,
    cookies: [endSignInCookie(config)],
  });
