// SPDX-License-Identifier: Apache-2.0
// The whole service over its ports: what it issues, looked at with parsers that are not ours, and what it refuses, to
// the letter.

import { execFileSync, spawnSync } from "node:child_process";
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate as NodeCertificate,
  sign,
} from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteStream, EXTENSION_OID_SCT, X509Certificate, X509SCTExtension } from "@sigstore/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readFulcioExtensions } from "../../shared/fulcio/extensions.ts";
import { unixMs } from "../../shared/time.ts";
import { parseCertificate } from "../../shared/x509/certificate.ts";
import {
  type Clock,
  emptyCache,
  FakeCertificateLog,
  jwksOf,
  makeCaEnv,
  makeCaMaterial,
  makeClock,
} from "../../test/support/authority/ca.ts";
import { makeIssuerKey, signToken } from "../../test/support/authority/identity-token.ts";
import REQUESTS from "../../test/vectors/csr/requests.json" with { type: "json" };
import type { Platform } from "./authority.ts";
import type { CaEnv } from "./env.ts";
import { createCa } from "./index.ts";

const BUILT_IN_KEY = makeIssuerKey("built-in");
const GITHUB_KEY = makeIssuerKey("github");
const DEX_KEY = makeIssuerKey("dex", "P-256");
const CLIENT = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const CLIENT_PEM = CLIENT.publicKey.export({ type: "spki", format: "pem" }).toString();
const START = makeClock().now();
const MATERIAL = makeCaMaterial(START);
const P384_MATERIAL = makeCaMaterial(START, "secp384r1");
const ISSUER = "https://sigstore.example.com/oidc";
const GITHUB = "https://token.actions.githubusercontent.com";
const DEX = "https://dex.example/auth";
const ISSUERS = JSON.stringify([
  { "issuer-url": GITHUB, type: "github-workflow", jwks: jwksOf(GITHUB_KEY) },
  { "issuer-url": DEX, type: "email", "issuer-claim": "$.federated_claims.connector_id", jwks: jwksOf(DEX_KEY) },
  { "issuer-url": "https://unreachable.example", type: "email" },
]);

interface Bench {
  readonly clock: Clock;
  readonly log: FakeCertificateLog;
  readonly env: CaEnv;
  readonly post: (body: unknown, init?: RequestInit) => Promise<Response>;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

function makeBench(env: Partial<CaEnv> = {}, allowLoopbackIssuers = false): Bench {
  const clock = makeClock();
  const log = new FakeCertificateLog(clock.now);
  const complete = { ...makeCaEnv(MATERIAL, log, { jwks: async () => jwksOf(BUILT_IN_KEY) }), ISSUERS, ...env };
  const platform: Platform = {
    now: clock.now,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fetch: () => Promise.reject(new TypeError("no network")),
    cache: emptyCache,
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

const seconds = (clock: Clock): number => Math.floor(clock.now() / 1000);
const emailClaims = (clock: Clock): Record<string, unknown> => ({
  iss: ISSUER,
  sub: "user-1",
  aud: "sigstore",
  exp: seconds(clock) + 60,
  iat: seconds(clock),
  email: "alice@example.com",
  email_verified: true,
});

const prove = (text: string): string => sign("sha256", Buffer.from(text), CLIENT.privateKey).toString("base64");
const keyRequest = (proofOver = "alice@example.com"): object => ({
  publicKey: { algorithm: "ECDSA", content: CLIENT_PEM },
  proofOfPossession: prove(proofOver),
});
const bodyOf = (token: string, publicKeyRequest: object = keyRequest()): object => ({
  credentials: { oidcIdentityToken: token },
  publicKeyRequest,
});

interface Chain {
  readonly leaf: X509Certificate;
  readonly issuing: X509Certificate;
  readonly root: X509Certificate;
  readonly pems: readonly string[];
}

async function chainOf(response: Response): Promise<Chain> {
  const body = (await response.json()) as {
    readonly signedCertificateEmbeddedSct: { readonly chain: { readonly certificates: readonly string[] } };
  };
  expect(response.status).toBe(200);
  const pems = body.signedCertificateEmbeddedSct.chain.certificates;
  expect(body).toEqual({ signedCertificateEmbeddedSct: { chain: { certificates: pems } } });
  const [leaf, issuing, root] = pems.map((pem) => X509Certificate.parse(pem));
  if (leaf === undefined || issuing === undefined || root === undefined) throw new Error("a short chain");
  return { leaf, issuing, root, pems };
}

/** The steps of RFC 6962 §3.2 with the parser and writer of @sigstore/core, as its verifier takes them. */
function verifiesSct(leaf: X509Certificate, issuing: X509Certificate, log: FakeCertificateLog): boolean {
  const clone = leaf.clone();
  const at = clone.extensions.findIndex((extension) => extension.subs[0]?.toOID() === EXTENSION_OID_SCT);
  const [extension] = clone.extensions.splice(at, 1);
  if (extension === undefined) return false;
  const scts = new X509SCTExtension(extension).signedCertificateTimestamps;
  const signed = new ByteStream();
  signed.appendView(createHash("sha256").update(issuing.publicKey).digest());
  const tbs = clone.tbsCertificate.toDER();
  signed.appendUint24(tbs.length);
  signed.appendView(tbs);
  const key = createPublicKey({ key: Buffer.from(log.spki), type: "spki", format: "der" });
  return scts.length === 1 && scts.every((sct) => sct.logID.equals(log.logId) && sct.verify(signed.buffer, key));
}

let errors: ReturnType<typeof vi.spyOn>;
let lines: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  errors = vi.spyOn(console, "error").mockImplementation(() => {});
  lines = vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  errors.mockRestore();
  lines.mockRestore();
});

describe("several certificate logs", () => {
  const SHARDS = [
    { name: "ct-2", kind: "certificate", url: "https://two.example.com" },
    { name: "ct-3", kind: "certificate", url: "https://three.example.com", from: "2027-01-15T08:00:10Z" },
    { name: "sig-2", kind: "signature", url: "https://two.example.com" },
  ];
  const FROZEN = { code: "log_frozen", writeTo: null } as const;

  function makeLogs(rows: readonly object[]): Bench & { readonly logs: readonly FakeCertificateLog[] } {
    const bench = makeBench({ SHARDS: JSON.stringify(rows) });
    const shards = { "ct-2": new FakeCertificateLog(bench.clock.now), "ct-3": new FakeCertificateLog(bench.clock.now) };
    const { SEQUENCER } = makeCaEnv(MATERIAL, bench.log, { jwks: async () => jwksOf(BUILT_IN_KEY) }, shards);
    Object.assign(bench.env, { SEQUENCER });
    return { ...bench, logs: [bench.log, shards["ct-2"], shards["ct-3"]] };
  }
  const issue = ({ post, clock }: Bench): Promise<Response> =>
    post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)));
  const counts = (logs: readonly FakeCertificateLog[]): readonly number[] =>
    logs.map(({ submissions }) => submissions.length);

  it("the newest one that is in use and not frozen gets the precertificate", async () => {
    const bench = makeLogs(SHARDS);
    const { leaf, issuing } = await chainOf(await issue(bench));
    expect(counts(bench.logs)).toEqual([0, 1, 0]);
    expect(bench.logs.map((log) => verifiesSct(leaf, issuing, log))).toEqual([false, true, false]);
    expect(JSON.parse(String(lines.mock.calls[0]?.[0]))).toMatchObject({ log: "ct-2", leafIndex: 0 });
    bench.clock.advance(10_000);
    expect((await issue(bench)).status).toBe(200);
    expect(counts(bench.logs)).toEqual([0, 1, 1]);
    const frozen = makeLogs(SHARDS.map((row) => Object.assign({}, row, { frozen: true })));
    expect((await issue(frozen)).status).toBe(200);
    expect(counts(frozen.logs)).toEqual([1, 0, 0]);
  });

  it("the next one gets it where one is frozen that the settings do not freeze", async () => {
    const bench = makeLogs(SHARDS);
    const [first, second] = bench.logs;
    if (first === undefined || second === undefined) throw new Error("no logs");
    second.failure = FROZEN;
    expect((await issue(bench)).status).toBe(200);
    expect(counts(bench.logs)).toEqual([1, 0, 0]);
    // A log that fails otherwise is no reason to go to another: it may have logged the precertificate.
    second.failure = { code: "log_busy", retryAfterSeconds: 1 };
    expect((await issue(bench)).status).toBe(503);
    expect(counts(bench.logs)).toEqual([1, 0, 0]);
  });

  it("none of them: 503 until an operator opens another", async () => {
    const bench = makeLogs([{ name: "certificate", frozen: true }]);
    const response = await issue(bench);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(await response.json()).toMatchObject({ message: expect.stringContaining("is frozen; the operator must") });
  });
});

