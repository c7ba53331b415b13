// SPDX-License-Identifier: Apache-2.0
// A stolen key that is taken out of use, at each time around its retirement, and that the simulation would notice.

import { describe, expect, it } from "vitest";
import { unixMs } from "../../shared/time.ts";
import { CA } from "../support/authority/signing-chain.ts";
import { StolenKey } from "./stolen-key.ts";

const RETIRED_AT = 1000 * Math.floor((CA.notBefore + 3_600_000) / 1000);
const HOUR = 3_600_000;
const nothing = (): boolean => false;

describe.each(["ca", "root"] as const)("the stolen key of a %s", (key) => {
  it.each([
    { isCompromised: true, offset: -1, isLetIn: true },
    { isCompromised: true, offset: 0, isLetIn: false },
    { isCompromised: false, offset: HOUR - 1, isLetIn: true },
    { isCompromised: false, offset: HOUR, isLetIn: false },
  ])("$offset ms after its retirement, compromised $isCompromised: let in $isLetIn", async (row) => {
    const stolen = new StolenKey();
    expect(stolen.tryEntry(unixMs(RETIRED_AT - HOUR), "before")).toBe(true);
    stolen.rotate({ key, retiredAt: RETIRED_AT, isCompromised: row.isCompromised });
    expect(stolen.tryEntry(unixMs(RETIRED_AT + row.offset), "after")).toBe(row.isLetIn);
    expect(await stolen.findFault(nothing)).toBeNull();
    const isAudited = await stolen.findFault((identity) => identity === "after");
    expect(isAudited).toBe(row.isLetIn ? null : "an audit finds an entry of a key that had been retired");
  });
});
