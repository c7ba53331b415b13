// SPDX-License-Identifier: Apache-2.0
// Certificates as issued, read with parsers that are not ours.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash, X509Certificate as NodeCertificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "@sigstore/core";
import { describe, expect, it, vi } from "vitest";
import { readFulcioExtensions } from "../../../shared/fulcio/extensions.ts";
import { parseCertificate } from "../../../shared/x509/certificate.ts";
import { type Clock, makeCaMaterial } from "../../../test/support/authority/ca.ts";
import {
  bodyOf,
  CLIENT,
  DEX,
  DEX_KEY,
  emailClaims,
  GITHUB,
  GITHUB_KEY,
  ISSUER,
  ISSUER_KEY,
  keyRequest,
  makeService,
  muteConsole,
  requestChain,
  START,
  seconds,
} from "../../../test/support/authority/ca-service.ts";
import { PUSH_CLAIMS } from "../../../test/support/authority/identities.ts";
import { signToken } from "../../../test/support/authority/identity-token.ts";
import { verifiesSct } from "../../../test/support/authority/verify-sct.ts";
import REQUESTS from "../../../test/vectors/csr/requests.json" with { type: "json" };

muteConsole();

const P384_MATERIAL = makeCaMaterial(START, "secp384r1");

describe("an issued certificate", () => {
  it("meets what every verifier requires", async () => {
    const { post, clock, log } = makeService();
    const { leaf, issuing, root, pems } = await requestChain(
      await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY))),
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

  it("is logged before it is signed, with the same TBSCertificate", async () => {
    const { post, clock, log } = makeService();
    const { leaf, issuing, root } = await requestChain(await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY))));
    const [submission, ...more] = log.submissions;
    if (submission === undefined) throw new Error("nothing was logged");
    expect(more).toEqual([]);
    expect(submission).toMatchObject({
      entryType: "precert_entry",
      issuerKeyHash: Uint8Array.from(createHash("sha256").update(issuing.publicKey).digest()),
      issuers: [issuing, root].map((certificate) => Uint8Array.from(certificate.root.toDER())),
      search: { digest: null, signer: { names: ["email:alice@example.com"], issuer: ISSUER } },
    });
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
    const { post, clock } = makeService();
    const { pems } = await requestChain(await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY))));
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
      expect(text).toMatch(/1\.3\.6\.1\.4\.1\.57264\.1\.1: ?\n\s+https:\/\/login\.example\.com\n/);
      expect(text).toMatch(/CT Precertificate SCTs: ?\n\s+Signed Certificate Timestamp:\n\s+Version\s+: v1 \(0x0\)/);
      expect(text).toMatch(/Subject:\s*\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("describes a workflow's build in its extensions", async () => {
    const { post, clock, log } = makeService();
    const claims = { ...PUSH_CLAIMS, exp: seconds(clock) + 300, nbf: seconds(clock) - 300 };
    const token = signToken(claims, GITHUB_KEY);
    const { leaf, issuing } = await requestChain(await post(bodyOf(token, keyRequest(claims.sub))));
    expect(leaf.extSubjectAltName?.uri).toBe(`https://github.com/${claims.workflow_ref}`);
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
    const { post, clock } = makeService();
    const claims = {
      ...emailClaims(clock),
      iss: DEX,
      email_verified: "true",
      federated_claims: { connector_id: "https://github.com/login/oauth" },
    };
    const { leaf } = await requestChain(await post(bodyOf(signToken(claims, DEX_KEY, { alg: "ES256" }))));
    expect(leaf.extension("1.3.6.1.4.1.57264.1.1")?.value.toString()).toBe("https://github.com/login/oauth");
  });

  it("can be issued by a P-384 CA", async () => {
    const { post, clock, log } = makeService(P384_MATERIAL);
    const { leaf, issuing } = await requestChain(await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY))));
    expect(leaf.signatureAlgorithm).toBe("sha384");
    expect(leaf.verify(issuing) && verifiesSct(leaf, issuing, log)).toBe(true);
  });

  it("has a unique serial number", async () => {
    const { post, clock } = makeService();
    const token = signToken(emailClaims(clock), ISSUER_KEY);
    const chains = await Promise.all(Array.from({ length: 20 }, async () => requestChain(await post(bodyOf(token)))));
    expect(new Set(chains.map(({ leaf }) => leaf.serialNumber.toString("hex"))).size).toBe(20);
  });
});

