// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromBase64, leafNamed } from "../../test/support/authority/signing-chain.ts";
import { signingKey } from "../../test/support/authority/signing-keys.ts";
import { decodeEntry, encodeEntry, type HashedRekordEntry } from "../rekor/entry.ts";
import type { AttestationHints } from "../rekor/hints.ts";
import type { Certificate } from "../x509/certificate.ts";
import { decodeSearchRow, type SearchRow } from "./row.ts";
import { certificateSearchRow, signatureSearchRow, TERMS_VERSION } from "./terms.ts";

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
const keyOf = (term: string): string => sha256(term).slice(0, 12);
const digest = new Uint8Array(32).fill(0xab);
const signed = "ab".repeat(32);
const SIGNATURE = Uint8Array.of(1, 2, 3);

const byCertificate = ({ der }: Certificate): HashedRekordEntry => ({
  digest,
  signature: SIGNATURE,
  verifier: { kind: "x509Certificate", rawBytes: der, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
});

const rowOf = (entry: HashedRekordEntry, hints: AttestationHints | null = null): SearchRow =>
  signatureSearchRow({ entry, body: encodeEntry(entry) }, hints);

/** SHA-256(0x00 || leaf) (RFC 6962 §2.1). */
const leafHash = (entry: HashedRekordEntry): string => sha256(Buffer.concat([Buffer.of(0), encodeEntry(entry)]));

describe("signatureSearchRow", () => {
  it("finds a bare key's entry by digest, key, signature and leaf hash", () => {
    const { spki } = signingKey("ecdsa-p256");
    const verifier = { kind: "publicKey", rawBytes: spki, keyDetails: "PKIX_ECDSA_P256_SHA_256" } as const;
    const entry = { digest, signature: SIGNATURE, verifier };
    expect(rowOf(entry)).toEqual({
      termsVersion: TERMS_VERSION,
      kind: "signature",
      terms: [keyOf(`digest:sha256:${signed}`)],
      digest: `sha256:${signed}`,
      signer: null,
      publicKey: keyOf(`publicKey:${sha256(spki)}`),
      certificate: null,
      commit: null,
      run: null,
      signature: keyOf(`signature:${sha256(SIGNATURE)}`),
      leaf: keyOf(`leaf:${leafHash(entry)}`),
    });
  });

  it.each([
    ["PKIX_ECDSA_P384_SHA_384", "sha384"],
    ["PKIX_ED25519_PH", "sha512"],
    ["PKIX_RSA_PKCS1V15_4096_SHA256", "sha256"],
  ] as const)("names the digest of %s by its algorithm", (keyDetails, name) => {
    const verifier = { kind: "publicKey", rawBytes: new Uint8Array(0), keyDetails } as const;
    const row = rowOf({ digest, signature: SIGNATURE, verifier });
    expect(row.digest).toBe(`${name}:${signed}`);
    expect(row.terms).toEqual([keyOf(`digest:${name}:${signed}`)]);
  });

  it("finds a certificate's entry by its signer, and keeps the names as written", () => {
    const certificate = leafNamed("email");
    expect(rowOf(byCertificate(certificate))).toMatchObject({
      signer: { names: ["email:Alice@Example.com"], issuer: "https://issuer.test", repository: null },
      publicKey: keyOf(`publicKey:${sha256(certificate.spki)}`),
      certificate: keyOf(`certificate:${sha256(certificate.der)}`),
    });
  });

  it("uses the certificate that the caller has parsed", () => {
    const certificate = leafNamed("email");
    const entry = byCertificate(certificate);
    expect(signatureSearchRow({ entry, body: encodeEntry(entry), certificate }, null)).toEqual(rowOf(entry));
  });

  it("finds an attestation by envelope, payload, each subject and predicate type, and shows its first subject", () => {
    const hints: AttestationHints = {
      payloadHash: "sha256:01",
      subjectDigests: ["sha256:02", "sha512:03", "sha256:01"],
      predicateType: "p",
    };
    const row = rowOf(byCertificate(leafNamed("email")), hints);
    expect(row.terms).toEqual(
      [`digest:sha256:${signed}`, "digest:sha256:01", "digest:sha256:02", "digest:sha512:03", "predicateType:p"].map(
        keyOf,
      ),
    );
    expect([row.kind, row.digest]).toEqual(["attestation", "sha256:02"]);
    const bare = rowOf(byCertificate(leafNamed("email")), { ...hints, subjectDigests: [], predicateType: null });
    expect([bare.digest, bare.terms.length]).toEqual([`sha256:${signed}`, 2]);
  });

  it("keeps at most 8 names of a certificate, and no names of unknown types", () => {
    expect(rowOf(byCertificate(leafNamed("manyNames"))).signer?.names.length).toBe(8);
    expect(rowOf(byCertificate(leafNamed("dnsName"))).signer?.names).toEqual([]);
  });

  it("reads an entry of staging Rekor: who built what from which commit in which run", () => {
    const path = new URL("../../test/vectors/sigstore-conformance/rekor2-happy-path.json", import.meta.url).pathname;
    const bundle = JSON.parse(readFileSync(path, "utf8")) as {
      verificationMaterial: { tlogEntries: { canonicalizedBody: string }[] };
      messageSignature: { messageDigest: { digest: string } };
    };
    const body = fromBase64(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? "");
    const entry = decodeEntry(body);
    if (!entry.ok) throw new Error(entry.error.code);
    const row = signatureSearchRow({ entry: entry.value, body }, null);
    const artifact = Buffer.from(bundle.messageSignature.messageDigest.digest, "base64").toString("hex");
    const repository = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    const { signer } = row;
    expect(row.digest).toBe(`sha256:${artifact}`);
    expect(signer).toMatchObject({
      issuer: "https://token.actions.githubusercontent.com",
      repository,
      owner: "https://github.com/sigstore-conformance",
      ref: "refs/heads/main",
    });
    expect(signer?.workflow?.startsWith(`${repository}/.github/workflows/`)).toBe(true);
    expect(signer?.names).toEqual([`uri:${signer?.workflow}`]);
    expect([signer?.repositoryId, signer?.ownerId]).toEqual([
      expect.stringMatching(/^\d+$/),
      expect.stringMatching(/^\d+$/),
    ]);
    expect([row.commit, row.run, row.leaf]).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^[0-9a-f]{12}$/)),
    );
  });
});

describe("certificateSearchRow", () => {
  it("has the certificate's signer and key, and nothing of a signature", () => {
    const certificate = leafNamed("email");
    expect(certificateSearchRow(certificate)).toMatchObject({
      kind: "certificate",
      terms: [],
      digest: null,
      signer: { names: ["email:Alice@Example.com"], issuer: "https://issuer.test" },
      publicKey: keyOf(`publicKey:${sha256(certificate.spki)}`),
      signature: null,
      leaf: null,
    });
  });
});

describe("decodeSearchRow", () => {
  const row = certificateSearchRow(leafNamed("email"));

  it("reads what is stored", () => expect(decodeSearchRow(JSON.parse(JSON.stringify(row)))).toEqual(row));

  it.each<[string, unknown]>([
    ["nothing", null],
    ["version 1", { termsVersion: 1, terms: ["email:a@b"], digest: null, identity: "a@b", issuer: null }],
    ["no version", { ...row, termsVersion: undefined }],
    ["another kind", { ...row, kind: "entry" }],
    ["a mark that is no text", { ...row, commit: 1 }],
    ["a signer without names", { ...row, signer: { issuer: "x" } }],
    ["terms that are no texts", { ...row, terms: [1] }],
  ])("null: %s", (_, json) => expect(decodeSearchRow(json)).toBeNull());
});
