// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../bytes/base64.ts";
import { parseHashLines } from "./hash-lines.ts";

const ONE = new Uint8Array(32).fill(1);
const LINE = encodeBase64(ONE);

describe("lines of hashes", () => {
  it.each([
    [[], 0, []],
    [[LINE], 1, [ONE]],
    [[LINE, LINE], 2, [ONE, ONE]],
  ])("%j, at most %i, are parsed", (lines, max, hashes) => expect(parseHashLines(lines, max)).toEqual(hashes));

  it.each([
    ["more than the limit", [LINE, LINE], 1],
    ["an empty line", [""], 1],
    ["31 bytes", [encodeBase64(ONE.subarray(1))], 1],
    ["33 bytes", [encodeBase64(new Uint8Array(33))], 1],
    ["base64 without padding", [LINE.replace(/=$/, "")], 1],
    ["a space behind a hash", [`${LINE} `], 1],
  ] as const)("%s is rejected", (_, lines, max) => expect(parseHashLines(lines, max)).toBeNull());
});
