// SPDX-License-Identifier: Apache-2.0
// Every type of issuer over HTTP, in the whole stack. A second server has discovery documents and keys, tokens are as
// their providers document them, an independent parser reads the certificates, and each required claim is left out
// once.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { X509Certificate } from "@sigstore/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identityAt, KNOWN_IDENTITIES, type KnownIdentity } from "../support/authority/identities.ts";
import { signToken } from "../support/authority/identity-token.ts";
import { type LoopbackIssuers, startLoopbackIssuers } from "../support/authority/loopback-issuers.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const CLIENT_PEM = CLIENT.publicKey.export({ type: "spki", format: "pem" }).toString();

let issuers: LoopbackIssuers;
let stack: TestStack;

const nameOf = (identity: KnownIdentity): string => identity.name.replaceAll(/[^a-z]+/g, "-");
const urlOf = (identity: KnownIdentity): string => `${issuers.origin}/${nameOf(identity)}`;

beforeAll(async () => {
  issuers = await startLoopbackIssuers();
  const rows = KNOWN_IDENTITIES.map((identity) => {
    const url = urlOf(identity);
    return { "issuer-url": url, ...identityAt(identity, url).row };
  });
  const once = { "issuer-url": `${issuers.origin}/once`, type: "email", "one-time-tokens": true };
  const policy = {
    "issuer-url": `${issuers.origin}/policy`,
    type: "ci-provider",
    "ci-provider": "github-workflow",
    "omit-extensions": ["token-subject", "source-repository-visibility-at-signing"],
    "client-ids": ["sigstore", "sigedge"],
    policy: [
      { claim: "repository_owner", equals: "octo-org" },
      { claim: "job_workflow_ref", pattern: "octo-org/**@refs/heads/main" },
    ],
  };
  const meta = { "issuer-url": `${issuers.origin}/cluster-*`, type: "kubernetes" };
  stack = await startStack({
    vars: { ISSUERS: JSON.stringify([...rows, once, policy, meta]), CERTIFICATE_LIFETIME: "900" },
  });
});

afterAll(async () => {
  await stack.stop();
  issuers.close();
});

const claimsOf = (identity: KnownIdentity, url: string): Record<string, unknown> => ({
  ...identity.claims,
  iss: url,
  aud: "sigstore",
  exp: Math.floor(Date.now() / 1000) + 60,
});

function post(claims: object, challenge: string, path = "/api/v2/signingCert", headers = {}): Promise<Response> {
  const proofOfPossession = sign("sha256", Buffer.from(challenge), CLIENT.privateKey).toString("base64");
  return fetch(stack.url + path, {
    method: "POST",
    headers,
    body: JSON.stringify({
      credentials: { oidcIdentityToken: signToken({ ...claims }, issuers.key, { alg: "ES256" }) },
      publicKeyRequest: { publicKey: { content: CLIENT_PEM }, proofOfPossession },
    }),
  });
}

