// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "./hex.ts";

describe("encodeHex and decodeHex", () => {
  it("are inverse, in either case", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeHex(bytes);
        expect(text).toBe(Buffer.from(bytes).toString("hex"));
        expect(decodeHex(text)).toEqual({ ok: true, value: bytes });
        expect(decodeHex(text.toUpperCase())).toEqual({ ok: true, value: bytes });
      }),
    );
  });

  it("accept exactly the hex digits", () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      const isDigit = /^[0-9a-fA-F]$/.test(character);
      expect(decodeHex(`0${character}`).ok).toBe(isDigit);
      expect(decodeHex(`${character}0`).ok).toBe(isDigit);
    }
  });

  it.each(["0", "000", "0x", " 00", "00 "])("rejects %j", (text) => {
    expect(decodeHex(text)).toEqual({ ok: false, error: { code: "hex_invalid" } });
  });
});
