// SPDX-License-Identifier: Apache-2.0

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseRange } from "./range.ts";

const WHOLE = { kind: "whole" };
const UNSATISFIABLE = { kind: "unsatisfiable" };
const part = (start: number, end: number): object => ({ kind: "part", start, end });

describe("parseRange", () => {
  // RFC 9110 §14.1.2 gives these examples for a representation of 10000 bytes, with an inclusive last position.
  test.each([
    ["bytes=0-499", part(0, 500)],
    ["bytes=500-999", part(500, 1000)],
    ["bytes=-500", part(9500, 10_000)],
    ["bytes=9500-", part(9500, 10_000)],
    ["bytes=0-0", part(0, 1)],
    // Beyond the end: the part that exists.
    ["bytes=9999-10000", part(9999, 10_000)],
    ["bytes=0-99999999999999999999999", part(0, 10_000)],
    ["bytes=-10001", part(0, 10_000)],
    ["BYTES=1-2", part(1, 3)],
    [" bytes=1-2 ", part(1, 3)],
  ])("%s", (header, range) => expect(parseRange(header, 10_000)).toEqual(range));

  test.each(["bytes=10000-", "bytes=10000-10001", "bytes=99999999999999999999-", "bytes=-0"])("%s is 416", (header) =>
    expect(parseRange(header, 10_000)).toEqual(UNSATISFIABLE),
  );

  test.each([
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=2-1",
    "bytes=a-b",
    "bytes=0x1-2",
    "bytes=+1-2",
    "bytes=1.0-2",
    "bytes = 0-1",
    "0-1",
    "pages=1-2",
    // Several ranges.
    "bytes=0-0,-1",
    "bytes=0-1, 5-6",
  ])("%s counts as absent", (header) => expect(parseRange(header, 10_000)).toEqual(WHOLE));

  test.each(["bytes=0-", "bytes=0-0", "bytes=-1"])("%s of an empty body is 416", (header) =>
    expect(parseRange(header, 0)).toEqual(UNSATISFIABLE),
  );

  it("never exceeds the body", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(5000), (first, last, length) => {
        for (const header of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
          const range = parseRange(header, length);
          if (range.kind !== "part") continue;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThan(range.start);
          expect(range.end).toBeLessThanOrEqual(length);
        }
      }),
    );
  });
});
