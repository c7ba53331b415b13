// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { unixMs } from "../time.ts";
import { readAttestationHints } from "./dsse.ts";
import { encodeSidecar, MAX_SIDECAR_BYTES, openSidecar, readSidecarLine, sidecarPath } from "./sidecar.ts";

const HINTS = { payloadHash: "sha256:00", subjectDigests: ["sha256:11", "sha512:22"], predicateType: null };
const sidecar = (...lines: readonly unknown[]): Uint8Array =>
  Buffer.from(lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));

test("has a path beside the tiles, with the number of its bundle", () => {
  expect([0, 999, 1234].map(sidecarPath)).toStrictEqual(["meta/0", "meta/999", "meta/1234"]);
});

test("holds 256 entries with the most hints that the log keeps", () => {
  const name = (i: number): string => `a${i}`.padEnd(32, "-");
  const subject = Array.from({ length: 256 }, (_, i) => ({
    digest: { [name(2 * i)]: "ab".repeat(64), [name(2 * i + 1)]: "cd".repeat(64) },
  }));
  const statement = JSON.stringify({ subject, predicateType: "\u0000".repeat(512) });
  const hints = readAttestationHints("application/vnd.in-toto+json", Buffer.from(statement));
  expect(hints.subjectDigests.length).toBe(101);
  const line = { timestamp: unixMs(253_402_300_799_999), hints };
  const full = encodeSidecar(Array.from({ length: 256 }, () => line));
  expect(full.length).toBeLessThanOrEqual(MAX_SIDECAR_BYTES);
  expect(openSidecar(full)(255)).toStrictEqual(line);
});

describe("readSidecarLine", () => {
  test("reads the line of an entry", () => {
    const bytes = sidecar({ timestamp: 5, hints: null }, { timestamp: 6, hints: HINTS });
    expect(readSidecarLine(bytes, 0)).toStrictEqual({ timestamp: 5, hints: null });
    expect(readSidecarLine(bytes, 1)).toStrictEqual({ timestamp: 6, hints: HINTS });
  });

  test.each([
    ["a missing line", sidecar({ timestamp: 5, hints: null }), 1],
    ["a line that is not JSON", sidecar("{"), 0],
    ["a line that is not an object", sidecar("5"), 0],
    ["no time", sidecar({ hints: null }), 0],
    ["a negative time", sidecar({ timestamp: -1, hints: null }), 0],
    ["a fraction of a millisecond", sidecar({ timestamp: 1.5, hints: null }), 0],
    ["a time after the year 9999", sidecar({ timestamp: 253_402_300_800_000, hints: null }), 0],
    ["a time that no Date holds", sidecar({ timestamp: 2 ** 53 - 1, hints: null }), 0],
    ["a time as text", sidecar({ timestamp: "5", hints: null }), 0],
    ["no hints", sidecar({ timestamp: 5 }), 0],
    ["a missing hint", sidecar({ timestamp: 5, hints: { ...HINTS, predicateType: undefined } }), 0],
    ["digests that are not strings", sidecar({ timestamp: 5, hints: { ...HINTS, subjectDigests: [1] } }), 0],
    ["bytes that are not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), 0],
  ])("rejects %s", (_, bytes, line) => {
    expect(readSidecarLine(bytes, line)).toBeNull();
  });
});
