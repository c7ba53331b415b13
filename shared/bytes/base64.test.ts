// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, decodeProtoBase64, encodeBase64 } from "./base64.ts";
import * as browser from "./browser/base64.ts";
import * as native from "./native/base64.ts";

const INVALID = { ok: false, error: { code: "base64_invalid" } };

describe("encodeBase64", () => {
  it("prints what Node prints", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      }),
    );
    const long = new Uint8Array(20_000).map((_, i) => i);
    expect(encodeBase64(long)).toBe(Buffer.from(long).toString("base64"));
  });
});

describe("decodeBase64", () => {
  it("reads back what encodeBase64 prints, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(encodeBase64(bytes))).toEqual({ ok: true, value: bytes });
      }),
    );
    const text = fc.string({ unit: fc.constantFrom(...Array.from("ABgw059+/=-_ ")), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) => {
        const decoded = decodeBase64(candidate);
        if (decoded.ok) expect(encodeBase64(decoded.value)).toBe(candidate);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    "A",
    "AA",
    "AAA",
    "A===",
    "AA=A",
    "AB==",
    "AAB=",
    "AA==AA==",
    "AAA\n",
    " AAA",
    "AA-_",
    "AA=",
    "====",
    "AAA€",
    "ÀAAA",
  ])("rejects %j", (text) => {
    expect(decodeBase64(text)).toEqual(INVALID);
  });
});

describe("decodeProtoBase64", () => {
  it("accepts both alphabets, padded or not", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const standard = Buffer.from(bytes).toString("base64");
        const urlSafe = Buffer.from(bytes).toString("base64url");
        const padded = standard.replaceAll("+", "-").replaceAll("/", "_");
        for (const text of [standard, standard.replace(/=+$/, ""), urlSafe, padded]) {
          expect(decodeProtoBase64(text)).toEqual({ ok: true, value: bytes });
        }
      }),
    );
  });

  it("ignores line breaks, as Go's decoder does", () => {
    expect(decodeProtoBase64("A\nA\r\nE=\n")).toEqual({ ok: true, value: Uint8Array.of(0, 1) });
  });

  it.each(["A", "AAAAA", "AB", "AAB", "AA=", "A===", "A\tAA", "+_8=", "-/8", "AA=A", "!!!!"])("rejects %j", (text) => {
    expect(decodeProtoBase64(text)).toEqual(INVALID);
  });
});

describe("the browser's implementation", () => {
  it.each(["AA==", "AA=", "=", "A=A="])("takes no padding, as the native one: %j", (text) => {
    expect([browser.decode(text, "base64"), native.decode(text, "base64")]).toEqual([null, null]);
  });

  const digits = fc.oneof(
    fc.string({ unit: fc.constantFrom(...Array.from("ABgw059+/=-_ €")), maxLength: 12 }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "")),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString("base64url")),
  );

  it("agrees with the native one", () => {
    fc.assert(
      fc.property(digits, fc.constantFrom("base64", "base64url"), (text, alphabet) => {
        expect(browser.decode(text, alphabet)).toEqual(native.decode(text, alphabet));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(browser.encode(bytes)).toBe(native.encode(bytes));
      }),
    );
  });
});
