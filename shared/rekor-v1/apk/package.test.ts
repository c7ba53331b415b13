// SPDX-License-Identifier: Apache-2.0
// The members of packages against node:zlib, tar and what is not decoded: bombs, and archives that two parsers would
// read differently. Whole packages are among the vectors of the reference.

import { readFileSync } from "node:fs";
import { constants, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeGzipMember } from "./inflate.ts";
import { parseAlpinePackage, parsePackageInfo } from "./package.ts";
import { decodeTar } from "./tar.ts";

const MAX_BYTES = 8 * 1024;
const bytesOf = (buffer: Buffer): Uint8Array => new Uint8Array(buffer);
const APK = bytesOf(readFileSync("test/vectors/rekor-v1/alpine/test_alpine.apk"));

describe("decodeGzipMember", () => {
  const options = fc.record({
    level: fc.constantFrom(0, 1, 9),
    strategy: fc.constantFrom(
      constants.Z_DEFAULT_STRATEGY,
      constants.Z_FIXED,
      constants.Z_HUFFMAN_ONLY,
      constants.Z_RLE,
    ),
  });
  const contents = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc
      .array(fc.constantFrom("ab", "abc", "xyz", "\n"), { maxLength: 2000 })
      .map((parts) => Buffer.from(parts.join(""))),
  );

  it("reads what zlib writes, and says where it ends", () => {
    fc.assert(
      fc.property(contents, options, fc.uint8Array({ maxLength: 20 }), (bytes, how, rest) => {
        const member = gzipSync(bytes, how);
        const decoded = decodeGzipMember(bytesOf(Buffer.concat([member, rest])), MAX_BYTES);
        expect(decoded.ok && [Buffer.from(decoded.value.contents), decoded.value.end]).toEqual([
          Buffer.from(bytes),
          member.length,
        ]);
      }),
    );
  });

  it.each([
    ["one byte too many", gzipSync(Buffer.alloc(MAX_BYTES + 1)), "gzip_too_large"],
    ["a bomb", gzipSync(Buffer.alloc(64 * 1024 * 1024)), "gzip_too_large"],
    [
      "many blocks",
      gzipSync(Buffer.alloc(4096), { level: 9, memLevel: 1, strategy: constants.Z_HUFFMAN_ONLY }),
      "gzip_too_large",
    ],
    ["another sum", flip(gzipSync("abc"), -5), "gzip_invalid"],
    ["another length", flip(gzipSync("abc"), -1), "gzip_invalid"],
    ["a name in its header", flip(gzipSync("abc"), 3, 8), "gzip_invalid"],
    ["no end", gzipSync("abcabc").subarray(0, -1), "gzip_invalid"],
    ["no beginning", Buffer.from("abc"), "gzip_invalid"],
  ])("rejects %s", (_, bytes, code) => {
    expect(decodeGzipMember(bytesOf(bytes), MAX_BYTES)).toEqual({ ok: false, error: { code } });
  });
});

function flip(bytes: Buffer, at: number, bits = 1): Buffer {
  const changed = Buffer.from(bytes);
  const index = at < 0 ? bytes.length + at : at;
  changed[index] = (changed[index] ?? 0) ^ bits;
  return changed;
}

describe("decodeTar", () => {
  const control = decodeGzipMember(APK, MAX_BYTES);
  const tar = control.ok ? control.value.contents : new Uint8Array(0);
  const name = ".SIGN.RSA.alpine-devel@lists.alpinelinux.org-4a6a0840.rsa.pub";

  it("reads files, with and without the blocks at the end", () => {
    for (const end of [0, 512, 1024]) {
      const files = decodeTar(bytesOf(Buffer.concat([tar, Buffer.alloc(end)])));
      expect(files.ok && files.value.map(([file, contents]) => [file, contents.length])).toEqual([[name, 256]]);
    }
  });

  it.each([
    ["a sum that is wrong", flip(Buffer.from(tar), 0)],
    ["a file that is cut", Buffer.from(tar.subarray(0, 700))],
    ["something after its end", Buffer.concat([tar, Buffer.alloc(512), tar])],
    ["too many files", Buffer.concat(Array.from({ length: 33 }, () => tar))],
  ])("rejects an archive with %s", (_, bytes) => expect(decodeTar(bytesOf(bytes)).ok).toBe(false));
});

describe("parsePackageInfo", () => {
  const parse = (text: string): Readonly<Record<string, string>> | null =>
    parsePackageInfo(new TextEncoder().encode(text));

  it.each([
    ["a = b\n", { a: "b" }],
    ["# x\n\na = b # c\nd=e;f\na = g\nh =\n", { a: "g", d: "e", h: "" }],
    ["a = b = c: d", { a: "b = c: d" }],
  ])("reads %j", (text, fields) => expect(parse(text)).toEqual(fields));

  it.each([
    "a",
    "[a]\nb = c",
    "- = a",
    '"a" = b',
    "a = `b",
    'a = """b',
    "a = b\\",
    "a = 'b'",
    "a = b\r\n",
    "a : b",
    " a = b",
  ])("reads nothing from %j", (text) => expect(parse(text)).toBeNull());
});

describe("parseAlpinePackage", () => {
  it("returns a value for a package of any bytes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(APK.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
        (changes, cut) => {
          const bytes = APK.slice(0, cut % 3 === 0 ? cut % APK.length : APK.length);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          expect(typeof parseAlpinePackage(bytes).ok).toBe("boolean");
        },
      ),
      { numRuns: 1000 },
    );
  });
});