describe("an issued certificate", () => {
  it("is what every verifier wants", async () => {
    const { post, clock, log } = makeBench();
    const { leaf, issuing, root, pems } = await chainOf(
      await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY))),
    );
    expect(pems.every((pem) => pem.endsWith("-----END CERTIFICATE-----"))).toBe(true);
    expect(leaf.verify(issuing) && issuing.verify(root) && root.verify()).toBe(true);
    expect(verifiesSct(leaf, issuing, log)).toBe(true);
    const notBefore = (seconds(clock) - 5) * 1000;
    expect([leaf.notBefore.getTime(), leaf.notAfter.getTime()]).toEqual([notBefore, notBefore + 600_000]);
    expect(leaf.subject).toHaveLength(0);
    expect(leaf.issuer.equals(issuing.subject)).toBe(true);
    expect(leaf.extSubjectAltName?.rfc822Name).toBe("alice@example.com");
    expect(leaf.extSubjectAltName?.critical).toBe(true);
    expect(leaf.extKeyUsage?.digitalSignature).toBe(true);
    expect(leaf.extBasicConstraints).toBeUndefined();
    expect(leaf.extAuthorityKeyID?.keyIdentifier).toEqual(issuing.extSubjectKeyID?.keyIdentifier);
    expect(leaf.publicKey).toEqual(CLIENT.publicKey.export({ type: "spki", format: "der" }));
    const node = new NodeCertificate(pems[0] ?? "");
    expect(node.keyUsage).toEqual(["1.3.6.1.5.5.7.3.3"]);
    expect(node.subjectAltName).toBe("email:alice@example.com");
    expect(node.checkIssued(new NodeCertificate(pems[1] ?? ""))).toBe(true);
    expect(node.serialNumber).toMatch(/^[4-7][0-9A-F]{39}$/);
    const own = parseCertificate(leaf.root.toDER());
    expect(own.ok && readFulcioExtensions(own.value)).toEqual({
      issuer: ISSUER,
      issuerV2: ISSUER,
      tokenSubject: "user-1",
    });
  });

  it("was logged before it was signed, as the same TBS", async () => {
    const { post, clock, log } = makeBench();
    const { leaf, issuing, root } = await chainOf(await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY))));
    const [submission, ...more] = log.submissions;
    if (submission === undefined) throw new Error("nothing was logged");
    expect(more).toEqual([]);
    expect(submission).toMatchObject({
      entryType: "precert_entry",
      issuerKeyHash: Uint8Array.from(createHash("sha256").update(issuing.publicKey).digest()),
      chainFingerprints: [issuing, root].map((certificate) =>
        Uint8Array.from(createHash("sha256").update(certificate.root.toDER()).digest()),
      ),
      search: { digest: null, identity: "alice@example.com", issuer: ISSUER },
    });
    expect(submission.search.terms).toContain("email:alice@example.com");
    const precertificate = X509Certificate.parse(Buffer.from(submission.precertificate ?? []));
    expect(precertificate.verify(issuing)).toBe(true);
    expect(precertificate.serialNumber).toEqual(leaf.serialNumber);
    const poison = precertificate.extensions.at(-1);
    expect(poison?.toDER().toString("hex")).toBe("3013060a2b06010401d6790204030101ff04020500");
    precertificate.extensions.pop();
    expect(precertificate.tbsCertificate.toDER()).toEqual(Buffer.from(submission.signedEntry));
  });

  it("verifies with openssl", async ({ skip }) => {
    if (spawnSync("openssl", ["version"]).status !== 0) skip("openssl is not installed");
    const { post, clock } = makeBench();
    const { pems } = await chainOf(await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY))));
    const folder = mkdtempSync(join(tmpdir(), "sigedge-ca-"));
    try {
      const [leaf = "", issuing = "", root = ""] = ["leaf", "issuing", "root"].map((name) => join(folder, name));
      for (const [i, path] of [leaf, issuing, root].entries()) writeFileSync(path, `${pems[i]}\n`);
      const at = String(seconds(clock));
      const verified = execFileSync(
        "openssl",
        ["verify", "-x509_strict", "-attime", at, "-CAfile", root, "-untrusted", issuing, leaf],
        { encoding: "utf8" },
      );
      expect(verified).toBe(`${leaf}: OK\n`);
      const text = execFileSync("openssl", ["x509", "-in", leaf, "-noout", "-text"], { encoding: "utf8" });
      expect(text).toMatch(/X509v3 Key Usage: critical\n\s+Digital Signature\n/);
      expect(text).toMatch(/X509v3 Extended Key Usage: ?\n\s+Code Signing\n/);
      expect(text).toMatch(/X509v3 Subject Alternative Name: critical\n\s+email:alice@example\.com\n/);
      expect(text).toMatch(/1\.3\.6\.1\.4\.1\.57264\.1\.1: ?\n\s+https:\/\/sigstore\.example\.com\/oidc\n/);
      expect(text).toMatch(/CT Precertificate SCTs: ?\n\s+Signed Certificate Timestamp:\n\s+Version\s+: v1 \(0x0\)/);
      expect(text).toMatch(/Subject:\s*\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("carries a workflow's build in its extensions", async () => {
    const { post, clock, log } = makeBench();
    const workflow = "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main";
    const claims = {
      iss: GITHUB,
      sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
      aud: "sigstore",
      exp: seconds(clock) + 300,
      nbf: seconds(clock) - 300,
      event_name: "push",
      sha: "a".repeat(40),
      workflow: "release",
      repository: "octo-org/octo-repo",
      ref: "refs/heads/main",
      job_workflow_ref: workflow,
      job_workflow_sha: "b".repeat(40),
      runner_environment: "github-hosted",
      repository_id: "74",
      repository_owner: "octo-org",
      repository_owner_id: "65",
      workflow_ref: workflow,
      workflow_sha: "c".repeat(40),
      run_id: "12",
      run_attempt: "1",
      repository_visibility: "public",
    };
    const token = signToken(claims, GITHUB_KEY);
    const { leaf, issuing } = await chainOf(await post(bodyOf(token, keyRequest(claims.sub))));
    expect(leaf.extSubjectAltName?.uri).toBe(`https://github.com/${workflow}`);
    expect(verifiesSct(leaf, issuing, log)).toBe(true);
    const values: Readonly<Record<number, string>> = {
      1: GITHUB,
      2: "push",
      3: "a".repeat(40),
      4: "release",
      5: "octo-org/octo-repo",
      6: "refs/heads/main",
    };
    for (const [number, value] of Object.entries(values)) {
      expect(leaf.extension(`1.3.6.1.4.1.57264.1.${number}`)?.value.toString()).toBe(value);
    }
    const numbers = leaf.extensions.map((extension) => extension.subs[0]?.toOID().split("57264.1.")[1]);
    expect(numbers.filter((number) => number !== undefined).map(Number)).toEqual([
      1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24,
    ]);
    const invocation = leaf.extension("1.3.6.1.4.1.57264.1.21")?.valueObj.subs[0]?.value.toString();
    expect(invocation).toBe("https://github.com/octo-org/octo-repo/actions/runs/12/attempts/1");
  });

  it("names the issuer behind a federating provider", async () => {
    const { post, clock } = makeBench();
    const claims = {
      ...emailClaims(clock),
      iss: DEX,
      email_verified: "true",
      federated_claims: { connector_id: "https://github.com/login/oauth" },
    };
    const { leaf } = await chainOf(await post(bodyOf(signToken(claims, DEX_KEY, { alg: "ES256" }))));
    expect(leaf.extension("1.3.6.1.4.1.57264.1.1")?.value.toString()).toBe("https://github.com/login/oauth");
  });

  it("comes from a P-384 CA as well", async () => {
    const { post, clock, log } = makeBench(P384_MATERIAL);
    const { leaf, issuing } = await chainOf(await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY))));
    expect(leaf.signatureAlgorithm).toBe("sha384");
    expect(leaf.verify(issuing) && verifiesSct(leaf, issuing, log)).toBe(true);
  });

  it("never has the serial number of another", async () => {
    const { post, clock } = makeBench();
    const token = signToken(emailClaims(clock), BUILT_IN_KEY);
    const chains = await Promise.all(Array.from({ length: 20 }, async () => chainOf(await post(bodyOf(token)))));
    expect(new Set(chains.map(({ leaf }) => leaf.serialNumber.toString("hex"))).size).toBe(20);
  });
});

