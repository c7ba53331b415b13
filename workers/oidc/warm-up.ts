// SPDX-License-Identifier: Apache-2.0
// Signs somebody in while the isolate starts (shared/warm-up/fixture.ts says why), at a provider in memory.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { encodeBase64Url } from "../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { decodeEcdsaSignature } from "../../shared/crypto/ecdsa-signature.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { createGate } from "../../shared/http/rate-gate.ts";
import { parseJson } from "../../shared/json/parse.ts";
import { parseConnectors } from "../../shared/oauth/connectors/connectors.ts";
import { makeClientTable } from "../../shared/oauth/request/clients.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { ok } from "../../shared/result.ts";
import type { GrantsRpc, Redeemed } from "../../shared/rpc/grants.ts";
import { unixMs } from "../../shared/time.ts";
import {
  NO_LIMIT,
  runWarmUp,
  serveWarmUp,
  WARM_UP_URL,
  warmUpKey,
  warmUpRequest,
} from "../../shared/warm-up/fixture.ts";
import { identifyHere, type OidcUpstream } from "./connectors/remote.ts";
import { type Config, type OidcEnv, readConfig } from "./env.ts";
import type { Platform } from "./platform.ts";
import { markBrowser } from "./provider/browser.ts";
import { makeUpstreamAddress, NONCE_BYTES } from "./provider/go-upstream.ts";
import { createProvider, type Provider } from "./provider/provider.ts";
import { packConfirmation, type SignIn } from "./provider/sign-in.ts";

const NOW = unixMs(1_800_000_000_000);
const LATER = unixMs(NOW + 60_000);
const SECRET = encodeBase64Url(new Uint8Array(32));
const CHALLENGE = "A".repeat(43);
const LISTENER = "http://localhost:1/";
const ADDRESS = "warm-up@example.com";
const QUERY = `client_id=sigstore&redirect_uri=${LISTENER}&response_type=code&scope=openid&code_challenge=${CHALLENGE}&code_challenge_method=S256`;

type Serve = (request: Request, provider: Provider, remote: OidcUpstream) => Promise<Response>;

/**
 * Returns the number of steps that ran up to their response, and of people whom a provider identified. No token is
 * signed: an RSA key costs more at start-up than it saves later.
 */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => signSomebodyIn(serve));

async function signSomebodyIn(serve: Serve): Promise<number> {
  const provider = createProvider(makeConfig(), PLATFORM, () => []);
  const requests = await makeRequests(provider);
  let identified = 0;
  const remote: OidcUpstream = {
    identify: async (callback) => {
      const identities = await identifyHere(provider, callback);
      identified += Number(identities.ok);
      return identities;
    },
  };
  for (const request of requests) await serveWarmUp(() => serve(request, provider, remote));
  return requests.length + identified;
}

/** The configuration of the warm-up's settings, of which only the key is none: it is read, and then made up for. */
function makeConfig(): Config {
  const env = warmUpEnv();
  readConfig(env);
  const [publicUrl, connectors] = [parsePublicUrl(WARM_UP_URL), parseConnectors(CONNECTORS)];
  if (!publicUrl.ok || !connectors.ok) throw new TypeError("the settings of the warm-up are wrong");
  const secret = new Uint8Array(32);
  return {
    publicUrl: publicUrl.value,
    issuer: ownIssuerOf(WARM_UP_URL),
    signingKey: {},
    publicKey: { kty: "RSA", kid: "" },
    otherKeys: [],
    gate: createGate(publicUrl.value, { reads: NO_LIMIT, writes: NO_LIMIT }),
    connectors: connectors.value,
    connectorSecrets: new Map(connectors.value.map(({ slug }) => [slug, "s"])),
    sealKeys: [secret],
    subjectKey: secret,
    subjectEncoding: "private",
    clients: makeClientTable(publicUrl.value, []),
    deviceFlow: "on",
    isOutOfBandOn: true,
    // The bindings have the methods that the service calls and none that the platform adds.
    grants: { getByName: () => GRANTS } as unknown as Config["grants"],
  };
}

/** Every step of a sign-in by browser and by a device's code, each as it comes after those before it. */
async function makeRequests(provider: Provider): Promise<readonly Request[]> {
  const { hash, cookie } = markBrowser(get("/"), provider.config.publicUrl, PLATFORM);
  const [pair = ""] = (cookie ?? "").split(";");
  const signIn: SignIn = {
    kind: "code",
    clientId: "sigstore",
    redirectUri: LISTENER,
    state: "s",
    nonce: "n",
    challenge: CHALLENGE,
    isFromPage: true,
  };
  const choice = { signIn, browser: hash, loginHint: null, prompt: null };
  const identities = [{ userId: "1", address: ADDRESS }];
  const confirmation = packConfirmation({ signIn, browser: hash, connectorId: OPENID, identities });
  const ticket = await provider.sealer.seal("confirm", confirmation, LATER);
  const callbacks: Request[] = [];
  for (const connector of provider.connectors) {
    const there = await makeUpstreamAddress(provider, connector, choice);
    const { searchParams } = new URL(there.ok ? there.value : WARM_UP_URL);
    const query = new URLSearchParams({ code: "c", state: searchParams.get("state") ?? "" });
    callbacks.push(get(`/oidc/callback/${connector.slug}?${query.toString()}`, pair));
  }
  return [
    get(`/oidc/auth?${QUERY}`),
    get(`/oidc/auth?${QUERY}&connector_id=${OPENID}`),
    ...callbacks,
    post("/oidc/confirm", `ticket=${ticket}&address=${ADDRESS}&answer=grant`, pair),
    post(
      "/oidc/token",
      `grant_type=authorization_code&client_id=sigstore&code=c&redirect_uri=${LISTENER}&code_verifier=v`,
    ),
    post("/oidc/device/code", "client_id=sigstore&scope=openid"),
    get("/oidc/device"),
    post("/oidc/device", "user_code=BCDF-GHJK"),
  ];
}

