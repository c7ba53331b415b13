// SPDX-License-Identifier: Apache-2.0
// A certificate that OpenSSL 3.0.19 made, and its parts put together again by hand with one fault each (RFC 5280 §4.1):
//   openssl ecparam -name prime256v1 -genkey -noout -out k.pem
//   openssl req -x509 -new -key k.pem -config c.cnf -days 8000 -set_serial 0xab54a98ceb1f0ad2 -outform DER | base64 -w0
// with O and CN, and the extensions basicConstraints, keyUsage, subjectKeyIdentifier and extendedKeyUsage in c.cnf.

import { describe, expect, test } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { purposesOf } from "./extensions.ts";

const BASE64 =
  "MIIBpDCCAUmgAwIBAgIJAKtUqYzrHwrSMAoGCCqGSM49BAMCMCkxEDAOBgNVBAoMB0V4YW1wbGUxFTATBgNVBAMMDEV4YW1wbGUgUm9vdDAeFw0yNjEx" +
  "MjkxMzAwMTRaFw00ODEwMjQxMzAwMTRaMCkxEDAOBgNVBAoMB0V4YW1wbGUxFTATBgNVBAMMDEV4YW1wbGUgUm9vdDBZMBMGByqGSM49AgEGCCqGSM49" +
  "AwEHA0IABOptVF0t2YdQphIsIeOWKFvQgbGhYhu/obDNsmXPst8F93jIHU635H/jPVmczWLt44K6zKE9IkF6WSqMM9tQN5SjWjBYMBIGA1UdEwEB/wQI" +
  "MAYBAf8CAQEwDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBQw7FUaDJ3909+3FXmRrqmmL16NJjATBgNVHSUEDDAKBggrBgEFBQcDAzAKBggqhkjOPQQD" +
  "AgNJADBGAiEAjYo+TnRIicpswHsPBTmyggT8D7xTssO835MUTjeIAecCIQCvDjmVEJKApTfAyWqyg8oI3bhyK5O37KfD9Lz/yOEckg==";
const DER = Uint8Array.from(Buffer.from(BASE64, "base64"));

/** Hex of the bytes that `openssl asn1parse` shows at an offset of the certificate. */
const at = (offset: number, length: number): string =>
  Buffer.from(DER.subarray(offset, offset + length)).toString("hex");

/** A TLV in hex with the shortest length (X.690 §10.1), for contents up to 65,535 bytes. */
function tlv(tag: string, ...parts: readonly string[]): string {
  const contents = parts.join("");
  const octets = (contents.length / 2).toString(16).padStart(contents.length / 2 > 255 ? 4 : 2, "0");
  return `${tag}${contents.length / 2 < 128 ? octets : `${(0x80 + octets.length / 2).toString(16)}${octets}`}${contents}`;
}

const PARTS = {
  version: at(8, 5),
  serial: at(13, 11),
  algorithm: at(24, 12),
  issuer: at(36, 43),
  validity: at(79, 32),
  subject: at(111, 43),
  spki: at(154, 91),
  extensions: at(245, 92),
  outerAlgorithm: at(337, 12),
  signature: at(349, 75),
};
const EXTENSION = tlv("30", "0603551d0f", "0101ff", "040403020106");

function build(changes: Partial<typeof PARTS>): Uint8Array {
  const { outerAlgorithm, signature, ...tbs } = { ...PARTS, ...changes };
  return Uint8Array.from(Buffer.from(tlv("30", tlv("30", ...Object.values(tbs)), outerAlgorithm, signature), "hex"));
}

test("parseCertificate reads what openssl x509 -text prints", () => {
  const parsed = parseCertificate(DER);
  if (!parsed.ok) throw new Error(parsed.error.reason);
  const { serial, subjectName, notBefore, notAfter, extensions, signature, spki, tbs } = parsed.value;
  expect(Buffer.from(serial).toString("hex")).toBe("00ab54a98ceb1f0ad2");
  expect(subjectName).toEqual({ organization: "Example", commonName: "Example Root" });
  expect([notBefore, notAfter]).toEqual([Date.parse("2026-11-29T13:00:14Z"), Date.parse("2048-10-24T13:00:14Z")]);
  expect(extensions.map(({ oid, critical, value }) => [oid, critical, Buffer.from(value).toString("hex")])).toEqual([
    ["2.5.29.19", true, "30060101ff020101"],
    ["2.5.29.15", true, "03020106"],
    ["2.5.29.14", false, "041430ec551a0c9dfdd3dfb7157991aea9a62f5e8d26"],
    ["2.5.29.37", false, "300a06082b06010505070303"],
  ]);
  expect(spki).toEqual(DER.subarray(154, 245));
  expect(tbs).toEqual(DER.subarray(4, 337));
  expect(signature).toEqual(DER.subarray(352));
  expect(purposesOf(parsed.value)).toEqual(["1.3.6.1.5.5.7.3.3"]);
});