describe("a request that is accepted", () => {
  const token = (clock: Clock): string => signToken(emailClaims(clock), BUILT_IN_KEY);

  it.each<[string, (clock: Clock) => [unknown, RequestInit?]]>([
    [
      "with the token in the header",
      (clock) => [{ publicKeyRequest: keyRequest() }, { headers: { authorization: `Bearer ${token(clock)}` } }],
    ],
    [
      "with the token in the header without a scheme",
      (clock) => [{ publicKeyRequest: keyRequest() }, { headers: { authorization: token(clock) } }],
    ],
    [
      "with a token in both, of which the body's counts",
      (clock) => [bodyOf(token(clock)), { headers: { authorization: "Bearer x" } }],
    ],
    ["with a proof over the subject", (clock) => [bodyOf(token(clock), keyRequest("user-1"))]],
    [
      "with an Accept header of PEM",
      (clock) => [bodyOf(token(clock)), { headers: { accept: "application/pem-certificate-chain" } }],
    ],
    ["with a Content-Type of text", (clock) => [bodyOf(token(clock)), { headers: { "content-type": "text/plain" } }]],
    ["with unknown fields", (clock) => [{ ...bodyOf(token(clock)), x: 1, certificateSigningRequest: null }]],
  ])("%s", async (_, make) => {
    const { post, clock } = makeBench();
    await chainOf(await post(...make(clock)));
  });

  it.each(REQUESTS.filter(({ outcome }) => outcome === "ok"))(
    "with the signing request $name",
    async ({ pem, spki }) => {
      const { post, clock } = makeBench();
      const { leaf } = await chainOf(
        await post(
          { certificateSigningRequest: Buffer.from(pem).toString("base64") },
          { headers: { authorization: `Bearer ${token(clock)}` } },
        ),
      );
      expect(leaf.publicKey.toString("hex")).toBe(spki);
      // Nothing of what the request asked for is in the certificate.
      expect(leaf.extSubjectAltName?.rfc822Name).toBe("alice@example.com");
      expect(leaf.extBasicConstraints).toBeUndefined();
      expect(leaf.subject).toHaveLength(0);
      expect(leaf.extension("1.3.6.1.4.1.57264.1.8")?.valueObj.subs[0]?.value.toString()).toBe(ISSUER);
    },
  );

  it("with doubled slashes in its path", async () => {
    const { fetch, clock } = makeBench();
    const body = JSON.stringify(bodyOf(token(clock)));
    await chainOf(await fetch("//api/v2//signingCert", { method: "POST", body }));
  });
});

