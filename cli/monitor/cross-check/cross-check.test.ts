// SPDX-License-Identifier: Apache-2.0
// The join of certificate logs and signature logs: verdicts, windows, and what it keeps.

import { describe, expect, test } from "vitest";
import type { EventEntry } from "../../../shared/monitor/event.ts";
import { type CheckedCertificate, CrossCheck } from "./cross-check.ts";
import { isOpenChecks, NO_OPEN_CHECKS } from "./open-checks.ts";

const MINUTE = 60_000;
const GRACE = 15 * MINUTE;
const START = 1_790_000_000_000;
const FAR: number = Number.POSITIVE_INFINITY;

const eventEntry = (index: number): EventEntry => ({
  index,
  what: "certificate",
  loggedAt: null,
  identity: null,
  issuer: null,
  digests: [],
  publicKey: "",
  certificate: null,
  repository: null,
  workflow: null,
  ref: null,
  run: null,
});

const certificate = (number: number, at: number, isWatched = true): CheckedCertificate => ({
  tbs: number.toString(16).padStart(64, "0").split("").toReversed().join(""),
  origin: "log",
  index: number,
  at: START + at,
  entry: isWatched ? eventEntry(number) : null,
});

/** Stores and restores the open checks, as between two runs. */
function restart(check: CrossCheck): CrossCheck {
  const json: unknown = JSON.parse(JSON.stringify(check.open));
  if (!isOpenChecks(json)) throw new Error("the open checks cannot be read again");
  return new CrossCheck(json, GRACE);
}

const clocks = (certificateClock: number, signature: number) => ({
  certificate: START + certificateClock,
  signature: START + signature,
});

describe("a certificate", () => {
  test("that an entry used is not reported, in whichever order the two were read", () => {
    for (const isEntryFirst of [true, false]) {
      let check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
      if (isEntryFirst) check.addEntry(certificate(1, 0));
      check = restart(check);
      check.addCertificate(certificate(1, 0));
      check = restart(check);
      if (!isEntryFirst) check.addEntry(certificate(1, 0));
      expect(check.settle({ certificate: FAR, signature: FAR })).toEqual([]);
    }
  });

  test("that no entry used is reported once, when the signature logs are known that far", () => {
    let check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
    check.addCertificate(certificate(1, 0));
    expect(check.settle(clocks(60 * MINUTE, GRACE))).toEqual([]);
    check = restart(check);
    expect(check.settle(clocks(60 * MINUTE, Number.NEGATIVE_INFINITY))).toEqual([]);
    expect(check.settle(clocks(0, GRACE + 1))).toMatchObject([{ kind: "certificate.unused", entry: { index: 1 } }]);
    expect(restart(check).settle(clocks(0, GRACE + 2))).toEqual([]);
  });

  test("that nobody watches is not reported", () => {
    const check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
    check.addCertificate(certificate(1, 0, false));
    expect(check.settle({ certificate: FAR, signature: FAR })).toEqual([]);
  });

  test("that was used late is unused, and not unlogged", () => {
    const check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
    check.addCertificate(certificate(1, 0));
    expect(check.settle(clocks(GRACE + 1, GRACE + 1))).toHaveLength(1);
    check.addEntry(certificate(1, 0));
    expect(check.settle(clocks(30 * MINUTE, 30 * MINUTE))).toEqual([]);
  });
});

describe("an entry", () => {
  test("whose certificate no log has is reported once, when the certificate logs are known that far", () => {
    let check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
    check.addEntry(certificate(1, 0));
    check.addEntry({ ...certificate(1, 0), index: 9 });
    expect(check.settle(clocks(MINUTE, FAR))).toEqual([]);
    check = restart(check);
    expect(check.settle(clocks(MINUTE + 1, 0))).toMatchObject([{ kind: "certificate.unlogged", entry: { index: 1 } }]);
    expect(check.settle({ certificate: FAR, signature: FAR })).toEqual([]);
  });

  test("whose certificate is older than all that was read is not judged", () => {
    const check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
    check.raiseFloor(START + 5);
    check.addEntry(certificate(1, 5));
    check.addEntry(certificate(2, 6));
    expect(check.settle({ certificate: FAR, signature: FAR })).toMatchObject([{ entry: { index: 2 } }]);
  });
});

test("keeps the certificates of some hours only, however long the logs are", () => {
  let check = new CrossCheck(NO_OPEN_CHECKS, GRACE);
  let most = 0;
  for (let number = 0; number < 50_000; number++) {
    const at = number * 1000;
    check.addCertificate(certificate(number, at, false));
    if (number % 3 === 0) check.addEntry(certificate(number, at, false));
    if (number % 256 === 0) check.settle(clocks(at, at));
    if (number % 10_000 === 0) check = restart(check);
    if (number % 1000 === 0) most = Math.max(most, check.open.certificates.length);
  }
  // 75 minutes of one certificate a second, and a bundle.
  expect(most).toBeLessThan(75 * 60 + 512);
  expect(most).toBeGreaterThan(70 * 60);
});
