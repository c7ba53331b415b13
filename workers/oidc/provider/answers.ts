// SPDX-License-Identifier: Apache-2.0
// The answers of a sign-in to a browser: redirects, error pages, and the addresses that lead back to the client.

import { requestIdOf } from "../../../shared/http/request-id.ts";
import type { Client } from "../../../shared/oauth/request/clients.ts";
import { redirectTarget } from "../../../shared/oauth/request/clients.ts";
import { appendParameters, type RedirectTarget } from "../../../shared/oauth/request/redirect-uri.ts";
import type { SignInError } from "../errors.ts";
import { makeErrorPage, type WaysOut } from "../pages/error-page.ts";
import { respondWithPage } from "../pages/respond.ts";
import type { Provider } from "./provider.ts";
import type { SignIn } from "./sign-in.ts";

/** Sends the browser on after a GET. What follows a form is a page instead. */
export function redirect(location: string, cookies: readonly string[] = []): Response {
  const headers = new Headers({ location, "cache-control": "no-store", "referrer-policy": "no-referrer" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status: 302, headers });
}

const NO_WAYS: Omit<WaysOut, "requestId"> = { againHref: null, cancelHref: null, refusal: null };

/** The page of an error. The operator's log gets what the operator can mend. */
export function showError(
  request: Request,
  error: SignInError,
  ways: Partial<Omit<WaysOut, "requestId">> = {},
): Response {
  const requestId = requestIdOf(request);
  if (error.code === "connector_failed") logConnectorError(error, requestId);
  return respondWithPage(request, makeErrorPage(error, { ...NO_WAYS, ...ways, requestId }));
}

/** Neither address nor account: a person who may not sign in is not the operator's problem. */
function logConnectorError(
  { connector, cause }: Extract<SignInError, { code: "connector_failed" }>,
  requestId: string | null,
): void {
  if (cause.code !== "upstream_failed" && cause.code !== "upstream_refused") return;
  console.error(JSON.stringify({ code: cause.code, requestId, connector, problem: cause.problem }));
}

/** An error in the client's address. @param to as readAuthorizationRequest has checked it */
export const makeErrorAddress = (
  { config }: Provider,
  to: { readonly redirectUri: string; readonly state: string | null },
  { error, description }: { readonly error: string; readonly description: string },
): string =>
  appendParameters(to.redirectUri, { error, error_description: description, state: to.state, iss: config.issuer });

/** Tells the client that the person does not want to; null where no address leads there. */
export function makeCancelAddress(provider: Provider, signIn: SignIn): string | null {
  const asked = findAsked(provider, signIn);
  if (signIn.kind !== "code" || asked === null || asked.target.kind === "out_of_band") return null;
  const description = "the sign-in was refused or cancelled in the browser";
  return makeErrorAddress(provider, signIn, { error: "access_denied", description });
}

/** The client of a sealed sign-in and where its answer goes; null if a new configuration no longer has them. */
export function findAsked(
  { config }: Provider,
  signIn: SignIn,
): { readonly client: Client; readonly target: RedirectTarget } | null {
  if (signIn.kind !== "code") return null;
  const client = config.clients.get(signIn.clientId);
  const target = client === undefined ? null : redirectTarget(client, signIn.redirectUri);
  return client === undefined || target === null ? null : { client, target };
}