describe("a request that is refused", () => {
  const METHOD = { code: 12, message: "Method Not Allowed", details: [] };
  const PATH = { code: 5, message: "Not Found", details: [] };
  const TOKEN = "There was an error processing the identity token: ";
  const SIGNATURE = "The signature supplied in the request could not be verified: ";
  const good = (clock: Clock): string => signToken(emailClaims(clock), BUILT_IN_KEY);
  const claiming = (claims: object) => (clock: Clock) =>
    bodyOf(signToken({ ...emailClaims(clock), ...claims }, BUILT_IN_KEY));
  const proof = "proofOfPossession must be the key's signature over the token's email, or its sub if it has no email";
  const csr = (name: string) => (clock: Clock) => ({
    credentials: { oidcIdentityToken: good(clock) },
    certificateSigningRequest: Buffer.from(REQUESTS.find((row) => row.name === name)?.pem ?? "").toString("base64"),
  });

  it.each<[string, (clock: Clock) => unknown, string]>([
    [
      "an empty body",
      () => "",
      `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`,
    ],
    [
      "an empty object",
      () => "{}",
      `${TOKEN}the request has none; send it as \`Authorization: Bearer TOKEN\` or in credentials.oidcIdentityToken`,
    ],
    ["no JSON", () => "token=x", "The request could not be read: the body is not JSON"],
    ["a list", () => "[]", "The request could not be read: the body has the wrong JSON type"],
    [
      "both keys",
      (clock) => ({ ...bodyOf(good(clock)), certificateSigningRequest: "UEVN" }),
      "The request could not be read: send either publicKeyRequest or certificateSigningRequest, not both",
    ],
    [
      "a token that is none",
      () => bodyOf("x"),
      `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`,
    ],
    [
      "an expired token",
      claiming({ exp: START / 1000 - 1.25 }),
      `${TOKEN}it expired at 2027-01-15T07:59:59Z, and the time is 2027-01-15T08:00:00Z; request a new one`,
    ],
    [
      "a token of tomorrow",
      claiming({ nbf: START / 1000 + 86_399.75 }),
      `${TOKEN}it is not valid before 2027-01-16T08:00:00Z, and the time is 2027-01-15T08:00:00Z`,
    ],
    [
      "another audience",
      claiming({ aud: "other" }),
      `${TOKEN}its audience (aud) must be "sigstore"; request a token for that audience`,
    ],
    [
      "an unknown issuer",
      claiming({ iss: "https://evil.example" }),
      `${TOKEN}its issuer "https://evil.example" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "an issuer with a slash more",
      claiming({ iss: `${ISSUER}/` }),
      `${TOKEN}its issuer "${ISSUER}/" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "an issuer in another case",
      claiming({ iss: ISSUER.toUpperCase() }),
      `${TOKEN}its issuer "${ISSUER.toUpperCase()}" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "an issuer that is replaced by ISSUERS",
      claiming({ iss: "https://accounts.google.com" }),
      `${TOKEN}its issuer "https://accounts.google.com" is not accepted here; /api/v2/configuration lists the accepted issuers`,
    ],
    [
      "a key of nobody",
      (clock) => bodyOf(signToken(emailClaims(clock), makeIssuerKey("x"))),
      `${TOKEN}its kid names none of its issuer's keys`,
    ],
    [
      "a forged signature",
      (clock) => bodyOf(signToken(emailClaims(clock), { ...GITHUB_KEY, keyId: "built-in" })),
      `${TOKEN}its signature does not verify with its issuer's keys`,
    ],
    [
      "alg none",
      (clock) => bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY, { alg: "none" })),
      `${TOKEN}its alg must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA`,
    ],
    ["no subject", claiming({ sub: "" }), `${TOKEN}its claim sub is missing or empty`],
    [
      "an unverified address",
      claiming({ email_verified: false }),
      `${TOKEN}its claim email_verified is not true: the issuer does not vouch for the e-mail address`,
    ],
    [
      "an address outside ASCII",
      claiming({ email: "älice@example.com" }),
      `${TOKEN}its claim email has non-ASCII characters, which a certificate cannot hold`,
    ],
    ["no address", claiming({ email: undefined }), `${TOKEN}its claim email is missing or empty`],
    [
      "a bad token and a bad key",
      (clock) => bodyOf(`${good(clock)}x.y`, {}),
      `${TOKEN}it is not a signed JWT: three parts of unpadded base64url, separated by dots`,
    ],
    [
      "no key",
      (clock) => ({ credentials: { oidcIdentityToken: good(clock) } }),
      "The public key supplied in the request could not be parsed: publicKeyRequest.publicKey.content must be one PEM block, PUBLIC KEY or RSA PUBLIC KEY",
    ],
    [
      "no proof",
      (clock) => bodyOf(good(clock), { publicKey: { content: CLIENT_PEM } }),
      `${SIGNATURE}publicKeyRequest.proofOfPossession is missing`,
    ],
    [
      "a proof over something else",
      (clock) => bodyOf(good(clock), keyRequest("bob@example.com")),
      `${SIGNATURE}${proof}`,
    ],
    [
      "an unparsable signing request",
      csr("no PEM"),
      "The certificate signing request could not be parsed: it must be the base64 of one PEM block, CERTIFICATE REQUEST (PKCS#10)",
    ],
    [
      "a signing request by another key",
      csr("another key put in"),
      `${SIGNATURE}the certificate signing request is not signed by the key in it`,
    ],
    [
      "a signing request with another hash",
      csr("P-384 with SHA-256"),
      "signing algorithm not permitted: ecdsa-p384, SHA-256; sign the request with SHA-384",
    ],
    ["a signing request with PSS", csr("RSA-PSS"), "unrecognized signature algorithm: 1.2.840.113549.1.1.10"],
    [
      "a weak key",
      csr("RSA-1024"),
      "The public key supplied in the request is insecure: use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048, 3072 or 4096 bits with exponent 65537",
    ],
  ])("for %s, and leaves nothing behind", async (_, make, message) => {
    const { post, clock, log } = makeBench();
    const response = await post(make(clock));
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual({ code: 3, message, details: [] });
    expect(log.submissions).toEqual([]);
    expect(errors).not.toHaveBeenCalled();
  });

  it("for its size", async () => {
    const { post } = makeBench();
    const response = await post(" ".repeat(4 * 1024 * 1024 + 1));
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: 3, message: "http: request body too large: send at most 4194304 bytes", details: [] },
    ]);
  });

  it("for the scheme in lower case", async () => {
    const { post, clock } = makeBench();
    const response = await post(
      { publicKeyRequest: keyRequest() },
      { headers: { authorization: `bearer ${good(clock)}` } },
    );
    expect(response.status).toBe(400);
  });

  it.each([
    ["GET", "/api/v2/signingCert", 501, METHOD],
    ["PUT", "/api/v2/signingCert", 501, METHOD],
    ["DELETE", "/api/v2/signingCert", 501, METHOD],
    ["POST", "/api/v2/trustBundle", 501, METHOD],
    ["POST", "/api/v2/configuration", 501, METHOD],
    ["GET", "/api/v2/unknown", 404, PATH],
    ["POST", "/api/v2/signingcert", 404, PATH],
  ])("%s %s", async (method, path, status, body) => {
    const response = await makeBench().fetch(path, { method });
    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  it("by the production CA, if its issuer is a loopback address", async () => {
    const issuer = "http://localhost:8787/oidc";
    for (const [allow, status] of [
      [false, 400],
      [true, 200],
    ] as const) {
      const { post, clock, fetch } = makeBench({ PUBLIC_URL: "http://localhost:8787" }, allow);
      const response = await post(bodyOf(signToken({ ...emailClaims(clock), iss: issuer }, BUILT_IN_KEY)));
      expect(response.status).toBe(status);
      const body = (await response.json()) as { readonly message?: string };
      if (!allow) {
        expect(body.message).toBe(
          `${TOKEN}its issuer "${issuer}" is a loopback address, which only a development stack (npm start) accepts`,
        );
      }
      const listed = await (await fetch("/api/v2/configuration")).text();
      expect(listed.includes(issuer)).toBe(allow);
    }
  });
});

