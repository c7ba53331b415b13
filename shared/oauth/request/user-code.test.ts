// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { expect, it } from "vitest";
import { makeUserCode, parseUserCode } from "./user-code.ts";

const CODE = /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/;

it("is eight consonants, found again however a person types it", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat(255)), (stream) => {
      const code = makeUserCode((length) => Uint8Array.from(stream.take(length)));
      expect(code).toMatch(CODE);
      for (const typed of [code, code.toLowerCase(), code.replace("-", ""), ` ${code.replace("-", " ")} `, `${code}.`])
        expect(parseUserCode(typed)).toBe(code);
    }),
  );
});

it("favors no letter: bytes above the last multiple of 20 are drawn again", () => {
  const bytes = [255, 240, 239, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  expect(makeUserCode(() => Uint8Array.from(bytes))).toBe("ZBCD-FGHJ");
});

it.each(["", "WXYZ-BCD", "WXYZ-BCDFG", "AEIO-UAEI", "WXYZ-BCD1", "ſXYZ-BCDF", "W".repeat(65)])(
  "is never %j",
  (text) => {
    expect(parseUserCode(text)).toBeNull();
  },
);
