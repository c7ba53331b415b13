// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { readBundleCases } from "../../test/support/bundles/cases.ts";
import { applyChange, CHANGES } from "../../test/support/bundles/changes.ts";
import { readVendoredCases } from "../../test/support/bundles/conformance.ts";
import { judgeBundle, toOutcome } from "../../test/support/bundles/judge.ts";

const CASES = readBundleCases();

interface Row {
  readonly name: string;
  readonly expected: string;
  readonly ours: string;
  readonly reason: string;
}

/** Prints the rows, so that the output of the tests shows what was compared. */
function expectAsExpected(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, expected, ours, reason }) =>
    [name.padEnd(width), expected, ours, reason.slice(0, 110)].join("  ").trimEnd(),
  );
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(rows.filter(({ expected, ours }) => expected !== ours)).toEqual([]);
}

/** The suite has so many. One that is lost would not be missed otherwise. */
const CONFORMANCE_CASES = 70;

test("every bundle of sigstore-conformance gets the verdict that the suite expects", async () => {
  const rows: Row[] = [];
  for (const one of readVendoredCases()) {
    const { verdict, reasons } = await judgeBundle(one);
    const ours = toOutcome(verdict === "good");
    rows.push({ name: one.name, expected: toOutcome(one.isGood), ours, reason: reasons[0] ?? "" });
  }
  expectAsExpected(rows);
  expect(rows).toHaveLength(CONFORMANCE_CASES);
  // A rejected bundle has a reason; none is rejected because a file was not found.
  expect(rows.filter(({ ours, reason }) => (ours === "rejected") !== (reason !== ""))).toEqual([]);
});

test("bundles by others get the verdict that they deserve", async () => {
  const rows: Row[] = [];
  for (const one of CASES) {
    const { verdict, reasons } = await judgeBundle(one);
    const ours = toOutcome(verdict === "good");
    rows.push({ name: one.name, expected: toOutcome(one.isGood), ours, reason: reasons[0] ?? "" });
  }
  expectAsExpected(rows);
});

test("a bundle forged in the ways of sigstore-conformance fails the check that is about it", async () => {
  const rows: Row[] = [];
  for (const change of CHANGES) {
    const { verdict, reasons } = await judgeBundle(applyChange(change, CASES));
    const missed = (change.fails ?? []).filter((name) => !reasons.some((reason) => reason.startsWith(`${name}:`)));
    const ours = missed.length === 0 ? toOutcome(verdict === "good") : `no failed check ${missed.join(", ")}`;
    rows.push({ name: change.name, expected: toOutcome(change.fails === null), ours, reason: reasons.join("; ") });
  }
  expectAsExpected(rows);
});
