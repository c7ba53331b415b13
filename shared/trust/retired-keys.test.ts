// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { unixMs } from "../time.ts";
import {
  IN_FLIGHT_MS,
  isAccepted,
  isInUse,
  keyFingerprint,
  NO_RETIRED_KEYS,
  parseRetiredKeys,
  retirementOf,
} from "./retired-keys.ts";

const ISSUING = { spki: Uint8Array.of(1) };
const ROOT = { spki: Uint8Array.of(2) };
const OTHER = { spki: Uint8Array.of(3) };
const hex = ({ spki }: { readonly spki: Uint8Array }): string => createHash("sha256").update(spki).digest("hex");
const at = (text: string): number => Date.parse(text);
const row = { sha256: hex(ISSUING), retired: "2026-11-29T12:00:00Z" };

describe("parseRetiredKeys", () => {
  it("accepts rows with and without the optional members", () => {
    const rows = [row, { sha256: hex(ROOT), retired: "1970-01-01T00:00:00Z", compromised: true, what: "ca-root" }];
    expect([...valueOf(parseRetiredKeys(JSON.stringify(rows)))]).toEqual([
      [hex(ISSUING), { retiredAt: at("2026-11-29T12:00:00Z"), isCompromised: false }],
      [hex(ROOT), { retiredAt: 0, isCompromised: true }],
    ]);
    expect(valueOf(parseRetiredKeys("[]")).size).toBe(0);
  });

  it.each<[string, unknown]>([
    ["must be a JSON list of retired keys", "retired"],
    ["must be a JSON list of retired keys", {}],
    ["[0] must be an object", ["x"]],
    ["[0].until is not known; known are sha256, retired, compromised, what", [{ ...row, until: "x" }]],
    ["[0].sha256 must be the SHA-256", [{ ...row, sha256: row.sha256.toUpperCase() }]],
    ["[0].sha256 must be the SHA-256", [{ retired: row.retired }]],
    ["[1].sha256 is the key of another row", [row, row]],
    ["[0].retired must be a time in UTC", [{ sha256: row.sha256 }]],
    ["[0].retired must be a time in UTC", [{ ...row, retired: "2026-11-29T12:00:00+01:00" }]],
    ["[0].retired must be a time in UTC", [{ ...row, retired: "2026-13-29T12:00:00Z" }]],
    ["[0].retired must be a time in UTC", [{ ...row, retired: "1969-12-31T23:59:59Z" }]],
    ["[0].retired must be a time in UTC", [{ ...row, retired: 1 }]],
    ["[0].compromised must be true or false", [{ ...row, compromised: "true" }]],
    ["[0].what must be text", [{ ...row, what: 1 }]],
  ])("rejects with: %s", (problem, json) => {
    const text = typeof json === "string" ? json : JSON.stringify(json);
    expect(parseRetiredKeys(text)).toMatchObject({ ok: false, error: expect.stringContaining(problem) as string });
  });
});

describe("retirementOf", () => {
  const early = { retiredAt: unixMs(1000), isCompromised: false };
  const late = { retiredAt: unixMs(2000), isCompromised: true };
  const retired = new Map([
    [keyFingerprint(ISSUING), late],
    [keyFingerprint(ROOT), early],
  ]);

  it("is the earliest of a chain's keys, compromised if one of them is", () => {
    expect(retirementOf(retired, [ISSUING])).toEqual(late);
    expect(retirementOf(retired, [ISSUING, ROOT])).toEqual({ ...early, isCompromised: true });
    expect(retirementOf(retired, [OTHER, ROOT])).toEqual(early);
  });

  it("is null for keys that no row names", () => {
    expect(retirementOf(retired, [OTHER])).toBeNull();
    expect(retirementOf(NO_RETIRED_KEYS, [ISSUING, ROOT])).toBeNull();
  });
});

describe("the boundaries of a retirement", () => {
  const RETIRED_AT = 1_790_000_000_000;
  it.each([
    { isCompromised: false, now: RETIRED_AT - 1, inUse: true, accepted: true },
    { isCompromised: false, now: RETIRED_AT, inUse: false, accepted: true },
    { isCompromised: false, now: RETIRED_AT + IN_FLIGHT_MS - 1, inUse: false, accepted: true },
    { isCompromised: false, now: RETIRED_AT + IN_FLIGHT_MS, inUse: false, accepted: false },
    { isCompromised: true, now: RETIRED_AT - 1, inUse: true, accepted: true },
    { isCompromised: true, now: RETIRED_AT, inUse: false, accepted: false },
  ])("$isCompromised at $now", ({ isCompromised, now, inUse, accepted }) => {
    const retirement = { retiredAt: unixMs(RETIRED_AT), isCompromised };
    expect([isInUse(retirement, unixMs(now)), isAccepted(retirement, unixMs(now))]).toEqual([inUse, accepted]);
    expect([isInUse(null, unixMs(now)), isAccepted(null, unixMs(now))]).toEqual([true, true]);
  });
});
