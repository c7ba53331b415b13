// SPDX-License-Identifier: Apache-2.0
// The CA over HTTP, in the whole stack: the certificates it issues, the requests it rejects with their messages, and
// that a rejected request leaves no entry in the certificate log.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { X509Certificate as SigstoreCertificate } from "@sigstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PUSH_CLAIMS } from "../support/authority/identities.ts";
import { type IssuerKey, makeIssuerKey, signToken } from "../support/authority/identity-token.ts";
import { parseTileLeaf, readCheckpoint, readRecords } from "../support/logs/log-client.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import REQUESTS from "../vectors/csr/requests.json" with { type: "json" };

const EMAIL = "alice@example.com";
const GITHUB = "https://token.actions.githubusercontent.com";
const GITHUB_KEY = makeIssuerKey("github");
const DISCOVERED_KEY = makeIssuerKey("discovered", "P-256");
const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const CLIENT_PEM = CLIENT.publicKey.export({ type: "spki", format: "pem" }).toString();

/** A separate OpenID provider that counts the requests for its keys. */
interface Provider {
  readonly url: string;
  readonly requested: string[];
  readonly server: Server;
}

async function startProvider(): Promise<Provider> {
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? "");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const document = { issuer: url, jwks_uri: `${url}/keys`, id_token_signing_alg_values_supported: ["ES256"] };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/keys" ? { keys: [DISCOVERED_KEY.jwk] } : document));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requested, server };
}

let provider: Provider;
let stack: TestStack;
/** The token key of the built-in issuer, to sign tokens that the issuer would not. */
let builtInKey: IssuerKey;

beforeAll(async () => {
  provider = await startProvider();
  const ISSUERS = JSON.stringify([
    { "issuer-url": GITHUB, type: "github-workflow", jwks: { keys: [GITHUB_KEY.jwk] } },
    { "issuer-url": provider.url, type: "email" },
    { "issuer-url": "http://127.0.0.1:9", type: "email" },
  ]);
  stack = await startStack({ vars: { ISSUERS } });
  const { keys } = (await (await fetch(`${stack.url}/oidc/jwks`)).json()) as {
    readonly keys: [{ readonly kid: string }];
  };
  const privateKey = createPrivateKey(stack.vars["OIDC_KEY"] ?? "");
  builtInKey = { privateKey, keyId: keys[0].kid, jwk: keys[0] };
});

afterAll(async () => {
  await stack.stop();
  provider.server.close();
});

const now = (): number => Math.floor(Date.now() / 1000);
const builtInClaims = (): Record<string, unknown> => ({
  iss: `${stack.url}/oidc`,
  sub: EMAIL,
  aud: "sigstore",
  exp: now() + 60,
  email: EMAIL,
  email_verified: true,
  federated_claims: { connector_id: `${stack.url}/oidc`, user_id: EMAIL },
});

const proofOf = (text: string): string => sign("sha256", Buffer.from(text), CLIENT.privateKey).toString("base64");
const keyRequest = (proofOver = EMAIL): object => ({
  publicKey: { algorithm: "ECDSA", content: CLIENT_PEM },
  proofOfPossession: proofOf(proofOver),
});