describe("signingCert accepts a request", () => {
  const token = (clock: Clock): string => signToken(emailClaims(clock), ISSUER_KEY);

  it.each<[string, (clock: Clock) => [unknown, RequestInit?]]>([
    [
      "with the token in the header",
      (clock) => [{ publicKeyRequest: keyRequest() }, { headers: { authorization: `Bearer ${token(clock)}` } }],
    ],
    ...["bearer ", "BEARER   "].map((scheme): [string, (clock: Clock) => [unknown, RequestInit?]] => [
      `with the scheme ${scheme}`,
      (clock) => [{ publicKeyRequest: keyRequest() }, { headers: { authorization: scheme + token(clock) } }],
    ]),
    ["with a line break after the token", (clock) => [bodyOf(`${token(clock)}\n`)]],
    [
      "with the token in the header without a scheme",
      (clock) => [{ publicKeyRequest: keyRequest() }, { headers: { authorization: token(clock) } }],
    ],
    [
      "with a token in header and body, and uses the body's",
      (clock) => [bodyOf(token(clock)), { headers: { authorization: "Bearer x" } }],
    ],
    ["with a proof over the subject", (clock) => [bodyOf(token(clock), keyRequest("user-1"))]],
    [
      "with an Accept header for PEM",
      (clock) => [bodyOf(token(clock)), { headers: { accept: "application/pem-certificate-chain" } }],
    ],
    ["with Content-Type text/plain", (clock) => [bodyOf(token(clock)), { headers: { "content-type": "text/plain" } }]],
    ["with unknown fields", (clock) => [{ ...bodyOf(token(clock)), x: 1, certificateSigningRequest: null }]],
  ])("%s", async (_, make) => {
    const { post, clock } = makeService();
    await requestChain(await post(...make(clock)));
  });

  it.each(REQUESTS.filter(({ outcome }) => outcome === "ok"))(
    "with the signing request $name",
    async ({ pem, spki }) => {
      const { post, clock } = makeService();
      const { leaf } = await requestChain(
        await post(
          { certificateSigningRequest: Buffer.from(pem).toString("base64") },
          { headers: { authorization: `Bearer ${token(clock)}` } },
        ),
      );
      expect(leaf.publicKey.toString("hex")).toBe(spki);
      // The certificate has nothing that the signing request asked for.
      expect(leaf.extSubjectAltName?.rfc822Name).toBe("alice@example.com");
      expect(leaf.extBasicConstraints).toBeUndefined();
      expect(leaf.subject).toHaveLength(0);
      expect(leaf.extension("1.3.6.1.4.1.57264.1.8")?.valueObj.subs[0]?.value.toString()).toBe(ISSUER);
    },
  );

  it("with double slashes in its path", async () => {
    const { fetch, clock } = makeService();
    const body = JSON.stringify(bodyOf(token(clock)));
    await requestChain(await fetch("//api/v2//signingCert", { method: "POST", body }));
  });
});

describe("an issuance", () => {
  it("logs one line: request, issuer, identity, serial, index, and a hash of the token's id", async () => {
    const { post, clock } = makeService();
    const claims = { ...emailClaims(clock), jti: "secret-id" };
    const token = signToken(claims, ISSUER_KEY);
    const { leaf } = await requestChain(await post(bodyOf(token), { headers: { "x-request-id": "req-7" } }));
    expect(console.log).toHaveBeenCalledOnce();
    const line = String(vi.mocked(console.log).mock.calls[0]?.[0]);
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

  it("uses the configured lifetime", async () => {
    const { post, clock } = makeService({ CERTIFICATE_LIFETIME: "300" });
    const { leaf } = await requestChain(await post(bodyOf(signToken(emailClaims(clock), ISSUER_KEY))));
    expect(leaf.notAfter.getTime() - leaf.notBefore.getTime()).toBe(300_000);
  });
});
