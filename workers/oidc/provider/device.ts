// SPDX-License-Identifier: Apache-2.0
// The device flow: a program shows a code, and a person types it in a browser elsewhere. Whoever holds the code may be
// an attacker, so the person sees who asks, from where, before anything is granted (confirm.ts).
// Spec: RFC 8628

import { encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { clientNetwork } from "../../../shared/http/client-address.ts";
import { readForm } from "../../../shared/http/form.ts";
import { maxBodyBytesOf } from "../../../shared/http/route.ts";
import type { Client } from "../../../shared/oauth/request/clients.ts";
import { isChallenge } from "../../../shared/oauth/request/pkce.ts";
import { readClient } from "../../../shared/oauth/request/token-request.ts";
import { makeUserCode, parseUserCode } from "../../../shared/oauth/request/user-code.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { unixMs } from "../../../shared/time.ts";
import { ROUTES } from "../declaration.ts";
import { respondWithPage } from "../pages/respond.ts";
import { type OidcError, renderError } from "../status.ts";
import { showError } from "./answers.ts";
import { findAsker } from "./asker.ts";
import { markBrowser } from "./browser.ts";
import { isForeign } from "./confirm.ts";
import { checkSignIn, findOnlyConnector, makeChoosePage, makeUpstreamAddress } from "./go-upstream.ts";
import { hashCode } from "./grant.ts";
import type { Provider } from "./provider.ts";
import type { Choice } from "./sign-in.ts";

const DEVICE_CODE_BYTES = 32;
const DEVICE_SECONDS = 300;
/** RFC 8628 §3.5: the client's default as well. */
const POLL_SECONDS = 5;
/** Codes are random among 2.56e10, so the first one is free unless the table is full. */
const MAX_ATTEMPTS = 3;

/** Handles POST /device/code. */
export async function issueDeviceCode(request: Request, provider: Provider): Promise<Response> {
  const { config } = provider;
  if (!checkSignIn(provider).ok) return renderError({ code: "token_sign_in_off" });
  if (config.deviceFlow === "off") return renderError({ code: "device_flow_off" });
  const form = await readForm(request, maxBodyBytesOf(ROUTES, "deviceCode"));
  if (!form.ok) return renderError({ code: "token_form_invalid", problem: form.error.problem });
  const asked = readDeviceRequest(form.value, request.headers.get("authorization"), provider);
  if (!asked.ok) return renderError(asked.error);
  const { client, challenge } = asked.value;
  const secret = encodeBase64Url(provider.platform.randomBytes(DEVICE_CODE_BYTES));
  const row = {
    deviceHash: hashCode(secret),
    clientId: client.id,
    challenge,
    network: clientNetwork(request),
    country: countryOf(request),
    expiresAt: unixMs(provider.platform.now() + DEVICE_SECONDS * 1000),
  };
  const grants = provider.grants();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const userCode = makeUserCode(provider.platform.randomBytes);
    if (await grants.addDevice({ ...row, userCode })) return describeDevice(config.issuer, secret, userCode);
  }
  return renderError({ code: "device_table_full" });
}

const refuse = (problem: string): Result<never, OidcError> => err({ code: "token_form_invalid", problem });

interface DeviceAsked {
  readonly client: Client;
  readonly challenge: string | null;
}

/** PKCE is not in RFC 8628; Go's client sends it, and then the token request must match. */
function readDeviceRequest(
  form: URLSearchParams,
  authorization: string | null,
  { config }: Provider,
): Result<DeviceAsked, OidcError> {
  const client = readClient(form, authorization, config.clients);
  if (!client.ok) return client;
  if (client.value === null) return refuse("has no client_id");
  const scope = form.get("scope") ?? "openid";
  if (!scope.split(" ").includes("openid")) return refuse("has a scope without openid");
  const challenge = form.get("code_challenge") || null;
  if (challenge === null) return ok({ client: client.value, challenge });
  if (form.get("code_challenge_method") !== "S256" || !isChallenge(challenge)) {
    return refuse("has a code_challenge that is not an S256 one");
  }
  return ok({ client: client.value, challenge });
}

/** ISO 3166 alpha-2, as Cloudflare knows it. */
function countryOf({ headers }: Request): string | null {
  const country = headers.get("cf-ipcountry") ?? "";
  return /^[A-Z]{2}$/.test(country) && country !== "XX" ? country : null;
}

function describeDevice(issuer: string, secret: string, userCode: string): Response {
  const body = {
    device_code: secret,
    user_code: userCode,
    verification_uri: `${issuer}/device`,
    verification_uri_complete: `${issuer}/device?user_code=${userCode}`,
    expires_in: DEVICE_SECONDS,
    interval: POLL_SECONDS,
  };
  return Response.json(body, { headers: { "cache-control": "no-store" } });
}

/** Handles GET /device. The code of the link is filled in; the person presses the button. */
export function showDevicePage(request: Request, provider: Provider): Response {
  const off = checkSignIn(provider);
  if (!off.ok) return showError(request, off.error);
  if (provider.config.deviceFlow === "off") return showError(request, { code: "device_off" });
  const userCode = parseUserCode(new URL(request.url).searchParams.get("user_code") ?? "");
  return respondWithPage(request, { kind: "device", action: actionOf(provider), userCode, problem: null });
}

const actionOf = ({ config }: Provider): string => `${config.issuer}/device`;

/** Handles POST /device. What follows is a page: the form may not lead to another site. */
export async function takeUserCode(request: Request, provider: Provider): Promise<Response> {
  const off = checkSignIn(provider);
  if (!off.ok) return showError(request, off.error);
  if (provider.config.deviceFlow === "off") return showError(request, { code: "device_off" });
  if (isForeign(request, provider)) return showError(request, { code: "origin_foreign" });
  const form = await readForm(request, maxBodyBytesOf(ROUTES, "deviceForm"));
  if (!form.ok) return showError(request, form.error);
  const typed = form.value.get("user_code") ?? "";
  const userCode = parseUserCode(typed);
  const found = userCode === null ? null : await provider.grants().findDevice(userCode, clientNetwork(request));
  if (userCode === null || found === null || !found.ok) {
    const isExhausted = found?.ok === false && found.error.code === "user_codes_exhausted";
    const problem = isExhausted ? "too_many_attempts" : "code_unknown";
    return respondWithPage(request, { kind: "device", action: actionOf(provider), userCode, problem });
  }
  const browser = markBrowser(request, provider.config.publicUrl, provider.platform);
  const choice: Choice = {
    signIn: { kind: "device", userCode },
    browser: browser.hash,
    loginHint: null,
    prompt: null,
  };
  return continueSignIn(request, provider, choice, browser.cookie === null ? [] : [browser.cookie]);
}

async function continueSignIn(
  request: Request,
  provider: Provider,
  choice: Choice,
  cookies: readonly string[],
): Promise<Response> {
  const connector = findOnlyConnector(provider);
  if (connector === null) {
    const asker = await findAsker(request, provider, choice.signIn);
    if (!asker.ok) return showError(request, asker.error);
    return respondWithPage(request, await makeChoosePage(provider, choice, asker.value), cookies);
  }
  const address = await makeUpstreamAddress(provider, connector, choice);
  if (!address.ok) return showError(request, address.error);
  const to = connector.name;
  return respondWithPage(
    request,
    { kind: "forward", href: address.value, reason: "to_connector", to, address: null },
    cookies,
  );
}