async function leafOf(response: Response): Promise<X509Certificate> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status} ${text}`);
  const { signedCertificateEmbeddedSct } = JSON.parse(text) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly [string] } };
  };
  return X509Certificate.parse(signedCertificateEmbeddedSct.chain.certificates[0]);
}

/** Extension values by number below Fulcio's arc: raw text for 1 to 6, a DER UTF8String for the others. */
function extensionsOf(leaf: X509Certificate): Record<string, string | undefined> {
  return Object.fromEntries(
    leaf.extensions.flatMap((extension) => {
      const oid = extension.subs[0]?.toOID() ?? "";
      const number = /^1\.3\.6\.1\.4\.1\.57264\.1\.(\d+)$/.exec(oid)?.[1];
      if (number === undefined) return [];
      const found = leaf.extension(oid);
      const text = Number(number) <= 6 ? found?.value : found?.valueObj.subs[0]?.value;
      return [[number, text?.toString()]];
    }),
  );
}

function nameIn(leaf: X509Certificate): object {
  const name = leaf.extSubjectAltName;
  if (name?.uri !== undefined) return { kind: "uri", value: name.uri };
  if (name?.rfc822Name !== undefined) return { kind: "email", value: name.rfc822Name };
  return { kind: "username", value: name?.otherName("1.3.6.1.4.1.57264.1.7") };
}

describe.each(KNOWN_IDENTITIES)("$name", (known) => {
  it("yields the name and the extensions of its token", async () => {
    const url = urlOf(known);
    const identity = identityAt(known, url);
    const leaf = await leafOf(await post(claimsOf(identity, url), identity.challenge));
    expect(nameIn(leaf)).toEqual(identity.subjectAltName);
    expect(leaf.extSubjectAltName?.critical).toBe(true);
    expect(extensionsOf(leaf)).toEqual({ 1: url, 8: url, ...identity.extensions });
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime()).toBe(900_000);
    expect(issuers.requested.filter((path) => path.startsWith(`/${nameOf(known)}/`))).toEqual([
      `/${nameOf(known)}/.well-known/openid-configuration`,
      `/${nameOf(known)}/keys`,
    ]);
  });

  it("is rejected without any one of its required claims", async () => {
    const url = urlOf(known);
    const identity = identityAt(known, url);
    for (const claim of identity.needs) {
      const { [claim]: _, ...claims } = claimsOf(identity, url);
      const response = await post(claims, identity.challenge);
      const { code, message } = (await response.json()) as { readonly code: number; readonly message: string };
      expect([claim, response.status, code]).toEqual([claim, 400, 3]);
      expect(message).toMatch(/^There was an error processing the identity token: its claim /);
    }
  });

  it("is explained exactly as it is issued", async () => {
    const url = urlOf(known);
    const identity = identityAt(known, url);
    const response = await post(claimsOf(identity, url), identity.challenge, "/api/identity/explain");
    const { extensions, ...rest } = (await response.json()) as {
      readonly extensions: readonly { oid: string; value: string }[];
    };
    expect(rest).toMatchObject({
      granted: true,
      subjectAltName: { value: identity.subjectAltName.value },
      lifetimeSeconds: 900,
    });
    expect(Object.fromEntries(extensions.map(({ oid, value }) => [oid.split(".").at(-1), value]))).toEqual({
      1: url,
      8: url,
      ...identity.extensions,
    });
  });
});

describe("a meta issuer", () => {
  const kubernetes = (): KnownIdentity => KNOWN_IDENTITIES.find(({ name }) => name === "kubernetes") ?? fail();
  const fail = (): never => {
    throw new Error("no kubernetes");
  };

  it("accepts each matching issuer through its own discovery document", async () => {
    for (const cluster of ["cluster-a", "cluster-b_1"]) {
      const url = `${issuers.origin}/${cluster}`;
      const leaf = await leafOf(await post(claimsOf(kubernetes(), url), kubernetes().challenge));
      expect(extensionsOf(leaf)).toMatchObject({ 1: url, 8: url });
    }
  });

  it.each(["cluster-", "cluster-a/b", "cluster-a?x", "cluster-a.b", "Cluster-a"])("does not match %s", async (name) => {
    const before = issuers.requested.length;
    const response = await post(claimsOf(kubernetes(), `${issuers.origin}/${name}`), kubernetes().challenge);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { message: expect.stringContaining("is not accepted here") },
    ]);
    expect(issuers.requested.length).toBe(before);
  });
});

describe("a policy", () => {
  const github = (): KnownIdentity =>
    KNOWN_IDENTITIES.find(({ name }) => name === "ci-provider github-workflow") ??
    (KNOWN_IDENTITIES[0] as KnownIdentity);
  const claims = (change: object): object => ({ ...claimsOf(github(), `${issuers.origin}/policy`), ...change });

  it("accepts matching claims for any of the audiences, and omits the configured extensions", async () => {
    const leaf = await leafOf(await post(claims({ aud: ["x", "sigedge"] }), github().challenge));
    const { 22: _visibility, 24: _subject, ...said } = github().extensions;
    const url = `${issuers.origin}/policy`;
    expect(extensionsOf(leaf)).toEqual({ 1: url, 8: url, ...said });
  });

  it.each([
    [{ repository_owner: "evil-org" }, "repository_owner is not one of the accepted values"],
    [
      { job_workflow_ref: "octo-org/r/.github/workflows/x.yml@refs/heads/dev" },
      "job_workflow_ref does not match the accepted pattern",
    ],
  ])("rejects %j and names the claim", async (change, condition) => {
    const response = await post(claims(change), github().challenge);
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        code: 3,
        message: `There was an error processing the identity token: this deployment's policy rejects the token: claim ${condition}`,
        details: [],
      },
    ]);
  });
});