describe("when something fails behind the CA", () => {
  const LOG = "Error entering certificate in CTL: ";
  it.each([
    [{ code: "log_busy", retryAfterSeconds: 2 }, "2", `${LOG}the certificate log is busy; try again`],
    [{ code: "log_starting", reason: "R2" }, "1", `${LOG}the certificate log is starting; try again`],
    [
      { code: "log_refusing", reason: "it is behind its anchor" },
      "60",
      `${LOG}the certificate log refuses to write: it is behind its anchor`,
    ],
    [
      { code: "clock_behind", lastTimestamp: START, now: START },
      "60",
      `${LOG}the certificate log's clock is behind its last timestamp`,
    ],
  ] as const)("%o is a 503 that says when to come again", async (failure, retryAfter, message) => {
    const { post, clock, log } = makeBench();
    log.failure = failure;
    const response = await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)));
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(await response.json()).toEqual({ code: 14, message, details: [] });
    expect(errors).toHaveBeenCalledOnce();
  });

  it("an entry that is too large is the token's fault", async () => {
    const { post, clock, log } = makeBench();
    log.failure = { code: "entry_too_large", maxBytes: 65_535 };
    expect((await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)))).status).toBe(400);
  });

  it.each<[string, (log: FakeCertificateLog) => void]>([
    ["the log cannot be reached", (log) => void (log.failure = new Error("network connection lost"))],
    ["the SCT has a short log id", (log) => void (log.change = { logId: new Uint8Array(31) })],
    ["the SCT is of yesterday", (log) => void (log.promise = { timestamp: unixMs(START - 86_400_000) })],
    ["the SCT is of tomorrow", (log) => void (log.promise = { timestamp: unixMs(START + 86_400_000) })],
    ["the SCT has no index", (log) => void (log.promise = { extensions: new Uint8Array(0) })],
    ["the SCT has more than an index", (log) => void (log.promise = { extensions: new Uint8Array(9) })],
    ["the SCT has no signature", (log) => void (log.change = { signature: new Uint8Array(0) })],
    ["the SCT is of another second", (log) => void (log.change = { timestamp: unixMs(START + 1000) })],
    ["the SCT is another log's", (log) => void (log.change = new FakeCertificateLog(() => START).identity)],
    ["the SCT names another log than its key's", (log) => void (log.change = { logId: new Uint8Array(32) })],
  ])("%s: 503, and a log line under the request's id, without the token", async (_, fail) => {
    const { post, clock, log } = makeBench();
    fail(log);
    const token = signToken(emailClaims(clock), BUILT_IN_KEY);
    const response = await post(bodyOf(token), { headers: { "x-request-id": "req-1" } });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toEqual({
      code: 14,
      message: "error communicating with CA backend: its log has request req-1",
      details: [],
    });
    expect(errors).toHaveBeenCalledOnce();
    const line = String(errors.mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toMatchObject({ requestId: "req-1" });
    expect(line).not.toContain(token.slice(0, 40));
  });

  it("an SCT of a key that no verifier takes for a log's is none", async () => {
    const bench = makeBench();
    const log = new FakeCertificateLog(bench.clock.now, "secp384r1");
    Object.assign(bench.env, { SEQUENCER: makeCaEnv(MATERIAL, log, { jwks: async () => jwksOf() }).SEQUENCER });
    expect((await bench.post(bodyOf(signToken(emailClaims(bench.clock), BUILT_IN_KEY)))).status).toBe(503);
  });

  it("an issuer that cannot be reached is a 503", async () => {
    const { post, clock } = makeBench();
    const claims = { ...emailClaims(clock), iss: "https://unreachable.example" };
    const response = await post(bodyOf(signToken(claims, BUILT_IN_KEY)));
    expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
      503,
      "5",
      {
        code: 14,
        message:
          'There was an error processing the identity token: could not fetch the keys of its issuer "https://unreachable.example"; try again',
        details: [],
      },
    ]);
  });

  it("an expired CA certificate is a 503 that names it", async () => {
    const { post, clock, log } = makeBench();
    clock.advance(4 * 365 * 86_400_000);
    const response = await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining("the CA certificate is valid from"),
    });
    expect(log.submissions).toEqual([]);
  });

  it("a missing setting is a 503 that names it, on every route", async () => {
    const { fetch } = makeBench({ CA_KEY: "", CA_CHAIN: "" });
    for (const path of ["/api/v2/trustBundle", "/api/v2/configuration", "/api/v2/unknown"]) {
      const response = await fetch(path);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({
        message: "this deployment is not configured: CA_CHAIN is missing; CA_KEY is missing",
      });
    }
  });
});

