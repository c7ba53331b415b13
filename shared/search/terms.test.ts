// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromBase64, leafNamed } from "../../test/support/authority/signing-chain.ts";
import { signingKey } from "../../test/support/authority/signing-keys.ts";
import { decodeEntry, type HashedRekordEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { Certificate } from "../x509/certificate.ts";
import { certificateSearchRow, signatureSearchRow, TERMS_VERSION } from "./terms.ts";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const digest = new Uint8Array(32).fill(0xab);
const signed = "ab".repeat(32);

const byCertificate = ({ der }: Certificate): HashedRekordEntry => ({
  digest,
  signature: new Uint8Array(0),
  verifier: { kind: "x509Certificate", rawBytes: der, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
});

describe("signatureSearchRow", () => {
  it("finds a bare key's entry by digest and key", () => {
    const { spki } = signingKey("ecdsa-p256");
    const verifier = { kind: "publicKey", rawBytes: spki, keyDetails: "PKIX_ECDSA_P256_SHA_256" } as const;
    expect(signatureSearchRow({ digest, signature: new Uint8Array(0), verifier }, null)).toEqual({
      termsVersion: TERMS_VERSION,
      terms: [`digest:sha256:${signed}`, `key:${sha256(spki)}`],
      digest: `sha256:${signed}`,
      identity: null,
      issuer: null,
    });
  });

  it.each([
    ["PKIX_ECDSA_P384_SHA_384", "sha384"],
    ["PKIX_ED25519_PH", "sha512"],
    ["PKIX_RSA_PKCS1V15_4096_SHA256", "sha256"],
  ] as const)("names the digest of %s by its algorithm", (keyDetails, name) => {
    const verifier = { kind: "publicKey", rawBytes: new Uint8Array(0), keyDetails } as const;
    const row = signatureSearchRow({ digest, signature: new Uint8Array(0), verifier }, null);
    expect(row.digest).toBe(`${name}:${signed}`);
    expect(row.terms).toContain(`digest:${name}:${signed}`);
  });

  it("finds a certificate's entry by e-mail in any case, and shows it as written", () => {
    const certificate = leafNamed("email");
    expect(signatureSearchRow(byCertificate(certificate), null)).toEqual({
      termsVersion: TERMS_VERSION,
      terms: [`digest:sha256:${signed}`, "email:alice@example.com", `key:${sha256(certificate.spki)}`],
      digest: `sha256:${signed}`,
      identity: "Alice@Example.com",
      issuer: "https://issuer.test",
    });
  });

  it("uses the certificate that the caller has parsed", () => {
    const certificate = leafNamed("email");
    const entry = byCertificate(certificate);
    expect(signatureSearchRow(entry, null, certificate)).toEqual(signatureSearchRow(entry, null));
  });

  it("finds a certificate's entry by URI", () => {
    const uri = "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main";
    const row = signatureSearchRow(byCertificate(leafNamed("uri")), null);
    expect(row.terms[1]).toBe(`uri:${uri}`);
    expect(row.identity).toBe(uri);
  });

  it("finds an attestation by envelope, payload and each subject, and shows its first subject", () => {
    const hints: AttestationHints = {
      payloadHash: "sha256:01",
      subjectDigests: ["sha256:02", "sha512:03", "sha256:01"],
      predicateType: "p",
    };
    const row = signatureSearchRow(byCertificate(leafNamed("email")), hints);
    expect(row.terms.slice(0, 4)).toEqual([
      `digest:sha256:${signed}`,
      "digest:sha256:01",
      "digest:sha256:02",
      "digest:sha512:03",
    ]);
    expect(new Set(row.terms).size).toBe(row.terms.length);
    expect(row.digest).toBe("sha256:02");
    const bare = signatureSearchRow(byCertificate(leafNamed("email")), { ...hints, subjectDigests: [] });
    expect(bare.digest).toBe(`sha256:${signed}`);
  });

  it("indexes at most 8 names of a certificate, and no names of unknown types", () => {
    expect(signatureSearchRow(byCertificate(leafNamed("manyNames")), null).terms.length).toBe(2 + 8);
    expect(signatureSearchRow(byCertificate(leafNamed("dnsName")), null)).toMatchObject({ identity: null });
  });

  it("stays within the row budget for one signature and its certificate in both logs", () => {
    // Besides the terms, each log writes one entry row and at most one watermark per signature.
    const attested: AttestationHints = { payloadHash: "sha256:01", subjectDigests: ["sha256:02"], predicateType: "p" };
    const signature = signatureSearchRow(byCertificate(leafNamed("email")), attested).terms.length + 2;
    const certificate = certificateSearchRow(leafNamed("email")).terms.length + 2;
    expect(signature + certificate).toBeLessThanOrEqual(11);
    const plain = signatureSearchRow(byCertificate(leafNamed("email")), null).terms.length + 2;
    expect(plain + certificate).toBeLessThanOrEqual(9);
  });

  it("reads an entry of staging Rekor", () => {
    const path = new URL("../../test/vectors/sigstore-conformance/rekor2-happy-path.json", import.meta.url).pathname;
    const bundle = JSON.parse(readFileSync(path, "utf8")) as {
      verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
      messageSignature: { messageDigest: { digest: string } };
    };
    const entry = decodeEntry(fromBase64(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? ""));
    if (!entry.ok) throw new Error(entry.error.code);
    const artifact = Buffer.from(bundle.messageSignature.messageDigest.digest, "base64").toString("hex");
    const row = signatureSearchRow(entry.value, null);
    expect(row.digest).toBe(`sha256:${artifact}`);
    expect(row.issuer).toBe("https://token.actions.githubusercontent.com");
    expect(row.identity).toMatch(
      /^https:\/\/github\.com\/sigstore-conformance\/extremely-dangerous-public-oidc-beacon\//,
    );
    expect(row.terms).toEqual([
      `digest:sha256:${artifact}`,
      `uri:${row.identity}`,
      expect.stringMatching(/^key:[0-9a-f]{64}$/),
    ]);
  });
});

describe("certificateSearchRow", () => {
  it("has the certificate's names and key", () => {
    const certificate = leafNamed("email");
    expect(certificateSearchRow(certificate)).toEqual({
      termsVersion: TERMS_VERSION,
      terms: ["email:alice@example.com", `key:${sha256(certificate.spki)}`],
      digest: null,
      identity: "Alice@Example.com",
      issuer: "https://issuer.test",
    });
  });
});
