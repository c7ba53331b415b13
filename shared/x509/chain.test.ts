// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CA, certificateOf, leafNamed, PAIRS, ROOT, STRANGER } from "../../test/support/authority/signing-chain.ts";
import { encodePem } from "../bytes/pem.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { isCertificateAuthority, parseChain, verifyIssuedBy } from "./chain.ts";

const VECTORS = new URL("../../test/vectors/sigstore-conformance/", import.meta.url).pathname;

describe("verifyIssuedBy", () => {
  it.each(PAIRS)("$what: $issued", async ({ issued, certificate, issuer }) => {
    expect(await verifyIssuedBy(certificate, issuer)).toBe(issued);
  });

  it("follows a chain upwards and nowhere else", async () => {
    const leaf = leafNamed("email");
    expect(await verifyIssuedBy(leaf, CA)).toBe(true);
    expect(await verifyIssuedBy(CA, ROOT)).toBe(true);
    expect(await verifyIssuedBy(ROOT, ROOT)).toBe(true);
    expect(await verifyIssuedBy(leaf, ROOT)).toBe(false);
    expect(await verifyIssuedBy(leaf, STRANGER)).toBe(false);
    expect(await verifyIssuedBy(leaf, leaf)).toBe(false);
    expect(await verifyIssuedBy(leafNamed("byNamesake"), CA)).toBe(false);
  });

  it("rejects a certificate with any byte changed", async () => {
    const { der } = leafNamed("email");
    for (let at = 0; at < der.length; at += 7) {
      const changed = parseCertificate(der.with(at, (der[at] ?? 0) ^ 1));
      if (changed.ok) expect(await verifyIssuedBy(changed.value, CA)).toBe(false);
    }
  });

  it("accepts what Sigstore's staging CA issued", async () => {
    const [leaf, issuer, root] = stagingChain();
    expect(await verifyIssuedBy(leaf, issuer)).toBe(true);
    expect(await verifyIssuedBy(issuer, root)).toBe(true);
    expect(await verifyIssuedBy(leaf, root)).toBe(false);
  });
});

function stagingChain(): readonly [Certificate, Certificate, Certificate] {
  const bundle = JSON.parse(readFileSync(`${VECTORS}/rekor2-happy-path.json`, "utf8")) as {
    verificationMaterial: { certificate: { rawBytes: string } };
  };
  const trust = JSON.parse(readFileSync(`${VECTORS}/rekor2-happy-path.trusted_root.json`, "utf8")) as {
    certificateAuthorities: { certChain: { certificates: { rawBytes: string }[] } }[];
  };
  const [issuer, root] = trust.certificateAuthorities[0]?.certChain.certificates ?? [];
  return [
    certificateOf(bundle.verificationMaterial.certificate.rawBytes),
    certificateOf(issuer?.rawBytes ?? ""),
    certificateOf(root?.rawBytes ?? ""),
  ];
}

describe("isCertificateAuthority", () => {
  it("tells CAs from leaves", () => {
    expect([ROOT, CA, STRANGER].map(isCertificateAuthority)).toEqual([true, true, true]);
    expect(isCertificateAuthority(leafNamed("email"))).toBe(false);
  });
});

describe("parseChain", () => {
  const pem = (...certificates: readonly Certificate[]): string =>
    certificates.map(({ der }) => encodePem("CERTIFICATE", der)).join("");

  it("accepts certificates in the order of their issue", () => {
    expect(parseChain(pem(leafNamed("email"), CA, ROOT))).toEqual({ ok: true, value: [leafNamed("email"), CA, ROOT] });
    expect(parseChain(pem(ROOT))).toEqual({ ok: true, value: [ROOT] });
  });

  it.each([
    ["", "is not PEM text of certificates"],
    ["CA_CHAIN", "is not PEM text of certificates"],
    [pem(ROOT).slice(0, -20), "is not PEM text of certificates"],
    [pem(ROOT, CA), "is out of order: certificate 1 was not issued by certificate 2"],
    [pem(leafNamed("email"), ROOT), "is out of order: certificate 1 was not issued by certificate 2"],
    [pem(CA) + encodePem("PUBLIC KEY", ROOT.der), "has something other than a certificate in position 2"],
    [encodePem("CERTIFICATE", ROOT.spki), "has something other than a certificate in position 1"],
  ])("rejects a chain %#", (text, reason) => {
    expect(parseChain(text)).toEqual({ ok: false, error: { code: "chain_invalid", reason } });
  });
});
