// SPDX-License-Identifier: Apache-2.0

import { createSign, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex } from "../bytes/hex.ts";
import { decodeEcdsaSignature, encodeEcdsaSignature } from "./ecdsa-signature.ts";

const hex = (text: string): Uint8Array => {
  const decoded = decodeHex(text.replaceAll(" ", ""));
  if (!decoded.ok) throw new Error(text);
  return decoded.value;
};

describe("encodeEcdsaSignature and decodeEcdsaSignature", () => {
  it.each([32, 48, 66])("are inverse for coordinates of %i bytes", (size) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2 * size, maxLength: 2 * size }), (raw) => {
        expect(decodeEcdsaSignature(encodeEcdsaSignature(raw), size)).toEqual({ ok: true, value: raw });
      }),
    );
  });

  it("accept exactly what they print", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), (bytes) => {
        const decoded = decodeEcdsaSignature(bytes, 4);
        if (decoded.ok) expect(encodeEcdsaSignature(decoded.value)).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), fc.nat(20), fc.nat(255), (raw, at, byte) => {
        const mutated = encodeEcdsaSignature(raw);
        mutated[at % mutated.length] = byte;
        const decoded = decodeEcdsaSignature(mutated, 4);
        if (decoded.ok) expect(encodeEcdsaSignature(decoded.value)).toEqual(mutated);
      }),
    );
  });

  it.each(["P-256", "P-384", "P-521"])("agree with OpenSSL's DER of %s", (namedCurve) => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve });
    const size = { "P-256": 32, "P-384": 48, "P-521": 66 }[namedCurve] ?? 0;
    for (let i = 0; i < 20; i++) {
      const message = Buffer.from(`message ${i}`);
      const raw = decodeEcdsaSignature(sign("sha256", message, privateKey), size);
      if (!raw.ok) throw new Error(raw.error.code);
      expect(verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, raw.value)).toBe(true);
      const p1363 = createSign("sha256").update(message).sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
      expect(verify("sha256", message, publicKey, encodeEcdsaSignature(p1363))).toBe(true);
    }
  });
});

describe("decodeEcdsaSignature rejects", () => {
  it.each([
    ["nothing", ""],
    ["no numbers", "30 00"],
    ["one number", "30 03 020101"],
    ["three numbers", "30 09 020101 020101 020101"],
    ["trailing bytes", "30 06 020101 020101 00"],
    ["a long form of a short length", "30 8106 020101 020101"],
    ["an indefinite length", "30 80 020101 020101 0000"],
    ["a truncated sequence", "30 07 020101 020101"],
    ["a negative number", "30 06 0201ff 020101"],
    ["a number with a redundant zero", "30 07 02020001 020101"],
    ["an empty number", "30 05 0200 020101"],
    ["a number longer than a coordinate", "30 0a 02050100000000 020101"],
    ["another tag than INTEGER", "30 06 040101 020101"],
    ["another tag than SEQUENCE", "31 06 020101 020101"],
    ["raw r and s", "0102030405060708"],
  ])("%s", (_, text) => {
    expect(decodeEcdsaSignature(hex(text), 4)).toEqual({ ok: false, error: { code: "ecdsa_signature_invalid" } });
  });
});
