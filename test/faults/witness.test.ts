// SPDX-License-Identifier: Apache-2.0
// Witnesses in a world that fails: what they may see, and what may wait for them.

import { describe, expect, it } from "vitest";
import type { Fault } from "./fault-plan.ts";
import { Lab } from "./lab.ts";

const HOUR = 3_600_000;

describe("a log that does not wait for its witness", () => {
  it.each<Fault>(["hangs", "fails", "late"])("answers without delay while the witness %s", async (fault) => {
    const lab = new Lab({ witness: "open" });
    await lab.grow(5);
    lab.world.plan.outages.set("witness", fault);
    for (let i = 0; i < 10; i++) {
      const { result, milliseconds } = await lab.append();
      expect(result).toBe("ok");
      expect(milliseconds).toBeLessThan(100);
      await lab.run(100);
    }
  });

  it("shows the newest head ten seconds after the last cosigned one, whatever the clock does", async () => {
    const lab = new Lab({ witness: "open" });
    await lab.grow(5);
    await lab.run(100);
    lab.world.plan.outages.set("witness", "fails");
    await lab.grow(5);
    expect((await lab.readHead()).treeSize).toBe(6);
    lab.world.moveClock(-HOUR);
    await lab.run(11_000);
    expect((await lab.readHead()).treeSize).toBe(11);
  });
});

describe("a log that waits for its witness", () => {
  it.each(["signature", "certificate"] as const)("answers at the first attempt: %s log", async (kind) => {
    const lab = new Lab({ kind, witness: "required" });
    for (let i = 0; i < 10; i++) {
      expect((await lab.append()).result).toBe("ok");
      if (i % 2 === 0) await lab.run(20_000);
    }
    expect((await lab.readHead()).treeSize).toBe(kind === "signature" ? 11 : 10);
  });

  it("answers under load as soon as the entry's tree is cosigned", async () => {
    const lab = new Lab({ witness: "required" });
    await lab.append();
    const slowest = { milliseconds: 0 };
    const submit = async (): Promise<void> => {
      const began = lab.now;
      expect(await lab.world.submit(lab.next())).toBe("ok");
      slowest.milliseconds = Math.max(slowest.milliseconds, lab.now - began);
    };
    lab.world.platform.latenessMs = 300;
    lab.world.plan.outages.set("witness", "answered late");
    // A waiting entry must not keep others from arriving.
    const submissions: Promise<void>[] = [];
    for (let i = 0; i < 600; i++) {
      submissions.push(submit());
      await lab.run(10);
    }
    await lab.until(Promise.all(submissions));
    expect(slowest.milliseconds).toBeLessThan(1_000);
  });

  it("answers a retry with the index once the witness is back, without another entry", async () => {
    const lab = new Lab({ witness: "required" });
    await lab.grow(5);
    lab.world.plan.outages.set("witness", "fails");
    const entry = lab.next();
    expect((await lab.append(entry)).result).toBe("witnesses_missing");
    expect((await lab.append(entry)).result).toBe("witnesses_missing");
    lab.world.plan.heal();
    const { result, milliseconds } = await lab.append(entry);
    expect(result).toBe("ok");
    expect(milliseconds).toBeLessThan(500);
  });
});