describe("what is public", () => {
  it("the trust bundle is the chain, with final newlines", async () => {
    const { fetch } = makeBench();
    const response = await fetch("/api/v2/trustBundle");
    const certificates = MATERIAL.CA_CHAIN.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(certificates).toHaveLength(2);
    expect(await response.json()).toEqual({ chains: [{ certificates }] });
    expect(response.headers.get("content-type")).toBe("application/json");
    const again = await fetch("/api/v2/trustBundle", {
      headers: { "if-none-match": response.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
    expect((await fetch("/api/v2/trustBundle", { method: "HEAD" })).status).toBe(200);
  });

  it("the configuration lists the issuers by URL", async () => {
    const rest = { audience: "sigstore", spiffeTrustDomain: "", subjectDomain: "", skipEmailVerification: false };
    expect(await (await makeBench().fetch("/api/v2/configuration")).json()).toEqual({
      issuers: [
        { issuerUrl: DEX, challengeClaim: "email", issuerType: "email", ...rest },
        { issuerUrl: ISSUER, challengeClaim: "email", issuerType: "email", ...rest },
        { issuerUrl: GITHUB, challengeClaim: "sub", issuerType: "github-workflow", ...rest },
        { issuerUrl: "https://unreachable.example", challengeClaim: "email", issuerType: "email", ...rest },
      ],
    });
  });

  it("the configuration has a row for each audience, and says which issuers are patterns", async () => {
    const rows = [
      { "issuer-url": "https://*.id.example.com", type: "kubernetes", "client-ids": ["a", "b"] },
      { "issuer-url": "https://td.example.com", type: "spiffe", "spiffe-trust-domain": "td.example" },
      { "issuer-url": "https://u.example.com", type: "uri", "subject-domain": "https://x.example.com" },
      { "issuer-url": "https://v.example.com", type: "email", "skip-email-verification": true },
    ];
    const response = await makeBench({ ISSUERS: JSON.stringify(rows) }).fetch("/api/v2/configuration");
    const { issuers } = (await response.json()) as { readonly issuers: readonly object[] };
    const row = {
      audience: "sigstore",
      challengeClaim: "sub",
      spiffeTrustDomain: "",
      subjectDomain: "",
      skipEmailVerification: false,
    };
    expect(issuers).toEqual([
      { wildcardIssuerUrl: "https://*.id.example.com", issuerType: "kubernetes", ...row, audience: "a" },
      { wildcardIssuerUrl: "https://*.id.example.com", issuerType: "kubernetes", ...row, audience: "b" },
      { issuerUrl: ISSUER, issuerType: "email", ...row, challengeClaim: "email" },
      { issuerUrl: "https://td.example.com", issuerType: "spiffe", ...row, spiffeTrustDomain: "td.example" },
      { issuerUrl: "https://u.example.com", issuerType: "uri", ...row, subjectDomain: "https://x.example.com" },
      {
        issuerUrl: "https://v.example.com",
        issuerType: "email",
        ...row,
        challengeClaim: "email",
        skipEmailVerification: true,
      },
    ]);
  });

  it("every answer can be read by every page", async () => {
    const { fetch, post } = makeBench();
    for (const response of [await fetch("/api/v2/trustBundle"), await post("x"), await fetch("/api/v2/unknown")]) {
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  it.each([
    ["POST", "content-type", true],
    ["POST", "Content-Type, Accept,x-requested-with", true],
    ["GET", null, true],
    ["POST", "authorization", false],
    ["POST", "content-type, authorization", false],
    ["DELETE", null, false],
  ])("a preflight for %s with %s is allowed: %s", async (method, headers, isAllowed) => {
    const response = await makeBench().fetch("/api/v2/signingCert", {
      method: "OPTIONS",
      headers: {
        origin: "https://page.example",
        "access-control-request-method": method,
        ...(headers === null ? {} : { "access-control-request-headers": headers }),
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(isAllowed ? "*" : null);
    expect(response.headers.has("access-control-allow-methods")).toBe(isAllowed);
  });

  it("OPTIONS that is no preflight is a wrong method", async () => {
    expect((await makeBench().fetch("/api/v2/signingCert", { method: "OPTIONS" })).status).toBe(501);
  });
});

describe("one issuance", () => {
  it("leaves one line: request, issuer, identity, serial, index, and a hash of the token's id", async () => {
    const { post, clock } = makeBench();
    const claims = { ...emailClaims(clock), jti: "secret-id" };
    const token = signToken(claims, BUILT_IN_KEY);
    const { leaf } = await chainOf(await post(bodyOf(token), { headers: { "x-request-id": "req-7" } }));
    expect(lines).toHaveBeenCalledOnce();
    const line = String(lines.mock.calls[0]?.[0]);
    expect(JSON.parse(line)).toEqual({
      code: "certificate_issued",
      requestId: "req-7",
      issuer: ISSUER,
      identity: "alice@example.com",
      serial: leaf.serialNumber.toString("hex"),
      log: "certificate",
      leafIndex: 0,
      tokenId: createHash("sha256").update("secret-id").digest("hex"),
    });
  });

  it("has the lifetime of the configuration", async () => {
    const { post, clock } = makeBench({ CERTIFICATE_LIFETIME: "300" });
    const { leaf } = await chainOf(await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY))));
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime()).toBe(300_000);
  });
});

const refusing = { limit: async () => ({ success: false }) };

describe("limits", () => {
  const TOO_MANY = "too many requests from this address; try again later";

  it.each(["/api/v2/signingCert", "/api/v1/signingCert", "/api/identity/explain"])(
    "%s is refused for an address with 429 before its body is read",
    async (path) => {
      const { fetch } = makeBench({ CLIENTS: refusing });
      const init = { method: "POST", body: "{", headers: { "cf-connecting-ip": "192.0.2.1" } };
      const response = await fetch(path, init);
      expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([
        429,
        "60",
        { code: 8, message: TOO_MANY, details: [] },
      ]);
    },
  );

  it("count for an address, and for an identity whose token holds", async () => {
    const keys: string[] = [];
    const counting = { limit: async ({ key }: { readonly key: string }) => ({ success: keys.push(key) > 0 }) };
    const { post, clock } = makeBench({ CLIENTS: counting, IDENTITIES: counting });
    const headers = { "cf-connecting-ip": "192.0.2.1" };
    await chainOf(await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)), { headers }));
    await post(bodyOf(signToken(emailClaims(clock), makeIssuerKey("x"))), { headers });
    expect(keys).toEqual(["192.0.2.1", `${ISSUER} alice@example.com`, "192.0.2.1"]);
  });

  it("are 429 for an identity as well, and nothing is logged", async () => {
    const { post, clock, log } = makeBench({ IDENTITIES: refusing });
    const response = await post(bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY)));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(log.submissions).toEqual([]);
  });
});

