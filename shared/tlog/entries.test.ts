// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { decodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { decodeEntryBundle, encodeEntryBundle } from "./entries.ts";

const bytes = (hex: string): Uint8Array => {
  const decoded = decodeHex(hex);
  if (!decoded.ok) throw new Error(hex);
  return decoded.value;
};

describe("decodeEntryBundle", () => {
  it.each([
    ["no entry", "", []],
    ["an empty entry", "0000", [""]],
    ["two entries", "0001610000", ["a", ""]],
  ])("accepts %s", (_, hex, entries) => {
    expect(decodeEntryBundle(bytes(hex))).toEqual({ ok: true, value: entries.map(encodeUtf8) });
    expect(encodeEntryBundle(entries.map(encodeUtf8))).toEqual(bytes(hex));
  });

  it.each([
    ["a truncated entry", bytes("000261"), "bytes_truncated"],
    ["a truncated length", bytes("00016100"), "bytes_truncated"],
    ["257 entries", new Uint8Array(2 * 257), "bundle_too_long"],
  ])("rejects %s", (_, bundle, code) => {
    expect(decodeEntryBundle(bundle)).toEqual({ ok: false, error: { code } });
  });
});

describe("encodeEntryBundle", () => {
  it("throws for an entry above 65,535 bytes", () => {
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