const get = (path: string, cookie = ""): Request => new Request(`${WARM_UP_URL}${path}`, { headers: { cookie } });

function post(path: string, form: string, cookie = ""): Request {
  const request = warmUpRequest(path, "application/x-www-form-urlencoded", encodeUtf8(form));
  request.headers.set("cookie", cookie);
  return request;
}

const REDEEMED: Redeemed = {
  clientId: "sigstore",
  identity: { connectorId: WARM_UP_URL, userId: "1", subject: "1", address: ADDRESS, nonce: null },
  tokenId: "1",
};

const DEVICE = { userCode: "BCDF-GHJK", clientId: "sigstore", network: null, country: null, askedAt: NOW };

const GRANTS: Pick<GrantsRpc, "addCode" | "redeemCode" | "addDevice" | "findDevice"> = {
  addCode: () => Promise.resolve(),
  redeemCode: () => Promise.resolve(ok(REDEEMED)),
  addDevice: () => Promise.resolve(true),
  findDevice: () => Promise.resolve(ok(DEVICE)),
};

/** The providers' answers, by the end of the address. */
const ANSWERS: ReadonlyMap<string, () => object> = new Map<string, () => object>([
  ["openid-configuration", () => METADATA],
  ["token", () => ({ access_token: "t", token_type: "bearer", id_token: makeIdentityToken() })],
  ["keys", () => ({ keys: [{ ...openKey().publicJwk, kid: "1", alg: "ES256", use: "sig" }] })],
  ["access_token", () => ({ access_token: "t", token_type: "bearer" })],
  ["user", () => ({ id: 1, login: "warm-up" })],
  ["emails?per_page=100", () => [{ email: ADDRESS, primary: true, verified: true }]],
]);

const JSON_HEADERS = new Headers({ "content-type": "application/json" });

/** As much of a response as readBody reads: start-up makes none with a body. */
const answerOf = (url: string): object => ({
  status: 200,
  headers: JSON_HEADERS,
  body: [encodeUtf8(JSON.stringify(ANSWERS.get(url.slice(url.lastIndexOf("/") + 1))?.() ?? {}))],
});

const PLATFORM: Platform = {
  now: () => NOW,
  randomBytes: (length) => new Uint8Array(length),
  fetch: (url) => Promise.resolve(answerOf(url) as Response),
  startDeadline: () => new AbortController().signal,
  makeResponse: likeResponse,
};

const OPENID = "https://openid.invalid";
const METADATA = {
  issuer: OPENID,
  authorization_endpoint: `${OPENID}/authorize`,
  token_endpoint: `${OPENID}/token`,
  jwks_uri: `${OPENID}/keys`,
  id_token_signing_alg_values_supported: ["ES256"],
};

/** More than one: the person chooses. */
const CONNECTORS = JSON.stringify([
  { type: "github", config: { clientID: "c" } },
  { type: "oidc", name: "OpenID", config: { issuer: OPENID, clientID: "c" } },
]);

function warmUpEnv(): OidcEnv {
  const env: Partial<Record<keyof OidcEnv, unknown>> = {
    PUBLIC_URL: WARM_UP_URL,
    OIDC_KEY: warmUpKey().pem,
    OIDC_SEAL_KEY: SECRET,
    OIDC_SUBJECT_KEY: SECRET,
    GRANTS: {},
    READS: NO_LIMIT,
    WRITES: NO_LIMIT,
  };
  // Reading calls no binding.
  return env as OidcEnv;
}

function openKey(): { readonly privateKey: KeyObject; readonly publicJwk: object } {
  const privateKey = createPrivateKey(warmUpKey().pem);
  return { privateKey, publicJwk: createPublicKey(privateKey).export({ format: "jwk" }) };
}

/** The OpenID provider's identity token. Its nonce is that of a sign-in without randomness. */
function makeIdentityToken(): string {
  const seconds = NOW / 1000;
  const nonce = encodeBase64Url(new Uint8Array(NONCE_BYTES));
  const times = { iat: seconds, exp: seconds + 60 };
  const claims = { iss: OPENID, aud: "c", sub: "1", nonce, ...times, email: ADDRESS, email_verified: true };
  const input = [{ alg: "ES256", kid: "1" }, claims].map((part) => encodeBase64Url(encodeUtf8(JSON.stringify(part))));
  const signed = sign("sha256", encodeUtf8(input.join(".")), openKey().privateKey);
  const signature = decodeEcdsaSignature(new Uint8Array(signed), 32);
  return [...input, encodeBase64Url(signature.ok ? signature.value : new Uint8Array(64))].join(".");
}

/** As much of a Response as the library uses. It knows one by its tag. */
function likeResponse(bytes: Uint8Array<ArrayBuffer> | null, { status = 200 }: ResponseInit): Response {
  const body = bytes ?? new Uint8Array();
  const json = parseJson(body);
  const members = {
    status,
    headers: JSON_HEADERS,
    bodyUsed: false,
    json: () => Promise.resolve(json.ok ? json.value : null),
    arrayBuffer: () => Promise.resolve(body.slice().buffer),
  };
  return Object.assign(Object.create({ [Symbol.toStringTag]: "Response" }), members) as Response;
}
