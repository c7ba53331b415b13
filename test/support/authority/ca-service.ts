// SPDX-License-Identifier: Apache-2.0
// The CA service over fakes, with requests to send and independent parsers to read its certificates.

import { generateKeyPairSync, sign } from "node:crypto";
import { X509Certificate } from "@sigstore/core";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { CaEnv } from "../../../workers/ca/env.ts";
import { createCa } from "../../../workers/ca/index.ts";
import type { Platform } from "../../../workers/ca/platform.ts";
import { type Clock, emptyCache, FakeCertificateLog, jwksOf, makeCaEnv, makeCaMaterial, makeClock } from "./ca.ts";
import { makeIssuerKey } from "./identity-token.ts";

/** Keys of the operator's issuer, of GitHub and of an issuer that federates others. */
export const ISSUER_KEY = makeIssuerKey("operator");
export const GITHUB_KEY = makeIssuerKey("github");
export const DEX_KEY = makeIssuerKey("dex", "P-256");
/** The client's key. */
export const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
export const CLIENT_PEM = CLIENT.publicKey.export({ type: "spki", format: "pem" }).toString();
/** The start of every clock. */
export const START = makeClock().now();
export const MATERIAL = makeCaMaterial(START);
/** The operator's own issuer. */
export const ISSUER = "https://login.example.com";
/** The built-in issuer, which issues nothing outside a development stack. */
export const BUILT_IN = "https://sigstore.example.com/oidc";
export const GITHUB = "https://token.actions.githubusercontent.com";
export const DEX = "https://dex.example/auth";
const ISSUERS = JSON.stringify([
  { "issuer-url": ISSUER, type: "email", jwks: jwksOf(ISSUER_KEY) },
  { "issuer-url": GITHUB, type: "github-workflow", jwks: jwksOf(GITHUB_KEY) },
  { "issuer-url": DEX, type: "email", "issuer-claim": "$.federated_claims.connector_id", jwks: jwksOf(DEX_KEY) },
  { "issuer-url": "https://unreachable.example", type: "email" },
]);

/** A CA over fakes of everything around it. */
export interface CaService {
  readonly clock: Clock;
  readonly log: FakeCertificateLog;
  readonly env: CaEnv;
  readonly post: (body: unknown, init?: RequestInit) => Promise<Response>;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** Creates a CA with a complete environment; `env` overrides its settings and bindings. */
export function makeService(env: Partial<CaEnv> = {}, allowLoopbackIssuers = false): CaService {
  const clock = makeClock();
  const log = new FakeCertificateLog(clock.now);
  const complete = { ...makeCaEnv(MATERIAL, log, { jwks: async () => jwksOf(ISSUER_KEY) }), ISSUERS, ...env };
  const platform: Platform = {
    now: clock.now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fetch: () => Promise.reject(new TypeError("no network")),
    cache: emptyCache,
    keepAlive: () => {},
  };
  const ca = createCa({ allowLoopbackIssuers }, platform);
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    ca.fetch(new Request(`https://sigstore.example.com${path}`, init), complete);
  const text = (body: unknown): string => (typeof body === "string" ? body : JSON.stringify(body));
  return {
    clock,
    log,
    env: complete,
    fetch: send,
    post: (body, init = {}) => send("/api/v2/signingCert", { method: "POST", body: text(body), ...init }),
  };
}

/** The clock's time, as `exp` counts it. */
export const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
/** The claims of a valid token of the operator's issuer. */
export const emailClaims = (clock: Clock): Record<string, unknown> => ({
  iss: ISSUER,
  sub: "user-1",
  aud: "sigstore",
  exp: seconds(clock) + 60,
  iat: seconds(clock),
  email: "alice@example.com",
  email_verified: true,
});

/** The client's signature over a text. */
export const prove = (text: string): string => sign("sha256", Buffer.from(text), CLIENT.privateKey).toString("base64");
/** A publicKeyRequest with the client's key. */
export const keyRequest = (proofOver = "alice@example.com"): object => ({
  publicKey: { algorithm: "ECDSA", content: CLIENT_PEM },
  proofOfPossession: prove(proofOver),
});
/** The body of a signingCert request. */
export const bodyOf = (token: string, publicKeyRequest: object = keyRequest()): object => ({
  credentials: { oidcIdentityToken: token },
  publicKeyRequest,
});

interface Chain {
  readonly leaf: X509Certificate;
  readonly issuing: X509Certificate;
  readonly root: X509Certificate;
  readonly pems: readonly string[];
}

/** Parses the chain in a signingCert response with @sigstore/core, and checks that the response has nothing else. */
export async function requestChain(response: Response): Promise<Chain> {
  const body = (await response.json()) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  expect(response.status).toBe(200);
  const pems = body.signedCertificateEmbeddedSct.chain.certificates;
  expect(body).toEqual({ signedCertificateEmbeddedSct: { chain: { certificates: pems } } });
  const [leaf, issuing, root] = pems.map((pem) => X509Certificate.parse(pem));
  if (leaf === undefined || issuing === undefined || root === undefined) throw new Error("the chain is too short");
  return { leaf, issuing, root, pems };
}

/** Mutes console.log and console.error in every test of a file, as spies. */
export function muteConsole(): void {
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "log").mockImplementation(() => {});
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
}
