// SPDX-License-Identifier: Apache-2.0
// Signs somebody in while the isolate starts (shared/warm-up/fixture.ts says why), at a provider in memory.

import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import * as oauth from "oauth4webapi";
import { encodeBase64Url } from "../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { decodeEcdsaSignature } from "../../shared/crypto/ecdsa-signature.ts";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import { createGate } from "../../shared/http/rate-gate.ts";
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
import { makeUpstreamAddress } from "./provider/go-upstream.ts";
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
 * Returns the number of steps that ran up to their response. No token is signed: an RSA key costs more at start-up than
 * it saves later.
 */
export const warmUp = (serve: Serve): Promise<number> => runWarmUp(() => signSomebodyIn(serve));

async function signSomebodyIn(serve: Serve): Promise<number> {
  const provider = createProvider(makeConfig(), PLATFORM, () => []);
  const requests = await makeRequests(provider);
  const remote: OidcUpstream = { identify: (callback) => identifyHere(provider, callback) };
  for (const request of requests) await serveWarmUp(() => serve(request, provider, remote));
  await verifyUpstreamToken();
  return requests.length;
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
    connectorSecrets: new Map(),
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
  const [connector] = provider.connectors;
  if (connector === undefined) return [];
  const there = await makeUpstreamAddress(provider, connector, choice);
  const state = new URL(there.ok ? there.value : WARM_UP_URL).searchParams.get("state") ?? "";
  const identities = [{ userId: "1", address: ADDRESS }];
  const confirmation = packConfirmation({ signIn, browser: hash, connectorId: connector.id, identities });
  const ticket = await provider.sealer.seal("confirm", confirmation, LATER);
  return [
    get(`/oidc/auth?${QUERY}`),
    get(`/oidc/auth?${QUERY}&connector_id=${connector.id}`),
    get(`/oidc/callback/${connector.slug}?code=c&state=${state}`, pair),
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

/** GitHub's answers, by the end of the address. */
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ["access_token", '{"access_token":"t","token_type":"bearer"}'],
  ["user", '{"id":1,"login":"warm-up"}'],
  ["emails?per_page=100", `[{"email":"${ADDRESS}","primary":true,"verified":true}]`],
]);

/** As much of a response as readBody reads: start-up makes none with a body. */
const answerOf = (url: string): object => ({
  status: 200,
  headers: new Headers({ "content-type": "application/json" }),
  body: [encodeUtf8(ANSWERS.get(url.slice(url.lastIndexOf("/") + 1)) ?? "{}")],
});

const PLATFORM: Platform = {
  now: () => NOW,
  randomBytes: (length) => new Uint8Array(length),
  fetch: (url) => Promise.resolve(answerOf(url) as Response),
};

/** Two: the person chooses. */
const CONNECTORS = JSON.stringify([
  { type: "github", config: { clientID: "c" } },
  { type: "google", config: { clientID: "c" } },
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

/**
 * Verifies an identity token as at the end of the way back from an OpenID provider. Our own code there makes a Response
 * with a body, which start-up cannot; the library, which is most of that way, takes whatever has the shape of one.
 */
async function verifyUpstreamToken(): Promise<void> {
  const privateKey = createPrivateKey(warmUpKey().pem);
  const jwk = { ...createPublicKey(privateKey).export({ format: "jwk" }), kid: "1", alg: "ES256", use: "sig" };
  const claims = { iss: WARM_UP_URL, aud: "c", sub: "1", nonce: "n", iat: 0, exp: NOW, email: ADDRESS };
  const input = [{ alg: "ES256", kid: "1" }, claims].map((part) => encodeBase64Url(encodeUtf8(JSON.stringify(part))));
  const signature = decodeEcdsaSignature(new Uint8Array(sign("sha256", encodeUtf8(input.join(".")), privateKey)), 32);
  const token = [...input, encodeBase64Url(signature.ok ? signature.value : new Uint8Array(64))].join(".");
  const server = { issuer: WARM_UP_URL, jwks_uri: `${WARM_UP_URL}/keys` };
  const client = { client_id: "c", id_token_signed_response_alg: "ES256" };
  const response = likeResponse({ access_token: "t", token_type: "bearer", id_token: token });
  const expected = { expectedNonce: "n", requireIdToken: true };
  oauth.getValidatedIdTokenClaims(await oauth.processAuthorizationCodeResponse(server, client, response, expected));
  const answerKeys = (): Promise<Response> => Promise.resolve(likeResponse({ keys: [jwk] }));
  await oauth.validateApplicationLevelSignature(server, response, { [oauth.customFetch]: answerKeys });
}

/** As much of a Response as the library uses. It knows one by its tag. */
function likeResponse(body: object): Response {
  const members = {
    status: 200,
    headers: new Headers({ "content-type": "application/json" }),
    bodyUsed: false,
    json: () => Promise.resolve(body),
  };
  return Object.assign(Object.create({ [Symbol.toStringTag]: "Response" }), members) as Response;
}
