// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { certificateOf, leafNamed, PAIRS } from "../../test/support/authority/signing-chain.ts";
import { createSigningKey, KEY_KINDS, signingKey, signMessage } from "../../test/support/authority/signing-keys.ts";
import { hashOf } from "../../test/support/digests/digest-cases.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { parsePublicKey } from "../crypto/public-key.ts";
import { verifyDigest } from "../crypto/verify-digest.ts";
import type { Certificate } from "../x509/certificate.ts";
import { verifyIssuedBy } from "../x509/chain.ts";
import { encodeEntry, type HashedRekordEntry } from "./entry.ts";
import { otherForms } from "./other-forms.ts";
import type { Credential } from "./verify.ts";

const bodyOf = (entry: HashedRekordEntry): string => Buffer.from(encodeEntry(entry)).toString();

function certified(certificate: Certificate): Credential {
  const key = parsePublicKey(certificate.spki);
  if (!key.ok) throw new Error(key.error.code);
  return { key: key.value, certificate };
}

const credentialOf = ({ verifier }: HashedRekordEntry, key: Credential["key"]): Credential =>
  verifier.kind === "publicKey"
    ? { key, certificate: null }
    : { key, certificate: certificateOf(Buffer.from(verifier.rawBytes).toString("base64")) };

/** From whichever form one starts, all forms are the same set of bodies. */
function expectClosed(entry: HashedRekordEntry, key: Credential["key"], count: number): readonly HashedRekordEntry[] {
  const all = [entry, ...otherForms(entry, credentialOf(entry, key))];
  const bodies = new Set(all.map(bodyOf));
  expect([all.length, bodies.size]).toEqual([count, count]);
  for (const form of all) {
    expect(new Set([form, ...otherForms(form, credentialOf(form, key))].map(bodyOf))).toEqual(bodies);
  }
  return all;
}

describe("the other forms of an entry", () => {
  it.each(KEY_KINDS)("of a key alone: %s", (kind) => {
    const key = kind.startsWith("ecdsa") ? createSigningKey(kind) : signingKey(kind);
    for (let i = 0; i < (kind.startsWith("ecdsa") ? 20 : 1); i++) {
      const message = encodeUtf8(`message ${i}`);
      const entry: HashedRekordEntry = {
        digest: hashOf(key, message),
        signature: signMessage(key, message),
        verifier: { kind: "publicKey", rawBytes: key.spki, keyDetails: key.keyDetails },
      };
      const forms = expectClosed(entry, key.publicKey, kind.startsWith("ecdsa") ? 2 : 1);
      for (const { digest, signature } of forms) {
        expect(verifyDigest(key.publicKey, key.hash, digest, signature)).toBe(true);
      }
    }
  });

  it("of a certificate: its CA's signature too, and every form verifies", async () => {
    const leaf = leafNamed("email");
    const { key } = certified(leaf);
    const signer = createSigningKey("ecdsa-p256");
    const message = encodeUtf8("an artifact");
    const entry: HashedRekordEntry = {
      digest: hashOf(signer, message),
      signature: signMessage(signer, message),
      verifier: { kind: "x509Certificate", rawBytes: leaf.der, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
    };
    expectClosed(entry, key, 4);
    for (const { certificate, issuer, issued } of PAIRS.filter((pair) => pair.issued)) {
      const other = { ...entry, verifier: { ...entry.verifier, rawBytes: certificate.der } };
      for (const form of otherForms(other, { key, certificate })) {
        const parsed = certificateOf(Buffer.from(form.verifier.rawBytes).toString("base64"));
        expect(await verifyIssuedBy(parsed, issuer)).toBe(issued);
      }
    }
  });
});
