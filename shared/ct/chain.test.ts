// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256 } from "#sha256";
import vectors from "../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import { encodeHex } from "../bytes/hex.ts";
import { tlv } from "../der/writer.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { OID } from "../x509/extensions.ts";
import { checkChain, withoutExtension } from "./chain.ts";

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const certificate = (base64: string): Certificate => {
  const parsed = parseCertificate(bytes(base64));
  if (!parsed.ok) throw new TypeError(parsed.error.reason);
  return parsed.value;
};
const root = bytes(vectors.root);
const ca = bytes(vectors.ca);
const accepted = [certificate(vectors.ca), certificate(vectors.root)];
const [first] = vectors.cases;
const precertificate = bytes(first?.precertificate ?? "");
const plain = bytes(first?.certificate ?? "");

describe("withoutExtension", () => {
  test.each(vectors.cases.map((vector, i) => [i, vector] as const))(
    "case %i: without poison, without SCTs: one TBS",
    (_, vector) => {
      const fromPrecertificate = withoutExtension(certificate(vector.precertificate).tbs, OID.precertificatePoison);
      const fromFinal = withoutExtension(certificate(vector.withScts).tbs, OID.sctList);
      expect(fromPrecertificate).toStrictEqual({ ok: true, value: bytes(vector.tbs) });
      expect(fromFinal).toStrictEqual({ ok: true, value: bytes(vector.tbs) });
    },
  );

  test("returns a TBS without the extension unchanged", () => {
    for (const { tbs } of vectors.cases) {
      expect(withoutExtension(bytes(tbs), OID.precertificatePoison)).toStrictEqual({ ok: true, value: bytes(tbs) });
    }
  });

  test("omits the list after removing its last extension", () => {
    // SEQUENCE { INTEGER 1, [3] { SEQUENCE { SEQUENCE { OID 1.3.6.1.4.1.11129.2.4.3, TRUE, OCTET STRING NULL } } } }
    const poison = Buffer.from("3013060a2b06010401d6790204030101ff04020500", "hex");
    const tbs = tlv(0x30, Buffer.from("020101", "hex"), tlv(0xa3, tlv(0x30, poison)));
    const without = withoutExtension(tbs, OID.precertificatePoison);
    expect(without.ok && encodeHex(without.value)).toBe("3003020101");
  });

  test("never throws for arbitrary bytes and mutated certificates", () => {
    const { tbs } = certificate(first?.precertificate ?? "");
    fc.assert(
      fc.property(fc.nat(tbs.length - 1), fc.nat(255), (at, value) => {
        const mutated = Uint8Array.from(tbs);
        mutated[at] = value;
        withoutExtension(mutated, OID.precertificatePoison);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (any) => !withoutExtension(any, OID.sctList).ok || any.length > 1));
  });
});

describe("checkChain accepts", () => {
  test.each([
    ["the leaf alone", []],
    ["leaf and issuer", [ca]],
    ["the whole chain", [ca, root]],
  ])("%s of a precertificate", async (_, above) => {
    const checked = await checkChain([precertificate, ...above], accepted, "precert_entry");
    expect(checked).toMatchObject({ ok: true });
    if (!checked.ok) return;
    const { leaf, issuers, issuerKeyHash, ...entry } = checked.value;
    expect(leaf.der).toStrictEqual(precertificate);
    expect(issuers.map((der) => encodeHex(sha256(der)))).toStrictEqual(vectors.fingerprints);
    expect(encodeHex(issuerKeyHash ?? new Uint8Array(0))).toBe(vectors.issuerKeyHash);
    expect(entry).toStrictEqual({
      entryType: "precert_entry",
      signedEntry: bytes(first?.tbs ?? ""),
      precertificate,
      precertificateForm: null,
    });
  });

  test.each(vectors.cases.map((vector, i) => [i, vector] as const))(
    "case %i: a certificate with SCTs, which says what the entry of its precertificate holds",
    async (_, vector) => {
      const [before, after] = [
        await checkChain([bytes(vector.precertificate)], accepted, "precert_entry"),
        await checkChain([bytes(vector.withScts)], accepted, "x509_entry"),
      ];
      if (!before.ok || !after.ok) throw new Error("rejected");
      const { issuerKeyHash, signedEntry } = before.value;
      expect(after.value.precertificateForm).toStrictEqual({ issuerKeyHash, signedEntry });
    },
  );

  test("a certificate", async () => {
    const checked = await checkChain([plain, ca, root], accepted, "x509_entry");
    expect(checked).toMatchObject({
      ok: true,
      value: { entryType: "x509_entry", issuerKeyHash: null, signedEntry: plain, precertificate: null },
    });
  });

  test("no leaf of a CA that is not accepted itself, even if its root is", async () => {
    expect(await checkChain([plain, ca, root], accepted.slice(1), "x509_entry")).toStrictEqual({
      ok: false,
      error: { code: "submitted_chain_untrusted" },
    });
  });
});

describe("checkChain rejects", () => {
  const { refused } = vectors;
  const flipped = Uint8Array.from(precertificate);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;

  test.each([
    ["nothing", [], { code: "submitted_chain_empty" }],
    ["bytes that are not a certificate", [Uint8Array.of(0x30, 0)], { code: "submitted_certificate_invalid" }],
    ["trailing bytes", [Buffer.concat([precertificate, Uint8Array.of(0)])], { code: "submitted_certificate_invalid" }],
    [
      "a certificate instead of a precertificate",
      [plain],
      { code: "submitted_entry_type_wrong", expected: "precert_entry" },
    ],
    ["a poison that is not critical", [bytes(refused.poisonNotCritical)], { code: "submitted_poison_invalid" }],
    ["a poison that is not NULL", [bytes(refused.poisonNotNull)], { code: "submitted_poison_invalid" }],
    ["a poison with more than NULL", [bytes(refused.poisonTrailing)], { code: "submitted_poison_invalid" }],
    ["no key purpose", [bytes(refused.noPurpose)], { code: "submitted_purpose_wrong" }],
    ["another key purpose", [bytes(refused.otherPurpose)], { code: "submitted_purpose_wrong" }],
    ["a foreign CA", [bytes(refused.foreign)], { code: "submitted_chain_untrusted" }],
    [
      "a foreign CA and its root",
      [bytes(refused.foreign), bytes(vectors.foreignCa)],
      { code: "submitted_chain_untrusted" },
    ],
    ["the name of our CA with another key", [bytes(refused.sameNameOtherKey)], { code: "submitted_chain_untrusted" }],
    [
      "the same, with that key's certificate",
      [bytes(refused.sameNameOtherKey), bytes(vectors.otherCa)],
      { code: "submitted_chain_untrusted" },
    ],
    ["the same, with our own", [bytes(refused.sameNameOtherKey), ca, root], { code: "submitted_chain_untrusted" }],
    ["a changed signature", [flipped, ca, root], { code: "submitted_chain_untrusted" }],
    ["a missing issuer", [precertificate, root], { code: "submitted_chain_untrusted" }],
    ["the chain out of order", [precertificate, root, ca], { code: "submitted_chain_untrusted" }],
    ["the leaf twice", [precertificate, precertificate], { code: "submitted_chain_untrusted" }],
    [
      "a root of the same name",
      [precertificate, ca, bytes(vectors.foreignCa)],
      { code: "submitted_chain_out_of_order", place: 2 },
    ],
    ["the root twice", [precertificate, ca, root, root], { code: "submitted_chain_out_of_order", place: 3 }],
  ])("%s", async (_, chain, error) => {
    expect(await checkChain(chain, accepted, "precert_entry")).toMatchObject({ ok: false, error });
  });

  test("a precertificate at add-chain", async () => {
    const expected = "x509_entry";
    const error = { code: "submitted_entry_type_wrong", expected };
    expect(await checkChain([precertificate, ca], accepted, expected)).toStrictEqual({ ok: false, error });
  });
});