describe("an issuer whose tokens are good for one certificate", () => {
  const ONCE = JSON.stringify([
    { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY, DEX_KEY) },
  ]);
  const tokenOf = (clock: Clock, key = GITHUB_KEY, header = {}): string =>
    signToken({ ...emailClaims(clock), iss: GITHUB }, key, header);
  const USED = "it has already been used, and each token of its issuer is valid for one certificate; request a new one";

  it("gives one, of any number of requests at once", async () => {
    const { post, clock, log } = makeBench({ ISSUERS: ONCE });
    const body = bodyOf(tokenOf(clock));
    const responses = await Promise.all(Array.from({ length: 10 }, () => post(body)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array<number>(9).fill(400),
    ]);
    const refused = responses.find(({ status }) => status === 400);
    expect(await refused?.json()).toMatchObject({ message: expect.stringContaining(USED) });
    expect(log.submissions).toHaveLength(1);
  });

  it("knows a token again under another signature", async () => {
    const { post, clock } = makeBench({ ISSUERS: ONCE });
    const token = tokenOf(clock, DEX_KEY, { alg: "ES256" });
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const [header, payload, signature = ""] = token.split(".");
    const raw = Buffer.from(signature, "base64url");
    const s = order - BigInt(`0x${raw.subarray(32).toString("hex")}`);
    const other = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
    expect((await post(bodyOf(token))).status).toBe(200);
    const again = await post(bodyOf([header, payload, other.toString("base64url")].join(".")));
    expect([again.status, await again.json()]).toMatchObject([400, { message: expect.stringContaining(USED) }]);
  });

  it("lets a token come again that came to nothing, and not one whose fate is unknown", async () => {
    const { post, clock, log } = makeBench({ ISSUERS: ONCE });
    const body = bodyOf(tokenOf(clock));
    expect((await post({ ...body, publicKeyRequest: {} })).status).toBe(400);
    log.failure = { code: "log_busy", retryAfterSeconds: 1 };
    expect((await post(body)).status).toBe(503);
    log.failure = new Error("connection lost");
    expect((await post(body)).status).toBe(503);
    log.failure = null;
    expect((await post(body)).status).toBe(400);
  });

  it("is the exception: other tokens are good for several", async () => {
    const { post, clock } = makeBench();
    const body = bodyOf(signToken(emailClaims(clock), BUILT_IN_KEY));
    expect([(await post(body)).status, (await post(body)).status]).toEqual([200, 200]);
  });
});

describe("POST /api/identity/explain", () => {
  const ask = (bench: Bench, body: object): Promise<Response> =>
    bench.fetch("/api/identity/explain", { method: "POST", body: JSON.stringify(body) });
  const credentials = (token: string): object => ({ credentials: { oidcIdentityToken: token } });

  it("tells what the certificate would say, and leaves no trace", async () => {
    const bench = makeBench();
    const token = signToken({ ...emailClaims(bench.clock), jti: "x" }, BUILT_IN_KEY);
    const response = await ask(bench, credentials(token));
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(await response.json()).toEqual({
      granted: true,
      issuer: ISSUER,
      issuerType: "email",
      subjectAltName: { type: "email", value: "alice@example.com" },
      extensions: [
        { oid: "1.3.6.1.4.1.57264.1.1", name: "issuer", value: ISSUER },
        { oid: "1.3.6.1.4.1.57264.1.8", name: "issuerV2", value: ISSUER },
        { oid: "1.3.6.1.4.1.57264.1.24", name: "tokenSubject", value: "user-1" },
      ],
      lifetimeSeconds: 600,
      key: null,
      challenges: ["alice@example.com", "user-1"],
      usableOnce: false,
    });
    expect(bench.log.submissions).toEqual([]);
    expect(lines).not.toHaveBeenCalled();
    expect(errors).not.toHaveBeenCalled();
  });

  it("looks at the key if there is one", async () => {
    const bench = makeBench();
    const token = signToken(emailClaims(bench.clock), BUILT_IN_KEY);
    expect(await (await ask(bench, bodyOf(token))).json()).toMatchObject({ granted: true, key: "ecdsa-p256" });
    expect(await (await ask(bench, bodyOf(token, keyRequest("bob@example.com")))).json()).toEqual({
      granted: false,
      check: "proof_invalid",
      message: expect.stringMatching(/^The signature supplied in the request could not be verified: /) as string,
    });
  });

  it.each([
    ["token_missing", () => ({})],
    ["token_expired", (clock: Clock) => credentials(signToken({ ...emailClaims(clock), exp: 1 }, BUILT_IN_KEY))],
    [
      "issuer_unknown",
      (clock: Clock) => credentials(signToken({ ...emailClaims(clock), iss: "https://x.example" }, BUILT_IN_KEY)),
    ],
    [
      "email_unverified",
      (clock: Clock) => credentials(signToken({ ...emailClaims(clock), email_verified: false }, BUILT_IN_KEY)),
    ],
    [
      "token_signature_invalid",
      (clock: Clock) => credentials(signToken(emailClaims(clock), { ...GITHUB_KEY, keyId: "built-in" })),
    ],
  ])("names the check that refuses: %s", async (check, body) => {
    const bench = makeBench();
    const response = await ask(bench, body(bench.clock));
    expect([response.status, await response.json()]).toMatchObject([200, { granted: false, check }]);
  });

  it("uses no token up", async () => {
    const row = { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY) };
    const bench = makeBench({ ISSUERS: JSON.stringify([row]) });
    const token = signToken({ ...emailClaims(bench.clock), iss: GITHUB }, GITHUB_KEY);
    expect(await (await ask(bench, credentials(token))).json()).toMatchObject({ granted: true, usableOnce: true });
    expect((await bench.post(bodyOf(token))).status).toBe(200);
  });

  it("says that a token has been used, which is good for one certificate", async () => {
    const row = { "issuer-url": GITHUB, type: "email", "one-time-tokens": true, jwks: jwksOf(GITHUB_KEY) };
    const bench = makeBench({ ISSUERS: JSON.stringify([row]) });
    const token = signToken({ ...emailClaims(bench.clock), iss: GITHUB }, GITHUB_KEY);
    expect((await bench.post(bodyOf(token))).status).toBe(200);
    for (let i = 0; i < 2; i++) {
      expect(await (await ask(bench, credentials(token))).json()).toMatchObject({
        granted: false,
        check: "token_used",
      });
    }
  });

  it("asks nobody about tokens that are good for several", async () => {
    const bench = makeBench({
      USED_TOKENS: {
        getByName: () => {
          throw new Error("asked");
        },
      } as unknown as CaEnv["USED_TOKENS"],
    });
    const response = await ask(bench, credentials(signToken(emailClaims(bench.clock), BUILT_IN_KEY)));
    expect(await response.json()).toMatchObject({ granted: true });
  });

  it("grants nothing that the CA's own certificate does not allow", async () => {
    const bench = makeBench();
    bench.clock.advance(4 * 365 * 86_400_000);
    const response = await ask(bench, credentials(signToken(emailClaims(bench.clock), BUILT_IN_KEY)));
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { message: expect.stringContaining("the CA certificate is valid from") as string },
    ]);
  });

  it("and an issuance say alike that claims are too many", async () => {
    const repeated = "{{ .long }}".repeat(20);
    const row = { "issuer-url": GITHUB, type: "ci-provider", "ci-provider": "own", jwks: jwksOf(GITHUB_KEY) };
    const own = {
      "subject-alternative-name-template": "https://ci.example/{{ .sub }}",
      "extension-templates": { "build-config-uri": repeated },
    };
    const configured = { "oidc-issuers": { [GITHUB]: row }, "ci-issuer-metadata": { own } };
    const bench = makeBench({ ISSUERS: JSON.stringify(configured) });
    const tokenOf = (length: number): string =>
      signToken({ ...emailClaims(bench.clock), iss: GITHUB, long: "é".repeat(length) }, GITHUB_KEY);
    const message =
      "There was an error processing the identity token: its claims produce a name and extensions of more than 12288 bytes in total";
    for (const [length, status] of [
      [290, 200],
      [310, 400],
    ] as const) {
      const token = tokenOf(length);
      const explained = await (await ask(bench, credentials(token))).json();
      const issued = await bench.post(bodyOf(token));
      expect(issued.status).toBe(status);
      if (status === 200) expect(explained).toMatchObject({ granted: true });
      else
        expect([explained, await issued.json()]).toEqual([
          { granted: false, check: "identity_too_large", message },
          { code: 3, message, details: [] },
        ]);
    }
  });

  it("counts nothing that the certificate does not say", async () => {
    const row = {
      "issuer-url": GITHUB,
      type: "ci-provider",
      "ci-provider": "own",
      "omit-extensions": ["build-config-uri"],
      jwks: jwksOf(GITHUB_KEY),
    };
    const own = {
      "subject-alternative-name-template": "https://ci.example/{{ .sub }}",
      "extension-templates": { "build-config-uri": "{{ .long }}".repeat(20), "build-trigger": "sub" },
    };
    const configured = { "oidc-issuers": { [GITHUB]: row }, "ci-issuer-metadata": { own } };
    const bench = makeBench({ ISSUERS: JSON.stringify(configured) });
    const token = signToken({ ...emailClaims(bench.clock), iss: GITHUB, long: "é".repeat(310) }, GITHUB_KEY);
    expect(await (await ask(bench, credentials(token))).json()).toMatchObject({ granted: true });
    expect((await bench.post(bodyOf(token))).status).toBe(200);
  });

  it("is no answer about the token if the body cannot be read or the issuer cannot be reached", async () => {
    const bench = makeBench();
    expect((await bench.fetch("/api/identity/explain", { method: "POST", body: "{" })).status).toBe(400);
    const token = signToken({ ...emailClaims(bench.clock), iss: "https://unreachable.example" }, BUILT_IN_KEY);
    expect((await ask(bench, credentials(token))).status).toBe(503);
    expect((await bench.fetch("/api/identity/explain")).status).toBe(501);
  });
});

