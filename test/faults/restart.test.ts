// SPDX-License-Identifier: Apache-2.0
// Instances that end at chosen moments, and what their successors find.

import { describe, expect, it } from "vitest";
import { LOG_KIND_NAMES, LOG_KINDS } from "../../shared/logs/kinds.ts";
import { Lab } from "./lab.ts";

describe.each(LOG_KIND_NAMES)("a %s log that is killed", (kind) => {
  it("finds duplicates in its tail", async () => {
    const lab = new Lab({ kind });
    await lab.grow(3);
    const entry = lab.next();
    expect((await lab.append(entry)).result).toBe("ok");
    const size = lab.world.checker.visible;
    lab.kill();
    expect((await lab.append(entry)).result).toBe("ok");
    expect((await lab.readHead()).treeSize).toBe(size);
  });

  it("finds duplicates whose rows are gone", async () => {
    const lab = new Lab({ kind });
    const entry = lab.next();
    expect((await lab.append(entry)).result).toBe("ok");
    await lab.grow(600);
    await lab.run(60_000);
    expect(lab.world.runtime.storage.exec("SELECT idx FROM entry ORDER BY idx LIMIT 1", [])[0]?.["idx"]).toBe(512);
    const size = lab.world.checker.visible;
    for (const _ of [1, 2]) {
      expect((await lab.append(entry)).result).toBe("ok");
      lab.kill();
    }
    expect((await lab.readHead()).treeSize).toBe(size);
  });

  it("keeps every entry that was answered, and answers none that is lost", async () => {
    const lab = new Lab({ kind });
    await lab.grow(3);
    for (let i = 0; i < 20; i++) {
      const entries = Array.from({ length: 5 }, () => lab.next());
      const answers = Promise.all(entries.map(async (entry) => await lab.world.submit(entry)));
      await lab.run(i);
      lab.kill();
      await lab.until(answers);
      for (const entry of entries) expect((await lab.append(entry)).result).toBe("ok");
      // The answer to a retry has an index and no head.
      await lab.readHead();
      expect(await lab.world.checker.audit()).toBe(true);
    }
    expect(lab.world.checker.visible).toBe(3 + 100 + LOG_KINDS[kind].genesisSize);
  });

  it("does not take a failed statement at its start for an empty log", async () => {
    const lab = new Lab({ kind });
    await lab.grow(5);
    for (let i = 0; i < 10; i++) {
      lab.kill();
      lab.world.runtime.setRates({ statementFails: 1 });
      for (let attempt = 0; attempt < 5; attempt++) {
        expect(["ok", "failed", "timeout", "log_starting"]).toContain((await lab.append()).result);
        await lab.run(1_100);
      }
      lab.world.heal();
      await lab.run(1_100);
      expect((await lab.append()).result).toBe("ok");
    }
    expect(await lab.world.checker.audit()).toBe(true);
  });

  it("finishes the maintenance of R2 and D1, woken by its alarm alone", async () => {
    const lab = new Lab({ kind });
    lab.world.plan.outages.set("d1", "fails");
    // Certificates of every issuer: none of a new one is taken while R2 is out.
    await lab.grow(3);
    lab.world.plan.outages.set("r2.put", "fails");
    await lab.grow(300);
    lab.kill();
    lab.world.plan.heal();
    await lab.run(60_000);
    expect(lab.world.checker.index.watermark).toBe(303 + LOG_KINDS[kind].genesisSize);
    expect([...lab.world.platform.objects.keys()].some((key) => key.endsWith("tile/0/000"))).toBe(true);
  });
});

describe("a deploy", () => {
  it("under load loses nothing, and the old instance writes nothing after the new one", async () => {
    const lab = new Lab();
    await lab.grow(3);
    for (let i = 0; i < 20; i++) {
      const entries = Array.from({ length: 8 }, () => lab.next());
      const answers = Promise.all(entries.map(async (entry) => await lab.world.submit(entry)));
      await lab.run(i);
      lab.world.runtime.deploy();
      await lab.until(answers);
      for (const entry of entries) expect((await lab.append(entry)).result).toBe("ok");
      // The answer to a retry has an index and no head.
      await lab.readHead();
      expect(await lab.world.checker.audit()).toBe(true);
    }
    expect(lab.world.checker.visible).toBe(164);
  });

  it("does not make the log refuse while the anchor cannot be reached", async () => {
    const lab = new Lab();
    await lab.grow(3);
    lab.world.plan.outages.set("anchor", "fails, takes effect later");
    await lab.grow(1);
    lab.world.runtime.deploy();
    lab.world.plan.heal();
    await lab.grow(1);
    await lab.run(120_000);
    await lab.grow(1);
    expect(lab.world.checker.visible).toBe(7);
  });
});
