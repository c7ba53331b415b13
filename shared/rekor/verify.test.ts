// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { leafNamed, signWithLeafKey } from "../../test/support/authority/signing-chain.ts";
import { KEY_KINDS, signingKey, signMessage } from "../../test/support/authority/signing-keys.ts";
import { hashOf } from "../../test/support/digests/digest-cases.ts";
import { concat } from "../bytes/bytes.ts";
import { KEY_DETAILS_NUMBERS, type KeyDetails, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { preAuthEncoding } from "./dsse.ts";
import type { DsseRequest, HashedRekordRequest, RequestedVerifier } from "./request.ts";
import { type AcceptedKeyDetails, toCandidates, verifyAny } from "./verify.ts";

const ALL: AcceptedKeyDetails = new Set(Object.keys(SIGNATURE_SCHEMES) as KeyDetails[]);
const EMPTY = new Uint8Array(0);
const message = new TextEncoder().encode("an artifact");

const p256 = signingKey("ecdsa-p256");
const verifier = (fields: Partial<RequestedVerifier> = {}): RequestedVerifier => ({
  kind: "publicKey",
  rawBytes: p256.spki,
  keyDetails: p256.keyDetails,
  ...fields,
});
const hashed = (fields: Partial<HashedRekordRequest> = {}): HashedRekordRequest => ({
  kind: "hashedrekord",
  digest: hashOf(p256, message),
  signature: signMessage(p256, message),
  verifier: verifier(),
  ...fields,
});
const envelope = {
  payload: message,
  payloadType: "text/plain",
  signatures: [signMessage(p256, preAuthEncoding("text/plain", message))],
};
const dsse = (fields: Partial<DsseRequest> = {}): DsseRequest => ({
  kind: "dsse",
  envelope,
  verifiers: [verifier()],
  ...fields,
});

describe("a hashedrekord request", () => {
  it.each(KEY_KINDS)("with a key of %s is verified", async (kind) => {
    const key = signingKey(kind);
    const digest = hashOf(key, message);
    const signature = signMessage(key, message);
    const sent = verifier({ rawBytes: key.spki, keyDetails: key.keyDetails });
    const candidates = await toCandidates(hashed({ digest, signature, verifier: sent }), ALL);
    expect(candidates.ok && verifyAny(candidates.value)).toEqual({
      ok: true,
      value: {
        entry: { digest, signature, verifier: sent },
        credential: { key: key.publicKey, certificate: null },
      },
    });
    const other = await toCandidates(hashed({ digest: hashOf(key, digest), signature, verifier: sent }), ALL);
    expect(other.ok && verifyAny(other.value)).toEqual({ ok: false, error: { code: "entry_signature_invalid" } });
  });

  it("with a certificate is verified by its key", async () => {
    const certificate = leafNamed("email");
    const sent = verifier({ kind: "x509Certificate", rawBytes: certificate.der });
    const candidates = await toCandidates(hashed({ signature: signWithLeafKey(message), verifier: sent }), ALL);
    expect(candidates.ok && verifyAny(candidates.value)).toMatchObject({
      ok: true,
      value: { credential: { certificate } },
    });
  });

  it.each<[string, Partial<HashedRekordRequest>, object]>([
    ["without a signature", { signature: EMPTY, verifier: null, digest: EMPTY }, { code: "entry_signature_missing" }],
    ["without a verifier", { verifier: null, digest: EMPTY }, { code: "entry_verifier_missing" }],
    ["without a digest", { digest: EMPTY }, { code: "entry_digest_missing" }],
    ["with an empty verifier", { verifier: verifier({ rawBytes: EMPTY }) }, { code: "entry_verifier_empty" }],
    ["with a key that does not parse", { verifier: verifier({ rawBytes: message }) }, { code: "public_key_invalid" }],
    [
      "with bytes after the key",
      { verifier: verifier({ rawBytes: concat(p256.spki, EMPTY, Uint8Array.of(0)) }) },
      { code: "public_key_invalid" },
    ],
    [
      "with a key for a certificate",
      { verifier: verifier({ kind: "x509Certificate" }) },
      { code: "entry_certificate_invalid" },
    ],
    [
      "with a certificate for a key",
      { verifier: verifier({ rawBytes: leafNamed("email").der }) },
      { code: "public_key_invalid" },
    ],
    [
      "with bytes after the certificate",
      { verifier: verifier({ kind: "x509Certificate", rawBytes: concat(leafNamed("email").der, Uint8Array.of(0)) }) },
      { code: "entry_certificate_invalid" },
    ],
    [
      "with two certificates",
      {
        verifier: verifier({
          kind: "x509Certificate",
          rawBytes: concat(leafNamed("email").der, leafNamed("email").der),
        }),
      },
      { code: "entry_certificate_invalid" },
    ],
    [
      "with a digest too short",
      { digest: new Uint8Array(20) },
      { code: "entry_digest_length", hash: "SHA-256", expectedBytes: 32, actualBytes: 20 },
    ],
    [
      "with a digest of another hash",
      { digest: new Uint8Array(64) },
      { code: "entry_digest_length", hash: "SHA-256", expectedBytes: 32, actualBytes: 64 },
    ],
  ])("%s is rejected", async (_, fields, error) => {
    expect(await toCandidates(hashed(fields), ALL)).toEqual({ ok: false, error });
  });

  it("is rejected with the keyDetails of any other key", async () => {
    for (const keyDetails of Object.keys(KEY_DETAILS_NUMBERS) as (keyof typeof KEY_DETAILS_NUMBERS)[]) {
      const result = await toCandidates(hashed({ verifier: verifier({ keyDetails }) }), ALL);
      if (keyDetails === "PKIX_ECDSA_P256_SHA_256") expect(result.ok).toBe(true);
      else if (keyDetails in SIGNATURE_SCHEMES) {
        const expected = "PKIX_ECDSA_P256_SHA_256";
        expect(result).toEqual({ ok: false, error: { code: "entry_key_details_mismatch", keyDetails, expected } });
      } else {
        const error = { code: "entry_key_details_unsupported", keyDetails, accepted: [...ALL] };
        expect(result).toEqual({ ok: false, error });
      }
    }
  });

  it("is rejected if the operator does not accept its algorithm", async () => {
    const accepted = new Set(["PKIX_ED25519_PH"] as const);
    expect(await toCandidates(hashed(), accepted)).toEqual({
      ok: false,
      error: {
        code: "entry_key_details_unsupported",
        keyDetails: "PKIX_ECDSA_P256_SHA_256",
        accepted: ["PKIX_ED25519_PH"],
      },
    });
  });
});

describe("a DSSE request", () => {
  it("becomes an entry over the PAE with the verifier whose key made the signature", async () => {
    const others = (["ecdsa-p384", "ed25519"] as const).map((kind) => {
      const { spki, keyDetails } = signingKey(kind);
      return verifier({ rawBytes: spki, keyDetails });
    });
    const candidates = await toCandidates(dsse({ verifiers: [...others, verifier()] }), ALL);
    const digest = hashOf(p256, preAuthEncoding("text/plain", message));
    expect(candidates.ok && verifyAny(candidates.value)).toMatchObject({
      ok: true,
      value: { entry: { digest, signature: envelope.signatures[0], verifier: verifier() } },
    });
  });

  it.each(KEY_KINDS)("hashes the PAE with the hash of a key of %s", async (kind) => {
    const key = signingKey(kind);
    const pae = preAuthEncoding("text/plain", message);
    const verifiers = [verifier({ rawBytes: key.spki, keyDetails: key.keyDetails })];
    const sent = dsse({ envelope: { ...envelope, signatures: [signMessage(key, pae)] }, verifiers });
    const candidates = await toCandidates(sent, ALL);
    expect(candidates.ok && verifyAny(candidates.value)).toMatchObject({
      value: { entry: { digest: hashOf(key, pae) } },
    });
  });

  it("is rejected if the signature is not by any verifier's key", async () => {
    for (const changed of [
      { ...envelope, payload: new Uint8Array(0) },
      { ...envelope, payloadType: "text/html" },
      { ...envelope, signatures: [signMessage(p256, message)] },
    ]) {
      const candidates = await toCandidates(dsse({ envelope: changed }), ALL);
      expect(candidates.ok && verifyAny(candidates.value)).toEqual({
        ok: false,
        error: { code: "entry_signature_invalid" },
      });
    }
  });

  it.each<[string, Partial<DsseRequest>, object]>([
    [
      "without a signature",
      { envelope: { ...envelope, signatures: [] } },
      { code: "entry_envelope_signatures", count: 0 },
    ],
    [
      "with two signatures",
      { envelope: { ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] } },
      { code: "entry_envelope_signatures", count: 2 },
    ],
    [
      "with an empty signature",
      { envelope: { ...envelope, signatures: [EMPTY] } },
      { code: "entry_signature_missing" },
    ],
    ["without verifiers", { verifiers: [] }, { code: "entry_verifier_missing" }],
    ["with a verifier that is null", { verifiers: [verifier(), null] }, { code: "entry_verifier_missing" }],
    [
      "with a damaged verifier",
      { verifiers: [verifier(), verifier({ rawBytes: message })] },
      { code: "public_key_invalid" },
    ],
  ])("%s is rejected", async (_, fields, error) => {
    expect(await toCandidates(dsse(fields), ALL)).toEqual({ ok: false, error });
  });
});
