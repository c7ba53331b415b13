// SPDX-License-Identifier: Apache-2.0
// Encodings written by hand from RFC 8446 §3.3 (numbers) and §3.4 (vectors).

import { describe, expect, test } from "vitest";
import { type ByteReader, decodeBytes } from "./reader.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const decode = (input: string, read: (reader: ByteReader) => unknown): unknown => decodeBytes(hex(input), read);

describe("decodeBytes accepts", () => {
  test.each<[string, string, (reader: ByteReader) => unknown, unknown]>([
    ["nothing", "", () => null, null],
    ["no bytes", "", (r) => r.bytes(0), hex("")],
    ["bytes to the end", "ab cd", (r) => r.bytes(2), hex("ab cd")],
    ["uint8", "ff", (r) => r.uint(1), 255],
    ["uint16, big-endian", "01 02", (r) => r.uint(2), 258],
    ["uint32 beyond 2^31", "ff ff ff ff", (r) => r.uint(4), 4_294_967_295],
    ["uint64 up to 2^53-1", "00 1f ff ff ff ff ff ff", (r) => r.uint(8), 9_007_199_254_740_991],
    ["an empty vector", "00 00", (r) => r.vector(2), hex("")],
    ["a vector with one length byte", "02 ab cd", (r) => r.vector(1), hex("ab cd")],
    ["a vector with three length bytes", "00 00 01 ab", (r) => r.vector(3), hex("ab")],
    [
      "one after the other",
      "01 ab 00 02",
      (r) => [r.vector(1), r.done, r.uint(2), r.done],
      [hex("ab"), false, 2, true],
    ],
  ])("%s", (_what, input, read, value) => {
    expect(decode(input, read)).toEqual({ ok: true, value });
  });
});

describe("decodeBytes rejects", () => {
  test.each<[string, string, (reader: ByteReader) => unknown, string]>([
    ["bytes beyond the end", "ab", (r) => r.bytes(2), "bytes_truncated"],
    ["a number beyond the end", "01", (r) => r.uint(2), "bytes_truncated"],
    ["a vector without its length", "00", (r) => r.vector(2), "bytes_truncated"],
    ["a vector shorter than its length", "00 02 ab", (r) => r.vector(2), "bytes_truncated"],
    ["a vector of 2^24-1 bytes that are missing", "ff ff ff", (r) => r.vector(3), "bytes_truncated"],
    ["2^53", "00 20 00 00 00 00 00 00", (r) => r.uint(8), "bytes_integer_too_large"],
    ["2^64-1", "ff ff ff ff ff ff ff ff", (r) => r.uint(8), "bytes_integer_too_large"],
    ["bytes left over", "00 ab", (r) => r.uint(1), "bytes_trailing"],
    ["bytes that nothing reads", "00", () => null, "bytes_trailing"],
  ])("%s", (_what, input, read, code) => {
    expect(decode(input, read)).toEqual({ ok: false, error: { code } });
  });

  test("and throws what is not a syntax error", () => {
    expect(() =>
      decode("", () => {
        throw new RangeError("a bug");
      }),
    ).toThrow(RangeError);
  });
});
