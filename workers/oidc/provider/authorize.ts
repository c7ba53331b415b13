// SPDX-License-Identifier: Apache-2.0
// The authorization endpoint: checks the request, and sends the browser to a connector or lets the person choose one.
// Spec: RFC 6749 §4.1.1; OpenID Connect Core 1.0 §3.1.2; RFC 9207

import { readForm } from "../../../shared/http/form.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import {
  type AuthorizationError,
  type AuthorizationRequest,
  type Return,
  readAuthorizationRequest,
} from "../../../shared/oauth/request/authorization-request.ts";
import { ROUTES } from "../declaration.ts";
import { respondWithPage } from "../pages/respond.ts";
import { makeErrorAddress, redirect, showError } from "./answers.ts";
import { findAsker } from "./asker.ts";
import { isFromBrowser, markBrowser } from "./browser.ts";
import { CHOOSE, checkSignIn, findOnlyConnector, makeChoosePage, makeUpstreamAddress } from "./go-upstream.ts";
import type { Provider } from "./provider.ts";
import { type Choice, type SignIn, unpackChoice } from "./sign-in.ts";

/** Handles GET /auth. */
export const authorize = (request: Request, provider: Provider): Promise<Response> =>
  begin(request, provider, new URL(request.url).searchParams);

/** Handles POST /auth, which OpenID Connect Core §3.1.2.1 demands. */
export async function authorizeByForm(request: Request, provider: Provider): Promise<Response> {
  const form = await readForm(request, maxBodyBytesOf(ROUTES, "authorizeByForm"));
  return form.ok ? begin(request, provider, form.value) : showError(request, form.error);
}

async function begin(request: Request, provider: Provider, parameters: URLSearchParams): Promise<Response> {
  const off = checkSignIn(provider);
  if (!off.ok) return showError(request, off.error);
  const read = readAuthorizationRequest(parameters, provider.config.clients);
  if (!read.ok) return refuse(request, provider, read.error);
  const wanted = read.value;
  if (wanted.target.kind === "out_of_band" && !provider.config.isOutOfBandOn) {
    return showError(request, { code: "out_of_band_off" });
  }
  const unknown = unknownConnector(provider, wanted);
  if (unknown !== null) return refuse(request, provider, { code: "request_refused", ...unknown, to: wanted });
  const browser = markBrowser(request, provider.config.publicUrl, provider.platform);
  const cookies = browser.cookie === null ? [] : [browser.cookie];
  const { loginHint, prompt } = wanted;
  const choice: Choice = { signIn: signInOf(request, wanted), browser: browser.hash, loginHint, prompt };
  const connector = provider.connectors.find(({ id }) => id === wanted.connectorId) ?? findOnlyConnector(provider);
  if (connector === null) return offer(request, provider, choice, cookies);
  const address = await makeUpstreamAddress(provider, connector, choice);
  if (address.ok) return redirect(address.value, cookies);
  return address.error.code === "request_too_long"
    ? refuse(request, provider, { code: "request_refused", ...TOO_LONG, to: { ...wanted, state: null } })
    : showError(request, address.error);
}

const TOO_LONG = {
  error: "invalid_request",
  description: "redirect_uri, state and nonce are too long together",
} as const;

const signInOf = (request: Request, wanted: AuthorizationRequest): SignIn => ({
  kind: "code",
  clientId: wanted.client.id,
  redirectUri: wanted.redirectUri,
  state: wanted.state,
  nonce: wanted.nonce,
  challenge: wanted.challenge,
  isFromPage: isFromPage(request),
});

/**
 * Whether a page may have sent the browser. A program opens it without a page before it, and browsers say so; one that
 * says nothing may have been sent. A site that a program has opened can pass the browser on by a redirect, which looks
 * the same, so canBeRemembered asks for more. Spec: Fetch Metadata §2
 */
const isFromPage = ({ headers }: Request): boolean => headers.get("sec-fetch-site") !== "none";

function unknownConnector({ connectors }: Provider, { connectorId }: AuthorizationRequest) {
  if (connectorId === null || connectors.some(({ id }) => id === connectorId)) return null;
  const ids = connectors.map(({ id }) => id).join(", ");
  return { error: "invalid_request", description: `connector_id is not known; known are ${ids}` } as const;
}

/** To the client if its address is known to be good, otherwise to the person only. */
function refuse(request: Request, provider: Provider, error: AuthorizationError): Response {
  if (error.code !== "request_refused") return showError(request, error);
  const { to, description } = error;
  return isAddress(to)
    ? redirect(makeErrorAddress(provider, to, error))
    : showError(request, { code: "request_unanswerable", description });
}

const isAddress = ({ target }: Return): boolean => target.kind !== "out_of_band";

async function offer(
  request: Request,
  provider: Provider,
  choice: Choice,
  cookies: readonly string[],
): Promise<Response> {
  const asker = await findAsker(request, provider, choice.signIn);
  if (!asker.ok) return showError(request, asker.error);
  return respondWithPage(request, await makeChoosePage(provider, choice, asker.value), cookies);
}

/** Handles GET /auth/:connector: the person has chosen, or wants to choose again. */
export async function choose(
  request: Request & { readonly params: Readonly<Record<string, string>> },
  provider: Provider,
): Promise<Response> {
  const off = checkSignIn(provider);
  if (!off.ok) return showError(request, off.error);
  const { config, sealer, platform } = provider;
  const ticket = new URL(request.url).searchParams.get("ticket") ?? "";
  const opened = await sealer.open("choose", ticket, platform.now());
  if (!opened.ok) {
    return showError(request, { code: opened.error.code === "seal_expired" ? "sign_in_expired" : "sign_in_broken" });
  }
  const choice = unpackChoice(opened.value);
  if (!isFromBrowser(request, config.publicUrl, choice.browser)) {
    return showError(request, { code: "browser_changed" });
  }
  const slug = request.params["connector"];
  const connector =
    slug === CHOOSE ? findOnlyConnector(provider) : provider.connectors.find((one) => one.slug === slug);
  if (connector === undefined) return showError(request, { code: "connector_unknown" });
  if (connector === null) return offer(request, provider, choice, []);
  const address = await makeUpstreamAddress(provider, connector, choice);
  return address.ok ? redirect(address.value) : showError(request, address.error);
}
