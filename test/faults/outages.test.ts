// SPDX-License-Identifier: Apache-2.0
// Stores that fail, hang or answer late: what the log answers meanwhile, and how it catches up when they are back.

import { describe, expect, it } from "vitest";
import { type LogKind } from "../../shared/logs/kinds.ts";
import type { Boundary, Fault } from "./fault-plan.ts";
import { Lab } from "./lab.ts";

function readWatermark(lab: Lab): number {
  return lab.world.checker.index.watermark;
}

const publishedTiles = (lab: Lab): number =>
  [...lab.world.platform.objects.keys()].filter((key) => key.includes("/tile/0/")).length;

describe("an anchor that does not answer", () => {
  it.each<Fault>(["hangs", "hangs, took effect", "fails", "fails, took effect", "late", "limited"])(
    "holds rounds back, not callers, when it %s",
    async (fault) => {
      const lab = new Lab();
      await lab.grow(5);
      lab.world.plan.outages.set("anchor", fault);
      const waiting = await lab.append();
      // A late answer takes at most a minute and may be in time.
      if (waiting.result !== "ok") expect(waiting.result).toBe("log_busy");
      expect(waiting.milliseconds).toBeLessThan(11_000);
      await lab.run(60_000);
      lab.world.plan.heal();
      await lab.run(6_000);
      const after = await lab.append();
      expect(after.result).toBe("ok");
      expect(after.milliseconds).toBeLessThan(500);
    },
  );
});

describe("a start while a store cannot be reached", () => {
  it.each<[Boundary, Fault]>([
    ["anchor", "hangs"],
    ["anchor", "fails"],
    ["r2.get", "hangs"],
    ["r2.get", "fails"],
  ])("serves the head, rejects writes and recovers: %s %s", async (boundary, fault) => {
    const lab = new Lab();
    await lab.grow(300);
    await lab.run(60_000);
    lab.kill();
    lab.world.plan.outages.set(boundary, fault);
    const head = await lab.readHead();
    expect(head.treeSize).toBe(301);
    expect(head.milliseconds).toBeLessThan(6_000);
    const early = await lab.append();
    expect(early.result).toBe("log_starting");
    expect(early.milliseconds).toBeLessThan(11_000);
    await lab.run(60_000);
    lab.world.plan.heal();
    await lab.run(10_000);
    await lab.append();
    expect(await lab.append()).toMatchObject({ result: "ok" });
  });
});

describe("R2 and D1", () => {
  it.each<[Boundary, Fault]>([
    ["r2.put", "hangs"],
    ["r2.put", "hangs, took effect"],
    ["r2.put", "fails, took effect"],
    ["r2.put", "limited"],
    ["d1", "hangs"],
    ["d1", "hangs, took effect"],
    ["d1", "fails"],
  ])("never delay an answer, and catch up without a further entry: %s %s", async (boundary, fault) => {
    const lab = new Lab();
    await lab.grow(1);
    lab.world.plan.outages.set(boundary, fault);
    for (let i = 0; i < 6; i++) {
      await lab.grow(50);
      const { result, milliseconds } = await lab.append();
      expect(result).toBe("ok");
      expect(milliseconds).toBeLessThan(200);
    }
    await lab.run(600_000);
    lab.world.plan.heal();
    await lab.run(120_000);
    expect({ indexed: readWatermark(lab), tiles: publishedTiles(lab) }).toEqual({ indexed: 308, tiles: 1 });
    expect(await lab.world.checker.audit()).toBe(true);
  });

  it.each<["gone" | "lost", LogKind]>([
    ["gone", "signature"],
    ["gone", "certificate"],
    ["lost", "signature"],
    ["lost", "certificate"],
    ["gone", "rekor-v1"],
    ["lost", "rekor-v1"],
  ])("go on without D1 forever, and the index is complete when it is back: %s, %s", async (index, kind) => {
    const lab = new Lab({ kind, index });
    for (let i = 0; i < 4; i++) {
      await lab.grow(900);
      await lab.run(40_000);
      const { result, milliseconds } = await lab.append();
      expect(result).toBe("ok");
      expect(milliseconds).toBeLessThan(200);
      lab.world.checkRows();
      if (i === 1) lab.kill();
    }
    const size = lab.world.checker.visible;
    const both = "(SELECT idx FROM entry UNION ALL SELECT idx FROM entry_odd)";
    const [rows] = lab.world.runtime.storage.exec(`SELECT COUNT(*) AS count FROM ${both}`, []);
    expect(rows?.["count"]).toBe(4 * 256 + (size % 256));
    expect(readWatermark(lab)).toBe(0);
    lab.world.heal();
    await lab.run(120_000);
    expect(readWatermark(lab)).toBe(size);
    expect(await lab.world.checker.audit()).toBe(true);
  });

  it("restores a D1 that has lost its rows, although the log had fed them", async () => {
    const lab = new Lab();
    await lab.grow(700);
    await lab.run(60_000);
    expect(readWatermark(lab)).toBe(701);
    lab.world.loseIndex();
    expect((await lab.append()).result).toBe("ok");
    await lab.run(60_000);
    expect(readWatermark(lab)).toBe(702);
    expect(await lab.world.checker.audit()).toBe(true);
  });

  it("show no bundle before its sidecar", async () => {
    const lab = new Lab();
    const { objects } = lab.world.platform;
    const set = objects.set.bind(objects);
    const early: string[] = [];
    objects.set = (key, bytes) => {
      const index = /^signature\/tile\/entries\/(\d+)$/.exec(key)?.[1];
      if (index !== undefined && !objects.has(`signature/meta/${Number(index)}`)) early.push(key);
      return set(key, bytes);
    };
    await lab.grow(1);
    lab.world.plan.outages.set("r2.put", "late");
    for (let i = 0; i < 5; i++) {
      await lab.grow(520);
      await lab.run(60_000);
    }
    lab.world.plan.heal();
    await lab.append();
    await lab.run(120_000);
    expect(objects.has("signature/tile/entries/009")).toBe(true);
    expect(early).toEqual([]);
  });

  it("do not wait for each other", async () => {
    const lab = new Lab();
    lab.world.plan.outages.set("d1", "hangs");
    await lab.grow(600);
    await lab.run(1_000);
    expect({ indexed: readWatermark(lab), tiles: publishedTiles(lab) }).toEqual({ indexed: 0, tiles: 2 });
  });
});
