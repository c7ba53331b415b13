// SPDX-License-Identifier: Apache-2.0
// Clocks that are wrong: ahead, behind, or put back.

import { describe, expect, it } from "vitest";
import { LOG_KIND_NAMES } from "../../shared/logs/kinds.ts";
import { Lab } from "./lab.ts";

const HOUR = 3_600_000;

describe("a clock that was ahead and was put right", () => {
  it("does not delay the next start", async () => {
    const lab = new Lab();
    await lab.grow(5);
    lab.kill();
    lab.world.plan.outages.set("anchor", "fails");
    lab.world.moveClock(HOUR);
    expect((await lab.append()).result).toBe("log_starting");
    lab.world.moveClock(-HOUR);
    lab.world.plan.heal();
    await lab.run(2_000);
    expect((await lab.append()).result).toBe("ok");
  });

  it("does not delay the maintenance of R2 and D1", async () => {
    const lab = new Lab();
    await lab.grow(5);
    lab.world.plan.outages.set("d1", "fails");
    lab.world.moveClock(30_000);
    await lab.grow(1);
    lab.world.moveClock(-30_000);
    lab.world.plan.heal();
    await lab.run(7_000);
    await lab.grow(1);
    await lab.run(1_000);
    expect(lab.world.checker.index.watermark).toBe(8);
  });
});

describe("a waiter", () => {
  it.each([
    ["goes back an hour", (lab: Lab) => lab.world.moveClock(-HOUR)],
    ["goes back a minute", (lab: Lab) => lab.world.moveClock(-60_000)],
    ["jumps ahead", (lab: Lab) => lab.world.moveClock(HOUR)],
    ["stops", (lab: Lab) => lab.world.freezeClock()],
  ])("is answered within ten seconds if the clock %s", async (_, change) => {
    const lab = new Lab();
    await lab.grow(5);
    lab.world.plan.outages.set("anchor", "fails");
    await lab.grow(1);
    const early = lab.world.submit(lab.next());
    await lab.run(1_000);
    change(lab);
    const late = await lab.append();
    expect(late.result).toBe("log_busy");
    expect(late.milliseconds).toBeLessThan(10_500);
    expect(await lab.until(early)).toBe("log_busy");
  });
});

describe("timestamps", () => {
  it.each(LOG_KIND_NAMES)("never go back in a %s log", async (kind) => {
    const lab = new Lab({ kind });
    const times: number[] = [];
    for (const by of [0, -20_000, -20_000, 100_000, -59_000, 30_000]) {
      lab.world.moveClock(by);
      for (let i = 0; i < 3; i++) {
        await lab.grow(1);
        times.push(lab.world.storedState?.timestamp ?? 0);
      }
    }
    // RFC 6962 §3.5: more recent, where the time is signed.
    const step = kind === "certificate" ? 1 : 0;
    for (const [i, time] of times.entries()) expect(time).toBeGreaterThanOrEqual((times[i - 1] ?? 0) + step);
    expect(await lab.world.checker.audit()).toBe(true);
    lab.world.moveClock(-62_000);
    expect((await lab.append()).result).toBe("clock_behind");
    lab.world.moveClock(62_000);
    expect((await lab.append()).result).toBe("ok");
  });
});
