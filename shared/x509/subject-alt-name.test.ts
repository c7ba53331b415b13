// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { context, contextPrimitive, oid, sequence, utf8String } from "../der/writer.ts";
import type { Certificate } from "./certificate.ts";
import { OID } from "./extensions.ts";
import { encodeSubjectAltName, readSubjectAltNames, type SubjectAltName } from "./subject-alt-name.ts";

/** The bytes that Go's crypto/x509 and Fulcio write for these names. */
const ENCODED: readonly (readonly [SubjectAltName, string])[] = [
  [{ kind: "email", value: "a@example.com" }, "301b0603551d110101ff0411300f810d61406578616d706c652e636f6d"],
  [
    { kind: "uri", value: "https://e.example/x" },
    "30210603551d110101ff04173015861368747470733a2f2f652e6578616d706c652f78",
  ],
  [
    { kind: "username", value: "alice!example.com" },
    "302f0603551d110101ff04253023a021060a2b0601040183bf300107a0130c11616c696365216578616d706c652e636f6d",
  ],
];

const bytes = (hex: string): Uint8Array => {
  const decoded = decodeHex(hex);
  if (!decoded.ok) throw new Error(hex);
  return decoded.value;
};

const certificateWith = (value: Uint8Array): Certificate =>
  ({ extensions: [{ oid: OID.subjectAltName, critical: true, value }] }) as unknown as Certificate;

describe("encodeSubjectAltName", () => {
  it.each(ENCODED)("writes %o", (name, hex) => {
    expect(encodeHex(encodeSubjectAltName(name))).toBe(hex);
  });

  it.each(["email", "uri"] as const)("accepts only ASCII for %s", (kind) => {
    expect(() => encodeSubjectAltName({ kind, value: "ä@example.com" })).toThrow(RangeError);
  });
});

describe("readSubjectAltNames", () => {
  it("reads what was written", () => {
    for (const [name, hex] of ENCODED) {
      const value = bytes(hex.slice(hex.indexOf("0101ff04") + "0101ff04".length + 2));
      expect(readSubjectAltNames(certificateWith(value))).toEqual({ ok: true, value: [name] });
    }
  });

  it("ignores names of other kinds", () => {
    const value = sequence(
      contextPrimitive(2, encodeUtf8("e.x")),
      contextPrimitive(7, Uint8Array.of(127, 0, 0, 1)),
      context(0, oid("1.3.6.1.4.1.311.20.2.3"), context(0, utf8String("alice@corp"))),
      contextPrimitive(1, encodeUtf8("a@example.com")),
    );
    expect(readSubjectAltNames(certificateWith(value))).toEqual({
      ok: true,
      value: [{ kind: "email", value: "a@example.com" }],
    });
  });

  it("finds none without the extension", () => {
    expect(readSubjectAltNames({ extensions: [] } as unknown as Certificate)).toEqual({ ok: true, value: [] });
  });

  it.each([
    ["not a sequence", "0400"],
    ["a truncated name", "3003810561"],
    ["an address that is not ASCII", "30048102c3a9"],
    ["trailing bytes", "3003810161ff"],
    ["a user name that is not text", "3014a012060a2b0601040183bf300107a00404026162"],
  ])("rejects %s", (_, hex) => {
    expect(readSubjectAltNames(certificateWith(bytes(hex)))).toMatchObject({
      ok: false,
      error: { code: "der_invalid" },
    });
  });
});
