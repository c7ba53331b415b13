// SPDX-License-Identifier: Apache-2.0
// Whether a provider knows a deployment: its client id, client secret and redirect URI, as far as a provider says so
// without a login. Each question is asked a second time with a value that must be wrong. Only a provider that answers
// the two differently has said something.
// Spec: RFC 6749 §4.1.2.1, §5.2

import { createHash, randomBytes } from "node:crypto";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Answer } from "../status/observe.ts";
import { type AskUpstream, type ConnectorRow, type Endpoints, findEndpoints, oauthErrorOf } from "./upstream.ts";

/** A provider's verdict on one value. */
type Verdict = "accepted" | "refused" | "unknown";

/** A provider's verdicts on a connector. */
export interface Probed {
  /** Client id and client secret. */
  readonly client: Verdict;
  readonly redirectUri: Verdict;
  /** Completes "<name> …": what it answered, if it refused; for people. */
  readonly detail: string;
}

/** GitHub's and Bitbucket's names beside those of RFC 6749; Auth0 says access_denied. */
const CLIENT_ERRORS = new Set([
  "invalid_client",
  "unauthorized_client",
  "incorrect_client_credentials",
  "access_denied",
]);
const CODE_ERRORS = new Set(["invalid_grant", "bad_verification_code"]);
const REDIRECT_ERROR = "redirect_uri_mismatch";
/** AADSTS numbers: https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const ENTRA_CLIENT = [700_016, 7_000_215, 7_000_222];
const ENTRA_REDIRECT = 50_011;

/** Asks the provider of a connector. The error completes "<name> …". */
export async function askProvider(
  ask: AskUpstream,
  row: ConnectorRow,
  redirectUri: string,
): Promise<Result<Probed, string>> {
  const endpoints = await findEndpoints(ask, row);
  if (!endpoints.ok) return endpoints;
  const answered = await askToken(ask, endpoints.value, row, redirectUri);
  if (!answered.ok) return answered;
  const told = classify(answered.value);
  if (told.about === "client") return ok({ client: "refused", redirectUri: "unknown", detail: told.detail });
  const client =
    told.about === "code" ? await confirmSecret(ask, endpoints.value, row, redirectUri) : ok("unknown" as const);
  if (!client.ok) return client;
  if (told.about === "redirect") return ok({ client: client.value, redirectUri: "refused", detail: told.detail });
  const redirect = await askRedirect(ask, endpoints.value, row, redirectUri);
  if (!redirect.ok) return redirect;
  const isWrong = redirect.value.verdict === "refused";
  return ok({
    client: client.value,
    redirectUri: redirect.value.verdict,
    detail: isWrong ? redirect.value.detail : told.detail,
  });
}

/** Redeems a code that nobody issued. The error completes "<name> …". */
async function askToken(
  ask: AskUpstream,
  { token }: Endpoints,
  { type, config, secret }: ConnectorRow,
  redirectUri: string,
): Promise<Result<Answer, string>> {
  const clientId = String(config["clientID"]);
  const inBody = type === "github" || config["basicAuthUnsupported"] === true;
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code: randomBytes(16).toString("base64url"),
    redirect_uri: redirectUri,
    code_verifier: randomBytes(32).toString("base64url"),
    ...(inBody ? { client_id: clientId, client_secret: secret } : {}),
  });
  const basic = Buffer.from([clientId, secret].map(encodeForm).join(":")).toString("base64");
  return await ask(token, {
    method: "POST",
    headers: {
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      ...(inBody ? {} : { authorization: `Basic ${basic}` }),
    },
    body: form.toString(),
  });
}

/** RFC 6749 §2.3.1: both halves are encoded as in a form. */
const encodeForm = (value: string): string => new URLSearchParams({ v: value }).toString().slice(2);

interface Told {
  readonly about: "client" | "redirect" | "code" | "nothing";
  readonly detail: string;
}

function classify(answer: Answer): Told {
  const told = oauthErrorOf(answer);
  const error = told?.error ?? "no OAuth error";
  const numbers = told?.codes.map((code) => `AADSTS${code}`).join(", ") ?? "";
  const detail = `answers ${answer.status} ${error}${numbers === "" ? "" : ` (${numbers})`}`;
  const isEntra = (codes: readonly number[]): boolean => told?.codes.some((code) => codes.includes(code)) ?? false;
  if (error === REDIRECT_ERROR || isEntra([ENTRA_REDIRECT])) return { about: "redirect", detail };
  if (CLIENT_ERRORS.has(error) || isEntra(ENTRA_CLIENT) || answer.status === 401) return { about: "client", detail };
  return { about: CODE_ERRORS.has(error) ? "code" : "nothing", detail };
}

/** Whether the provider refuses another secret: if it does not, it looked at the code first. */
async function confirmSecret(
  ask: AskUpstream,
  endpoints: Endpoints,
  row: ConnectorRow,
  redirectUri: string,
): Promise<Result<Verdict, string>> {
  const wrong = { ...row, secret: randomBytes(32).toString("base64url") };
  const answer = await askToken(ask, endpoints, wrong, redirectUri);
  if (!answer.ok) return answer;
  return ok(classify(answer.value).about === "client" ? "accepted" : "unknown");
}

interface RedirectVerdict {
  readonly verdict: Verdict;
  readonly detail: string;
}

/** Begins a sign-in with the redirect URI, and one with a redirect URI that nobody has registered. */
async function askRedirect(
  ask: AskUpstream,
  { authorization }: Endpoints,
  row: ConnectorRow,
  redirectUri: string,
): Promise<Result<RedirectVerdict, string>> {
  const begin = (uri: string): Promise<Result<Answer, string>> => ask(authorizationUrl(authorization, row, uri));
  const [own, foreign] = [await begin(redirectUri), await begin(`${redirectUri}-not-registered`)];
  if (!own.ok || !foreign.ok) return own.ok ? err(foreign.ok ? "" : foreign.error) : own;
  const detail = `answers ${describe(own.value)} to the redirect URI`;
  // No provider sends a browser to an address that is not registered.
  if (own.value.headers.get("location")?.startsWith(redirectUri) === true) return ok({ verdict: "accepted", detail });
  if (isRefusal(own.value)) return ok({ verdict: "refused", detail });
  return ok({ verdict: isRefusal(foreign.value) ? "accepted" : "unknown", detail });
}

function authorizationUrl(endpoint: string, { type, config }: ConnectorRow, redirectUri: string): string {
  const url = new URL(endpoint);
  const wanted = {
    response_type: "code",
    client_id: String(config["clientID"]),
    redirect_uri: redirectUri,
    scope: type === "github" ? "user:email" : type === "bitbucket-cloud" ? "email" : "openid email",
    state: randomBytes(16).toString("base64url"),
    nonce: randomBytes(16).toString("base64url"),
    code_challenge: createHash("sha256").update(randomBytes(32)).digest("base64url"),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, value);
  return url.href;
}

/** An error page, or the way to one: Google redirects to /signin/oauth/error, Auth0 to /error. */
const isRefusal = (answer: Answer): boolean =>
  (answer.status >= 400 && answer.status < 500) || /\/error(?:[/?]|$)/.test(answer.headers.get("location") ?? "");

const describe = ({ status, headers }: Answer): string => {
  const location = headers.get("location");
  return location !== null && URL.canParse(location) ? `${status} to ${new URL(location).pathname}` : String(status);
};