describe("parseCertificate accepts", () => {
  test.each<[string, Partial<typeof PARTS>]>([
    ["the parts put together again", {}],
    ["no extensions", { extensions: "" }],
    ["an empty subject (§4.1.2.6)", { subject: "3000" }],
    ["a negative serial number, which Go rejects", { serial: "0201ff" }],
    ["GeneralizedTime (§4.1.2.5.2)", { validity: tlv("30", at(81, 15), tlv("18", "32303530303130313030303030305a")) }],
    [
      "critical FALSE spelled out, as Go does",
      { extensions: tlv("a3", tlv("30", EXTENSION.replace("0101ff", "010100"))) },
    ],
    ["64 extensions", { extensions: tlv("a3", tlv("30", ...Array.from({ length: 64 }, (_, i) => numbered(i)))) }],
  ])("%s", (_what, changes) => {
    expect(parseCertificate(build(changes)).ok).toBe(true);
  });

  test("the same bytes that OpenSSL wrote", () => {
    expect(build({})).toEqual(DER);
  });
});

/** An extension with the OID 1.2.i. */
const numbered = (i: number): string => tlv("30", tlv("06", "2a", i.toString(16).padStart(2, "0")), "0400");

describe("parseCertificate rejects with der_invalid", () => {
  test.each<[string, Partial<typeof PARTS>]>([
    ["version 1, which has no version field", { version: "", extensions: "" }],
    ["version 2", { version: "a003020101" }],
    ["version 4", { version: "a003020103" }],
    ["a serial number with a redundant octet", { serial: "02020001" }],
    ["an empty serial number", { serial: "0200" }],
    ["two signature algorithms (§4.1.1.2)", { outerAlgorithm: "300a06082a8648ce3d040303" }],
    ["one time alone", { validity: tlv("30", at(81, 15)) }],
    ["a third time", { validity: tlv("30", at(81, 15), at(96, 15), at(96, 15)) }],
    ["a time that does not exist", { validity: tlv("30", at(81, 15), tlv("17", "3236303233303030303030305a")) }],
    ["a subject that is not a Name", { subject: "0500" }],
    ["no key and no extensions", { spki: "", extensions: "" }],
    ["unique identifiers, which belong to version 2", { extensions: `81020000${PARTS.extensions}` }],
    ["an extension twice (§4.2)", { extensions: tlv("a3", tlv("30", EXTENSION, EXTENSION)) }],
    ["a critical flag of 01", { extensions: tlv("a3", tlv("30", EXTENSION.replace("0101ff", "010101"))) }],
    ["an extension without a value", { extensions: tlv("a3", tlv("30", tlv("30", "0603551d0f"))) }],
    ["65 extensions", { extensions: tlv("a3", tlv("30", ...Array.from({ length: 65 }, (_, i) => numbered(i)))) }],
    ["anything after the extensions", { extensions: `${PARTS.extensions}0500` }],
    ["a signature with unused bits", { signature: tlv("03", "01fe") }],
    ["no signature", { signature: "" }],
    ["anything after the signature", { signature: `${PARTS.signature}0500` }],
  ])("%s", (_what, changes) => {
    expect(parseCertificate(build(changes))).toMatchObject({ ok: false, error: { code: "der_invalid" } });
  });

  test.each([
    ["no bytes", new Uint8Array(0)],
    ["a truncated certificate", DER.subarray(0, -1)],
    ["trailing bytes", Uint8Array.of(...DER, 0)],
    ["PEM", new TextEncoder().encode("-----BEGIN CERTIFICATE-----")],
  ])("%s", (_what, der) => {
    expect(parseCertificate(der)).toMatchObject({ ok: false, error: { code: "der_invalid" } });
  });
});

describe("purposesOf", () => {
  const withUsage = (...values: readonly string[]): readonly string[] => {
    const extensions = values.map((value) => tlv("30", "0603551d25", tlv("04", value)));
    const parsed = parseCertificate(build({ extensions: tlv("a3", tlv("30", ...extensions)) }));
    return parsed.ok ? purposesOf(parsed.value) : ["invalid"];
  };
  const CODE_SIGNING = "06082b06010505070303";
  const TIME_STAMPING = "06082b06010505070308";

  test.each<[string, readonly string[], readonly string[]]>([
    [
      "two purposes in their order",
      [tlv("30", TIME_STAMPING, CODE_SIGNING)],
      ["1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.3"],
    ],
    ["no purposes", ["3000"], []],
    ["a malformed list", ["0500"], []],
    ["trailing bytes", [`${tlv("30", CODE_SIGNING)}00`], []],
    ["17 purposes", [tlv("30", ...Array.from({ length: 17 }, () => CODE_SIGNING))], []],
  ])("reads %s", (_what, values, expected) => {
    expect(withUsage(...values)).toEqual(expected);
  });

  test("finds none without the extension", () => {
    const parsed = parseCertificate(build({ extensions: "" }));
    expect(parsed.ok && purposesOf(parsed.value)).toEqual([]);
  });
});