const post = (body: object | string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${stack.url}/api/v2/signingCert`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const withToken = (token: string, publicKeyRequest: object = keyRequest()): object => ({
  credentials: { oidcIdentityToken: token },
  publicKeyRequest,
});

interface Issued {
  readonly pems: readonly string[];
  readonly leaf: SigstoreCertificate;
  /** The leaf index in the SCT. */
  readonly leafIndex: number;
}

async function issued(response: Response): Promise<Issued> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  expect(response.headers.get("content-type")).toBe("application/json");
  const { signedCertificateEmbeddedSct } = JSON.parse(text) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  const pems = signedCertificateEmbeddedSct.chain.certificates;
  const leaf = SigstoreCertificate.parse(pems[0] ?? "");
  const [sct, ...more] = leaf.extSCT?.signedCertificateTimestamps ?? [];
  expect(more).toEqual([]);
  expect(sct?.extensions.subarray(0, 3).toString("hex")).toBe("000005");
  return { pems, leaf, leafIndex: sct?.extensions.readUIntBE(3, 5) ?? -1 };
}

const issueOne = async (): Promise<Issued> => issued(await post(withToken(await stack.token(EMAIL))));

describe("a certificate", () => {
  it("is issued for a key with proof of possession, as @sigstore/sign sends it", async () => {
    const { pems, leaf } = await issueOne();
    expect(pems).toHaveLength(3);
    expect(leaf.extSubjectAltName?.rfc822Name).toBe(EMAIL);
    expect(leaf.publicKey).toEqual(CLIENT.publicKey.export({ type: "spki", format: "der" }));
    const [own, issuing, root] = pems.map((pem) => new X509Certificate(pem));
    if (own === undefined || issuing === undefined || root === undefined) throw new Error("a short chain");
    expect(own.verify(issuing.publicKey) && issuing.verify(root.publicKey) && root.verify(root.publicKey)).toBe(true);
    expect(leaf.extension("1.3.6.1.4.1.57264.1.1")?.value.toString()).toBe(`${stack.url}/oidc`);
    const ageMs = Date.now() - leaf.notBefore.getTime();
    expect(ageMs).toBeGreaterThanOrEqual(5000);
    expect(ageMs).toBeLessThan(20_000);
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime()).toBe(600_000);
    const bundle = (await (await fetch(`${stack.url}/api/v2/trustBundle`)).json()) as object;
    expect(bundle).toEqual({ chains: [{ certificates: pems.slice(1).map((pem) => `${pem}\n`) }] });
  });

  it("is issued with the token in the header, as sigstore-go sends it", async () => {
    const authorization = `Bearer ${await stack.token(EMAIL)}`;
    await issued(await post({ publicKeyRequest: keyRequest() }, { authorization }));
  });

  it("is issued for a signing request, as sigstore-python sends it", async () => {
    const { pem, spki } = REQUESTS[0] ?? { pem: "", spki: "" };
    const { leaf, pems } = await issued(
      await post(
        { certificateSigningRequest: Buffer.from(pem).toString("base64") },
        { authorization: `Bearer ${await stack.token(EMAIL)}`, accept: "application/pem-certificate-chain" },
      ),
    );
    expect(leaf.publicKey.toString("hex")).toBe(spki);
    expect(pems.length).toBeGreaterThanOrEqual(2);
  });

  it.each(REQUESTS.filter(({ outcome }) => outcome === "ok"))("is issued for the key $name", async ({ pem, spki }) => {
    const csr = Buffer.from(pem).toString("base64");
    const authorization = `Bearer ${await stack.token(EMAIL)}`;
    const { leaf } = await issued(await post({ certificateSigningRequest: csr }, { authorization }));
    expect(leaf.publicKey.toString("hex")).toBe(spki);
  });

  it("is issued despite unknown fields, null members, snake_case and base64url", async () => {
    const proof = proofOf(EMAIL).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    const body = {
      credentials: { oidc_identity_token: await stack.token(EMAIL), extra: {} },
      public_key_request: { public_key: { algorithm: "RSA", content: CLIENT_PEM }, proof_of_possession: proof },
      certificateSigningRequest: null,
      unknown: [1],
    };
    await issued(await post(body));
  });

  it("is issued for a GitHub workflow and describes its build", async () => {
    const claims = { ...PUSH_CLAIMS, exp: now() + 300 };
    const { leaf } = await issued(await post(withToken(signToken(claims, GITHUB_KEY), keyRequest(claims.sub))));
    expect(leaf.extSubjectAltName?.uri).toBe(`https://github.com/${claims.workflow_ref}`);
    expect(leaf.extension("1.3.6.1.4.1.57264.1.12")?.valueObj.subs[0]?.value.toString()).toBe(
      "https://github.com/octo-org/octo-repo",
    );
  });

  it("is issued for a discovered issuer, whose keys are fetched once", async () => {
    const claims = (): object => ({ ...builtInClaims(), iss: provider.url });
    const token = (key: IssuerKey): string => signToken({ ...claims() }, key, { alg: "ES256" });
    for (let i = 0; i < 3; i++) await issued(await post(withToken(token(DISCOVERED_KEY))));
    const strange = makeIssuerKey("strange", "P-256");
    for (let i = 0; i < 5; i++) expect((await post(withToken(token(strange)))).status).toBe(400);
    expect(provider.requested).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });

  it("is in the certificate log at the index of its SCT, signed by the log", async () => {
    const { leaf, leafIndex, pems } = await issueOne();
    // The checkpoint may be up to a second old.
    await sleep(1100);
    const { treeSize } = await readCheckpoint(`${stack.url}/ct`);
    expect(treeSize).toBeGreaterThan(leafIndex);
    const record = (await readRecords(`${stack.url}/ct`, treeSize, "data"))[leafIndex];
    if (record === undefined) throw new Error("no record");
    const entry = parseTileLeaf(record);
    const precertificate = SigstoreCertificate.parse(Buffer.from(entry.precertificate ?? []));
    expect(precertificate.serialNumber).toEqual(leaf.serialNumber);
    expect(precertificate.verify(SigstoreCertificate.parse(pems[1] ?? ""))).toBe(true);
    const trustedRoot = (await (await fetch(`${stack.url}/trusted_root.json`)).json()) as {
      readonly ctlogs: readonly [{ readonly publicKey: { readonly rawBytes: string } }];
    };
    const spki = Buffer.from(trustedRoot.ctlogs[0].publicKey.rawBytes, "base64");
    const sct = leaf.extSCT?.signedCertificateTimestamps[0];
    expect(sct?.logID).toEqual(createHash("sha256").update(spki).digest());
    const logged = Buffer.concat([
      entry.issuerKeyHash ?? Buffer.alloc(0),
      Buffer.from(entry.signedEntry.length.toString(16).padStart(6, "0"), "hex"),
      entry.signedEntry,
    ]);
    const key = createPublicKey({ key: spki, type: "spki", format: "der" });
    expect(sct?.verify(logged, key)).toBe(true);
  });
});