describe("one-time tokens", () => {
  it("yield exactly one certificate for many concurrent requests, even after a restart", async () => {
    const email = "alice@example.com";
    const claims = {
      sub: "1",
      email,
      email_verified: true,
      iss: `${issuers.origin}/once`,
      aud: "sigstore",
      exp: Math.floor(Date.now() / 1000) + 120,
    };
    const token = signToken(claims, issuers.key, { alg: "ES256" });
    const proofOfPossession = sign("sha256", Buffer.from(email), CLIENT.privateKey).toString("base64");
    const body = JSON.stringify({
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: { publicKey: { content: CLIENT_PEM }, proofOfPossession },
    });
    const ask = (): Promise<Response> => fetch(`${stack.url}/api/v2/signingCert`, { method: "POST", body });
    const answers = await Promise.all(Array.from({ length: 12 }, ask));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(11).fill(400),
    ]);
    await stack.restart();
    expect(await (await ask()).json()).toMatchObject({ message: expect.stringContaining("it has already been used") });
  });
});

describe("the rate limits", () => {
  it("reject an address with too many requests with 429 and Retry-After", async () => {
    const ask = async (client: string): Promise<Response> =>
      fetch(`${stack.url}/api/v2/signingCert`, { method: "POST", body: "{}", headers: { "cf-connecting-ip": client } });
    const answers: Response[] = [];
    // The limit is 100 per ten seconds; one of two windows exceeds it, however slow the machine is.
    for (let i = 0; i < 15; i++)
      answers.push(...(await Promise.all(Array.from({ length: 20 }, () => ask("192.0.2.9")))));
    expect(answers[0]?.status).toBe(400);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ headers }) => headers.get("retry-after") === "60")).toBe(true);
    expect((await ask("192.0.2.10")).status).toBe(400);
  });
});

it("each certificate logs one line, and no line reveals more of a token than its issuer and a hash of its id", async () => {
  const github = KNOWN_IDENTITIES.find(({ name }) => name === "github-workflow") as KnownIdentity;
  const url = urlOf(github);
  await leafOf(
    await post(claimsOf(github, url), github.challenge, "/api/v2/signingCert", { "x-request-id": "one-line" }),
  );
  await sleep(200);
  const lines = stack.logs.filter(({ message }) => message.includes("one-line"));
  expect(lines.map(({ message }) => JSON.parse(message) as unknown)).toEqual([
    {
      code: "certificate_issued",
      requestId: "one-line",
      issuer: url,
      identity: github.subjectAltName.value,
      serial: expect.stringMatching(/^[0-9a-f]{40}$/) as string,
      log: "certificate",
      leafIndex: expect.any(Number) as number,
      tokenId: createHash("sha256").update("6f0f24f6-04d6-4b0c-9b4d-7a29fd0b1c2c").digest("hex"),
    },
  ]);
  const all = stack.logs.map(({ message }) => message).join("\n");
  for (const secret of ["eyJ", "PRIVATE KEY", "6f0f24f6-04d6", "repo:octo-org"]) expect(all).not.toContain(secret);
});
