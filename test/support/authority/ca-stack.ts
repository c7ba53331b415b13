// SPDX-License-Identifier: Apache-2.0
// A stack whose CA can be made to fail (faulty-ca-worker.ts), with issuers on loopback hosts, and requests to send to
// it.

import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { startStack, type TestStack } from "../process/stack.ts";
import { identityAt, KNOWN_IDENTITIES } from "./identities.ts";
import { type IssuerKey, signToken } from "./identity-token.ts";
import { FAULTY_ISSUERS, type LoopbackIssuers, STALLING_ISSUERS, startLoopbackIssuers } from "./loopback-issuers.ts";

export const EMAIL = "alice@example.com";
/** The client's key. */
export const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
/** A public key as SPKI PEM. */
export const pemOf = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
export const CLIENT_PEM = pemOf(CLIENT.publicKey);

/** Seconds since 1970. */
export const now = (): number => Math.floor(Date.now() / 1000);
/** A signature over a text, in base64. */
export const prove = (text: string, key = CLIENT.privateKey, hash = "sha256"): string =>
  sign(hash, Buffer.from(text), key).toString("base64");
/** A publicKeyRequest, valid by default. */
export const keyRequest = (content = CLIENT_PEM, proofOfPossession = prove(EMAIL)): object => ({
  publicKey: { content },
  proofOfPossession,
});
/** The body of a signingCert request. */
export const withToken = (oidcIdentityToken: string, publicKeyRequest: object = keyRequest()): object => ({
  credentials: { oidcIdentityToken },
  publicKeyRequest,
});

/** The stack of a test file. `stack`, `issuers` and `builtIn` exist once its tests run. */
export interface CaStack {
  readonly stack: TestStack;
  readonly issuers: LoopbackIssuers;
  /** The key of the built-in issuer. */
  readonly builtIn: IssuerKey;
  /** The claims of a valid token of the built-in issuer, with changes. */
  readonly claimsOf: (change?: object) => Record<string, unknown>;
  /** A valid token. */
  readonly good: () => string;
  /** Posts to signingCert and returns status, Retry-After and JSON. */
  readonly ask: (
    body: object | string,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<readonly [number, string | null, unknown]>;
}

/** Starts a stack before the tests of a file and stops it afterwards. */
export function useCaStack(): CaStack {
  const running: { stack?: TestStack; issuers?: LoopbackIssuers; builtIn?: IssuerKey } = {};
  beforeAll(async () => {
    running.issuers = await startLoopbackIssuers();
    running.stack = await startFaultyStack(running.issuers.origin);
    running.builtIn = await readBuiltInKey(running.stack);
  });
  afterAll(async () => {
    await running.stack?.stop();
    running.issuers?.close();
  });
  const get = <N extends keyof typeof running>(name: N): NonNullable<(typeof running)[N]> => {
    const value = running[name];
    if (value === undefined) throw new Error(`${name} has not started`);
    return value;
  };
  const claimsOf = (change: object = {}): Record<string, unknown> => ({
    iss: `${get("stack").url}/oidc`,
    sub: EMAIL,
    aud: "sigstore",
    exp: now() + 60,
    email: EMAIL,
    email_verified: true,
    federated_claims: { connector_id: `${get("stack").url}/oidc`, user_id: EMAIL },
    ...change,
  });
  return {
    get stack() {
      return get("stack");
    },
    get issuers() {
      return get("issuers");
    },
    get builtIn() {
      return get("builtIn");
    },
    claimsOf,
    good: () => signToken(claimsOf(), get("builtIn")),
    ask: async (body, headers = {}) => {
      const response = await fetch(`${get("stack").url}/api/v2/signingCert`, {
        method: "POST",
        headers,
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return [response.status, response.headers.get("retry-after"), await response.json()];
    },
  };
}

async function startFaultyStack(origin: string): Promise<TestStack> {
  const at = (name: string, row: object): object => ({ "issuer-url": `${origin}/${name}`, ...row });
  const typed = KNOWN_IDENTITIES.map((identity) => {
    const name = encodeURIComponent(identity.name);
    return at(name, identityAt(identity, `${origin}/${name}`).row);
  });
  const rows = [
    ...typed,
    at("once", { type: "email", "one-time-tokens": true }),
    ...[...FAULTY_ISSUERS, ...STALLING_ISSUERS].map((name) => at(name, { type: "email" })),
    at("cluster-*", { type: "kubernetes" }),
  ];
  return startStack({
    vars: { ISSUERS: JSON.stringify(rows) },
    entry: "test/support/authority/faulty-ca-worker.ts",
  });
}

async function readBuiltInKey(stack: TestStack): Promise<IssuerKey> {
  const { keys } = (await (await fetch(`${stack.url}/oidc/jwks`)).json()) as {
    readonly keys: [{ readonly kid: string }];
  };
  return { privateKey: createPrivateKey(stack.vars["OIDC_KEY"] ?? ""), keyId: keys[0].kid, jwk: keys[0] };
}