describe("the first version of the API", () => {
  const ask = (bench: Bench, body: object, token: string): Promise<Response> =>
    bench.fetch("/api/v1/signingCert", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${token}` },
    });
  const base64 = (value: string | Buffer): string => Buffer.from(value).toString("base64");
  const der = CLIENT.publicKey.export({ type: "spki", format: "der" });

  it.each([
    ["PEM, as cosign 2 sends it", { content: base64(CLIENT_PEM), algorithm: "" }, { certificateSigningRequest: null }],
    ["DER, as sigstore-rs sends it", { content: base64(der), algorithm: "ecdsa" }, {}],
  ])("answers 201 with PEM for a key in %s", async (_, publicKey, more) => {
    const bench = makeBench();
    const body = { publicKey, signedEmailAddress: prove("alice@example.com"), ...more };
    const response = await ask(bench, body, signToken(emailClaims(bench.clock), BUILT_IN_KEY));
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/pem-certificate-chain");
    const text = await response.text();
    expect(text).toMatch(/-----END CERTIFICATE-----$/);
    const [leaf, issuing, root] = text
      .split(/(?<=-----END CERTIFICATE-----)\n/)
      .map((pem) => X509Certificate.parse(pem));
    if (leaf === undefined || issuing === undefined || root === undefined) throw new Error("a short chain");
    expect(leaf.verify(issuing) && issuing.verify(root) && verifiesSct(leaf, issuing, bench.log)).toBe(true);
    expect(lines).toHaveBeenCalledOnce();
  });

  it("answers for a signing request as well", async () => {
    const bench = makeBench();
    const csr = base64(REQUESTS.find(({ outcome }) => outcome === "ok")?.pem ?? "");
    const token = signToken(emailClaims(bench.clock), BUILT_IN_KEY);
    expect((await ask(bench, { certificateSigningRequest: csr }, token)).status).toBe(201);
  });

  it.each<[string, object, string]>([
    ["neither key nor request, whatever the token", {}, "The public key supplied in the request could not be parsed: "],
    ["an empty key", { publicKey: { content: "" } }, "The public key supplied in the request could not be parsed: "],
    ["a key that is none", { publicKey: { content: "AAAA" } }, "There was an error processing the identity token: "],
    [
      "a key that is not base64",
      { publicKey: { content: "%" } },
      "The request could not be read: publicKey.content is not base64",
    ],
    ["a list", [], "The request could not be read: the body has the wrong JSON type"],
  ])("refuses %s", async (_, body, message) => {
    const response = await ask(makeBench(), body, "x");
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  it("takes the token from the header only", async () => {
    const bench = makeBench();
    const body = {
      ...bodyOf(signToken(emailClaims(bench.clock), BUILT_IN_KEY)),
      publicKey: { content: base64(CLIENT_PEM) },
    };
    expect((await ask(bench, body, "")).status).toBe(400);
  });
});

describe("a CA that is being replaced", () => {
  it("shows all chains, its own first", async () => {
    const old = makeCaMaterial(START, "secp384r1").CA_CHAIN;
    const coming = makeCaMaterial(START).CA_CHAIN;
    const { fetch } = makeBench({ OTHER_CA_CHAINS: old + coming });
    const split = (pem: string): readonly string[] => pem.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(await (await fetch("/api/v2/trustBundle")).json()).toEqual({
      chains: [MATERIAL.CA_CHAIN, old, coming].map((pem) => ({ certificates: split(pem) })),
    });
    const response = await fetch("/api/v1/rootCert");
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "application/pem-certificate-chain",
      MATERIAL.CA_CHAIN + old + coming,
    ]);
  });
});
