// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { certifyAuthority, spkiOf } from "../../cli/keys/certificates.ts";
import { valueOf } from "../../test/support/value-of.ts";
import LEAVES from "../../test/vectors/go-x509/leaves.json" with { type: "json" };
import { equal } from "../bytes/bytes.ts";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { oid, sequence } from "../der/writer.ts";
import { encodeFulcioExtensions } from "../fulcio/extensions.ts";
import { unixMs } from "../time.ts";
import { encodeCertificate, parseCertificate } from "./certificate.ts";
import { parseChain } from "./chain.ts";
import { encodeExtension } from "./extensions.ts";
import { encodeLeaf, toSerial } from "./issue.ts";
import type { SubjectAltName } from "./subject-alt-name.ts";

const NOW = unixMs(1_800_000_000_000);
const makeKey = (): ReturnType<typeof generateKeyPairSync>["privateKey"] =>
  generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey;

function makeLeaf(serial = new Uint8Array(20).fill(0xff)): {
  readonly leaf: ReturnType<typeof encodeLeaf>;
  readonly issuerSubject: Uint8Array;
} {
  const pem = certifyAuthority({ root: makeKey(), online: makeKey() }, { hostname: "ca.example", now: NOW });
  const [issuer] = valueOf(parseChain(pem));
  if (issuer === undefined) throw new Error("no chain");
  const leaf = encodeLeaf(issuer, {
    serial: toSerial(serial),
    notBefore: NOW,
    notAfter: unixMs(NOW + 600_000),
    spki: spkiOf(makeKey()),
    subjectAltName: { kind: "email", value: "a@example.com" },
    extensions: [encodeExtension("1.3.6.1.4.1.57264.1.1", false, Uint8Array.of(1))],
    signatureAlgorithm: sequence(oid("1.2.840.10045.4.3.2")),
  });
  return { leaf, issuerSubject: issuer.subject };
}

const parse = (tbs: Uint8Array): ReturnType<typeof parseCertificate> =>
  parseCertificate(encodeCertificate(tbs, sequence(oid("1.2.840.10045.4.3.2")), Uint8Array.of(0)));

const SCT_LIST = encodeExtension("1.3.6.1.4.1.11129.2.4.2", false, Uint8Array.of(4, 2, 0, 0));

describe("encodeLeaf", () => {
  it.each(LEAVES)("writes the bytes that Go writes: $subjectAltName.kind, $algorithm", (row) => {
    const leaf = encodeLeaf(valueOf(parseCertificate(valueOf(decodeHex(row.issuer)))), {
      serial: valueOf(decodeHex(row.serial)),
      notBefore: unixMs(row.notBefore),
      notAfter: unixMs(row.notBefore + 600_000),
      spki: valueOf(decodeHex(row.spki)),
      subjectAltName: row.subjectAltName as SubjectAltName,
      extensions: encodeFulcioExtensions(row.extensions),
      signatureAlgorithm: sequence(oid(row.algorithm)),
    });
    expect(encodeHex(leaf.precertificateTbs)).toBe(row.precertificateTbs);
    expect(encodeHex(leaf.finalTbs(valueOf(decodeHex(row.sctList))))).toBe(row.certificateTbs);
  });

  it("writes the extensions in Go's order, byte for byte", () => {
    const { leaf, issuerSubject } = makeLeaf();
    const { extensions, subject, issuer, notBefore, notAfter } = valueOf(parse(leaf.finalTbs(SCT_LIST)));
    expect(extensions.map(({ oid: id, critical }) => `${id}${critical ? " critical" : ""}`)).toEqual([
      "2.5.29.15 critical",
      "2.5.29.37",
      "2.5.29.14",
      "2.5.29.35",
      "2.5.29.17 critical",
      "1.3.6.1.4.1.57264.1.1",
      "1.3.6.1.4.1.11129.2.4.2",
    ]);
    const hex = encodeHex(leaf.finalTbs(SCT_LIST));
    expect(hex).toContain(
      "300e0603551d0f0101ff04040302078030130603551d25040c300a06082b06010505070303301d0603551d0e04160414",
    );
    expect(hex).toContain("301b0603551d110101ff0411300f810d61406578616d706c652e636f6d");
    expect(encodeHex(subject)).toBe("3000");
    expect(equal(issuer, issuerSubject)).toBe(true);
    expect([notBefore, notAfter]).toEqual([NOW, NOW + 600_000]);
  });

  it("has three forms that differ in their last extension only", () => {
    const { leaf } = makeLeaf();
    const [precertificate, logged, final] = [leaf.precertificateTbs, leaf.loggedTbs, leaf.finalTbs(SCT_LIST)].map(
      (tbs) => valueOf(parse(tbs)),
    );
    expect(precertificate?.extensions.slice(0, -1)).toEqual(logged?.extensions);
    expect(final?.extensions.slice(0, -1)).toEqual(logged?.extensions);
    expect(encodeHex(leaf.precertificateTbs)).toMatch(/3013060a2b06010401d6790204030101ff04020500$/);
    expect(encodeHex(leaf.finalTbs(SCT_LIST)).endsWith(encodeHex(SCT_LIST))).toBe(true);
  });
});

describe("toSerial", () => {
  it.each([
    ["00".repeat(20), `40${"00".repeat(19)}`],
    ["ff".repeat(20), `7f${"ff".repeat(19)}`],
  ])("makes %s a positive number of 20 octets", (random, serial) => {
    const bytes = valueOf(decodeHex(random));
    expect(encodeHex(toSerial(bytes))).toBe(serial);
    expect(valueOf(parse(makeLeaf(bytes).leaf.loggedTbs)).serial).toHaveLength(20);
  });
});