const TOKEN = "There was an error processing the identity token: ";
const SIGNATURE = "The signature supplied in the request could not be verified: ";
const MISSING = `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`;
const NOT_A_JWT = `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`;

const forged = (claims: object, key = builtInKey, header: Readonly<Record<string, unknown>> = {}): object =>
  withToken(signToken({ ...builtInClaims(), ...claims }, key, header));
const csrNamed = async (name: string): Promise<object> => ({
  credentials: { oidcIdentityToken: await stack.token(EMAIL) },
  certificateSigningRequest: Buffer.from(REQUESTS.find((row) => row.name === name)?.pem ?? "").toString("base64"),
});

/** Requests that get status 400 and code 3, with the message. */
const REFUSED: readonly (readonly [string, () => Promise<object | string> | object | string, string])[] = [
  ["no body", () => "", MISSING],
  ["no token", () => ({ publicKeyRequest: keyRequest() }), MISSING],
  ["a body that is not JSON", () => "{", "The request could not be read: the body is not JSON"],
  [
    "a member twice",
    () => '{"credentials":{},"credentials":{}}',
    "The request could not be read: an object in the body has a duplicate member",
  ],
  [
    "a wrong type",
    () => ({ publicKeyRequest: "x" }),
    "The request could not be read: publicKeyRequest has the wrong JSON type",
  ],
  [
    "a proof that is not base64",
    () => ({ publicKeyRequest: { proofOfPossession: "%" } }),
    "The request could not be read: publicKeyRequest.proofOfPossession is not base64",
  ],
  [
    "a key and a signing request",
    () => ({ publicKeyRequest: {}, certificateSigningRequest: "UEVN" }),
    "The request could not be read: send either publicKeyRequest or certificateSigningRequest, not both",
  ],
  [
    "a body of 4 MiB and a byte",
    () => " ".repeat(64 * 1024 + 1),
    "http: request body too large: send at most 65536 bytes",
  ],
  ["a token that is not a JWT", () => withToken("x"), NOT_A_JWT],
  ["a token of five parts", () => withToken("a.b.c.d.e"), NOT_A_JWT],
  ["a token of 17 KiB", () => withToken("a".repeat(17 * 1024)), `${TOKEN}it is larger than 16384 bytes`],
  [
    "another audience",
    async () => withToken(await stack.token(EMAIL, { audience: "other" })),
    `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
  ],
  [
    "an unknown issuer",
    () => forged({ iss: "https://evil.example" }),
    `${TOKEN}its issuer "https://evil.example" is not accepted here; /api/v2/configuration lists the accepted issuers`,
  ],
  [
    "a public issuer that ISSUERS replaces",
    () => forged({ iss: "https://accounts.google.com" }),
    `${TOKEN}its issuer "https://accounts.google.com" is not accepted here; /api/v2/configuration lists the accepted issuers`,
  ],
  [
    "a key that is not the issuer's",
    () => forged({}, makeIssuerKey("stranger")),
    `${TOKEN}its kid names none of its issuer's keys`,
  ],
  [
    "a signature that is not the issuer's",
    () => forged({}, { ...GITHUB_KEY, keyId: builtInKey.keyId }),
    `${TOKEN}its signature does not verify with its issuer's keys`,
  ],
  [
    "an unsigned token",
    () => forged({}, builtInKey, { alg: "none" }),
    `${TOKEN}its alg must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA`,
  ],
  [
    "a critical header",
    () => forged({}, builtInKey, { crit: ["x"] }),
    `${TOKEN}its header requires an extension (crit) that is not supported`,
  ],
  ["no exp", () => forged({ exp: undefined }), `${TOKEN}its claim exp is missing or empty`],
  ["no sub", () => forged({ sub: "" }), `${TOKEN}its claim sub is missing or empty`],
  [
    "an unverified address",
    () => forged({ email_verified: false }),
    `${TOKEN}its claim email_verified is not true: the issuer does not vouch for the e-mail address`,
  ],
  [
    "an address outside ASCII",
    () => forged({ email: "älice@example.com" }),
    `${TOKEN}its claim email has non-ASCII characters, which a certificate cannot hold`,
  ],
  ["no address", () => forged({ email: "nobody" }), `${TOKEN}its claim email is not an e-mail address`],
  [
    "a workflow without its claims",
    () => forged({ iss: GITHUB }, GITHUB_KEY),
    `${TOKEN}its claim job_workflow_ref is missing or empty`,
  ],
  [
    "no key",
    async () => ({ credentials: { oidcIdentityToken: await stack.token(EMAIL) } }),
    "The public key supplied in the request could not be parsed: publicKeyRequest.publicKey.content must be one PEM block, PUBLIC KEY or RSA PUBLIC KEY",
  ],
  [
    "no proof",
    async () => withToken(await stack.token(EMAIL), { publicKey: { content: CLIENT_PEM } }),
    `${SIGNATURE}publicKeyRequest.proofOfPossession is missing`,
  ],
  [
    "a bad proof",
    async () => withToken(await stack.token(EMAIL), keyRequest("bob@example.com")),
    `${SIGNATURE}proofOfPossession must be the key's signature over the token's email, or its sub if it has no email`,
  ],
  [
    "a weak key",
    () => csrNamed("RSA-1024"),
    "The public key supplied in the request is insecure: use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537",
  ],
  [
    "a key of another kind",
    () => csrNamed("secp256k1"),
    "The public key supplied in the request could not be parsed: unsupported public key type; use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537",
  ],
  [
    "a signing request that does not parse",
    () => csrNamed("truncated"),
    "The certificate signing request could not be parsed: it must be the base64 of one PEM block, CERTIFICATE REQUEST (PKCS#10)",
  ],
  [
    "a signing request by another key",
    () => csrNamed("another key put in"),
    `${SIGNATURE}the certificate signing request is not signed by the key in it`,
  ],
  [
    "a signing request with RSA-PSS",
    () => csrNamed("RSA-PSS"),
    "unrecognized signature algorithm: 1.2.840.113549.1.1.10",
  ],
  [
    "a signing request with another hash",
    () => csrNamed("RSA-2048 with SHA-384"),
    "signing algorithm not permitted: rsa-2048, SHA-384; sign the request with SHA-256",
  ],
];

