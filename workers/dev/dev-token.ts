// SPDX-License-Identifier: Apache-2.0
// The development issuer: issues a token for any e-mail address to anyone who asks, on loopback hosts only. The
// production composition does not contain this file, and the production CA rejects loopback issuers.

import { readBody } from "../../shared/http/body.ts";
import { catchFailures } from "../../shared/http/failure.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { quote } from "../../shared/http/quote.ts";
import { rejectUnconfigured, renderStatus } from "../../shared/http/status.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { type Decoder, message, string } from "../../shared/json/proto.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Config, type OidcEnv, readConfig } from "../oidc/env.ts";
import { signToken } from "../oidc/provider/sign-token.ts";
import { renderError } from "../oidc/status.ts";
import { type DevTokenError, reject } from "./status.ts";

/** The path that `devToken` serves. */
export const DEV_TOKEN_PATH = "/oidc/dev/token";

interface TokenRequest {
  readonly email: string;
  readonly audience: string;
  /** Negative for a token that has already expired. */
  readonly expiresInSeconds: number;
}

const MAX_BODY_BYTES = 4096;
const DEFAULT_LIFETIME_SECONDS = 600;
const MAX_LIFETIME_SECONDS = 86_400;
/** The longest address that SMTP can carry (RFC 5321 §4.5.3.1.3). */
const MAX_EMAIL_CHARACTERS = 254;
const MAX_AUDIENCE_CHARACTERS = 255;

const integer: Decoder<number> = (value, path) =>
  Number.isSafeInteger(value) ? ok(value as number) : err({ code: "field_type", path });
const decodeFields = message({ email: string, audience: string, expiresIn: integer }, "reject");

/**
 * Answers every request to DEV_TOKEN_PATH and rejects all but a `POST` of JSON from a loopback host. The JSON type
 * makes a browser send a CORS preflight request first, and no response here lets a page of another origin obtain a
 * token.
 */
export function issueDevToken(request: Request, env: OidcEnv): Promise<Response> {
  return catchFailures(
    request,
    () => issueToken(request, env),
    (requestId) => renderError({ code: "oidc_failed", requestId }),
  );
}

async function issueToken(request: Request, env: OidcEnv): Promise<Response> {
  const config = readConfig(env);
  if (!config.ok) return renderStatus(rejectUnconfigured(config.error));
  const rejection = rejectionOf(request, config.value);
  if (rejection !== null) return rejection;
  const body = await readBody(request, MAX_BODY_BYTES);
  if (!body.ok) return reject(body.error);
  const tokenRequest = parseTokenRequest(body.value);
  if (!tokenRequest.ok) return reject(tokenRequest.error);
  const token = await makeToken(config.value, tokenRequest.value);
  const grant = {
    id_token: token,
    // sigstore-python presents the access token to the CA, so it is the identity token again.
    access_token: token,
    token_type: "Bearer",
    expires_in: tokenRequest.value.expiresInSeconds,
  };
  return Response.json(grant, { headers: { "cache-control": "no-store" } });
}

/** Checks host, method and type. Returns null if all are right. */
function rejectionOf(request: Request, { publicUrl }: Config): Response | null {
  const requested = parsePublicUrl(new URL(request.url).origin);
  if (!publicUrl.isLoopback || !requested.ok || !requested.value.isLoopback) {
    return reject({ code: "token_host_not_loopback" });
  }
  if (request.method !== "POST") return renderError({ code: "oidc_method_wrong", allow: "POST" });
  const [mediaType] = (request.headers.get("content-type") ?? "").split(";");
  return mediaType?.trim().toLowerCase() === "application/json" ? null : reject({ code: "token_type_not_json" });
}

const rejectInvalid = (problem: string): Result<never, DevTokenError> =>
  err({ code: "token_request_invalid", problem });

function parseTokenRequest(body: Uint8Array): Result<TokenRequest, DevTokenError> {
  const json = parseJson(body);
  if (!json.ok) return rejectInvalid("is not JSON");
  const fields = decodeFields(json.value, "");
  if (!fields.ok)
    return rejectInvalid(`has a wrong or unknown field${fields.error.path && `: ${quote(fields.error.path)}`}`);
  const { email, audience = "sigstore", expiresIn = DEFAULT_LIFETIME_SECONDS } = fields.value;
  if (email === undefined || !isEmail(email)) return rejectInvalid("needs an e-mail address in email");
  if (audience === "" || audience.length > MAX_AUDIENCE_CHARACTERS)
    return rejectInvalid("has an empty or too long audience");
  if (Math.abs(expiresIn) > MAX_LIFETIME_SECONDS) {
    return rejectInvalid(`has an expiresIn beyond ${MAX_LIFETIME_SECONDS} seconds`);
  }
  return ok({ email, audience, expiresInSeconds: expiresIn });
}

/** Whether the text is two parts of printable ASCII around one @. This catches typing mistakes; the CA decides. */
function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_CHARACTERS && /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/.test(text);
}

function makeToken(config: Config, request: TokenRequest): Promise<string> {
  const { issuer } = config;
  const { email, audience, expiresInSeconds } = request;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    sub: email,
    aud: audience,
    exp: nowSeconds + expiresInSeconds,
    iat: nowSeconds,
    email,
    email_verified: true,
    federated_claims: { connector_id: issuer, user_id: email },
  };
  return signToken(config, claims);
}
