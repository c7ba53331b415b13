// SPDX-License-Identifier: Apache-2.0
// Witnesses in a world that fails: what they may see, and what may wait for them.

import { describe, expect, it } from "vitest";
import { LOG_KINDS } from "../../shared/logs/kinds.ts";
import type { Fault } from "./fault-plan.ts";
import { Lab } from "./lab.ts";
import { KINDS_WITH_WITNESSES } from "./profile.ts";

const HOUR = 3_600_000;

const cosigners = (checkpoint: string): readonly string[] =>
  [...checkpoint.matchAll(/\u2014 (w\d)\.example\.com/g)].map(([, name = ""]) => name);

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

describe.each(["open", "required"] as const)("a witness that takes the connection and never answers: %s", (witness) => {
  it("costs its own line only: no answer waits, and each head is cosigned when the others have", async () => {
    const lab = new Lab({ witness, hasHangingWitness: true });
    await lab.grow(5);
    await lab.run(100);
    for (let i = 0; i < 40; i++) {
      const { result, milliseconds } = await lab.append();
      expect(result).toBe("ok");
      expect(milliseconds).toBeLessThan(200);
      await lab.run(400);
      const head = await lab.until(lab.world.readHead());
      expect({ treeSize: head?.treeSize, names: cosigners(head?.checkpoint ?? "") }).toEqual({
        treeSize: 7 + i,
        names: ["w1", "w2"],
      });
    }
    // One request at a time, and pauses that grow: the quorum does not need it.
    const hung = lab.world.plan.counts.get("a witness takes the connection and never answers") ?? 0;
    expect(hung).toBeLessThan(5);
  });
});

describe("a cosigned head", () => {
  it.each(["killed", "evicted"] as const)("is shown at once by the next instance after one is %s", async (ending) => {
    const lab = new Lab({ witness: "open" });
    await lab.grow(5);
    await lab.run(10_000);
    const before = await lab.until(lab.world.readHead());
    expect(cosigners(before?.checkpoint ?? "")).toEqual(["w1", "w2", "w3"]);
    lab.world.plan.outages.set("witness", "hangs");
    const { current } = lab.world.runtime;
    if (current !== null) lab.world.runtime.end(current, ending);
    expect(await lab.until(lab.world.readHead())).toEqual(before);
  });

  it("costs a row for each head that is cosigned, and one for lines that came later", async () => {
    const lab = new Lab({ witness: "open" });
    await lab.grow(5);
    await lab.run(10_000);
    const { storage } = lab.world.runtime;
    const exec = storage.exec.bind(storage);
    let rows = 0;
    storage.exec = (query, bindings) => {
      if (query.includes("INTO cosigned")) rows++;
      return exec(query, bindings);
    };
    await lab.append();
    await lab.run(10_000);
    expect(rows).toBeLessThanOrEqual(2);
  });
});

describe("a log that waits for its witness", () => {
  it.each(KINDS_WITH_WITNESSES)("answers at the first attempt: %s log", async (kind) => {
    const lab = new Lab({ kind, witness: "required" });
    for (let i = 0; i < 10; i++) {
      expect((await lab.append()).result).toBe("ok");
      if (i % 2 === 0) await lab.run(20_000);
    }
    expect((await lab.readHead()).treeSize).toBe(10 + LOG_KINDS[kind].genesisSize);
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