describe("a rejected request", () => {
  it("leaves no entry in the certificate log", async () => {
    const before = await issueOne();
    for (const [name, make, message] of REFUSED) {
      const response = await post(await make());
      expect([name, response.status, await response.json()]).toEqual([name, 400, { code: 3, message, details: [] }]);
    }
    const expired = await post(withToken(await stack.token(EMAIL, { expiresIn: -5 })));
    expect(expired.status).toBe(400);
    expect(await expired.json()).toEqual({
      code: 3,
      message: expect.stringMatching(
        /^There was an error processing the identity token: it expired at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, and the time is \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; request a new one$/,
      ),
      details: [],
    });
    await sleep(1100);
    expect((await readCheckpoint(`${stack.url}/ct`)).treeSize).toBe(before.leafIndex + 1);
    expect((await issueOne()).leafIndex).toBe(before.leafIndex + 1);
  });

  it.each([
    ["GET", "/api/v2/signingCert"],
    ["PUT", "/api/v2/signingCert"],
    ["DELETE", "/api/v2/signingCert"],
    ["POST", "/api/v2/trustBundle"],
    ["POST", "/api/v2/configuration"],
  ])("uses the wrong method: %s %s", async (method, path) => {
    const response = await fetch(stack.url + path, { method });
    expect(response.status).toBe(501);
    expect(await response.json()).toEqual({ code: 12, message: "Method Not Allowed", details: [] });
  });

  it("whose issuer is unreachable gets 503 and Retry-After", async () => {
    const response = await post(forged({ iss: "http://127.0.0.1:9" }));
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.json()).toMatchObject({
      code: 14,
      message: expect.stringMatching(/^There was an error processing/),
    });
    expect(stack.logs.some(({ message }) => message.includes('"issuer_keys_failed"'))).toBe(true);
  });
});

it("log lines contain no token and no key", () => {
  const text = stack.logs.map(({ message }) => message).join("\n");
  expect(text).not.toContain("eyJ");
  expect(text).not.toContain("PRIVATE KEY");
});
