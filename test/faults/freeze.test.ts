// SPDX-License-Identifier: Apache-2.0
// Freezing a log: the last checkpoint, interruptions, and that nothing undoes it.

import { describe, expect, it } from "vitest";
import { verifiersOf } from "../../cli/served-log/trust.ts";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { LOG_KIND_NAMES, LOG_KINDS } from "../../shared/logs/kinds.ts";
import { formatUnixDate, unixMs } from "../../shared/time.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { verifyLines } from "../../shared/tlog/verify-note.ts";
import { type MemoryLog, memoryLog, SUCCESSOR, textSubmission } from "../support/logs/memory-log.ts";
import { SqliteStorage } from "../support/logs/sqlite-storage.ts";
import { Lab } from "./lab.ts";
import { makeSubmission } from "./submissions.ts";

type Kind = MemoryLog["config"]["kind"];
const KINDS: readonly Kind[] = LOG_KIND_NAMES;
const FROZEN = { ok: false, error: { code: "log_frozen", writeTo: SUCCESSOR } };

async function growLog(kind: Kind, count: number): Promise<MemoryLog> {
  const memory = memoryLog(kind);
  await memory.log.open();
  await Promise.all(Array.from({ length: count }, (_, i) => memory.log.append(makeSubmission(kind, i).submission)));
  await memory.host.settle();
  await memory.log.catchUp();
  return memory;
}

/** Restarts the log under settings that freeze it, or no longer do. */
const restartWith = (memory: MemoryLog, isFrozen: boolean): MemoryLog =>
  memory.restart({ config: { ...memory.config, isFrozen } });

async function reopenWith(memory: MemoryLog, isFrozen: boolean): Promise<MemoryLog> {
  const next = restartWith(memory, isFrozen);
  await next.log.open();
  await next.host.settle();
  return next;
}

const checkpointOf = ({ log }: MemoryLog): string => log.head?.checkpoint ?? "";

describe("the date of a frozen log", () => {
  // The layout in Go's documentation of time.UnixDate, and two more dates as time.Format prints them.
  it.each([
    ["2006-01-02T15:04:05Z", "Mon Jan  2 15:04:05 UTC 2006"],
    ["2026-11-23T00:00:09.999Z", "Mon Nov 23 00:00:09 UTC 2026"],
    ["2028-02-29T23:59:59Z", "Tue Feb 29 23:59:59 UTC 2028"],
  ])("prints %s as date(1) does", (time, written) => {
    expect(formatUnixDate(unixMs(Date.parse(time)))).toBe(written);
  });
});

describe("a frozen log", () => {
  it("signs its last head again, with the line that it is frozen", async () => {
    const memory = await growLog("signature", 5);
    memory.host.time = Date.parse("2027-01-02T03:04:05.678Z");
    const frozen = await reopenWith(memory, true);
    const note = parseNote(encodeUtf8(checkpointOf(frozen)));
    const before = parseNote(encodeUtf8(checkpointOf(memory)));
    if (!note.ok || !before.ok) throw new Error("no note");
    expect(note.value.text).toBe(`${before.value.text}Log frozen \u2014 Sat Jan  2 03:04:05 UTC 2027\n`);
    const verifiers = verifiersOf(frozen.format.vkeys);
    if (!verifiers.ok) throw new Error(verifiers.error);
    const verdicts = await verifyLines(note.value, verifiers.value);
    expect(verdicts.map(({ isGood }) => isGood)).toEqual([true, true]);
    expect(frozen.log.frozenAt).toBe(memory.host.time);
    expect(frozen.anchor.held?.treeSize).toBe(6);
    expect(frozen.log.phase.kind).toBe("running");
  });

  it("keeps its last checkpoint in a certificate log, whose clients know no further lines", async () => {
    const memory = await growLog("certificate", 5);
    const frozen = await reopenWith(memory, true);
    expect(checkpointOf(frozen)).toBe(checkpointOf(memory));
    expect(frozen.log.frozenAt).not.toBeNull();
  });

  it.each(KINDS)("sends all writers to its successor, even for entries that it has: %s log", async (kind) => {
    const memory = await growLog(kind, 5);
    const frozen = await reopenWith(memory, true);
    for (const number of [1, 1000]) {
      expect(await frozen.log.append(makeSubmission(kind, number).submission)).toEqual(FROZEN);
    }
    expect(frozen.log.state?.treeSize).toBe(memory.log.state?.treeSize);
  });

  it.each(KINDS)("stays frozen, with the same checkpoint, whatever the settings say later: %s log", async (kind) => {
    const frozen = await reopenWith(await growLog(kind, 5), true);
    let memory = frozen;
    for (const isFrozen of [true, false, true, false]) {
      memory.host.time += 86_400_000;
      memory = await reopenWith(memory, isFrozen);
      expect(checkpointOf(memory)).toBe(checkpointOf(frozen));
      expect(memory.log.frozenAt).toBe(frozen.log.frozenAt);
      expect(await memory.log.append(makeSubmission(kind, 1000).submission)).toEqual(FROZEN);
      await memory.log.catchUp();
    }
  });

  it("is frozen no earlier than its last entry, even if the clock is behind it", async () => {
    const memory = await growLog("signature", 5);
    const last = memory.log.state?.timestamp ?? 0;
    memory.host.time -= 30_000;
    expect((await reopenWith(memory, true)).log.frozenAt).toBe(last);
  });

  it("publishes and indexes its remaining entries", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    memory.objects.failing = "R2 is away";
    memory.index.failing = "D1 is away";
    for (let from = 0; from < 300; from += 60) {
      const texts = Array.from({ length: 60 }, (_, i) => `entry ${from + i}`);
      await Promise.all(texts.map((text) => memory.log.append(textSubmission(text))));
    }
    await memory.host.settle();
    memory.objects.failing = null;
    memory.index.failing = null;
    const frozen = await reopenWith(memory, true);
    expect(frozen.log.state).toMatchObject({ treeSize: 301, publishedTiles: 1, indexed: 301 });
    expect(frozen.index.entries.size).toBe(301);
    const checkpoint = parseCheckpoint(checkpointOf(frozen).split("\n\n")[0]?.concat("\n") ?? "");
    expect(checkpoint).toMatchObject({ ok: true, value: { extensions: [expect.stringMatching(/^Log frozen/)] } });
    expect(checkpointOf(await reopenWith(frozen, true))).toBe(checkpointOf(frozen));
  });

  it("may be new and have only its genesis entry", async () => {
    const memory = restartWith(memoryLog("signature"), true);
    await memory.log.open();
    expect(memory.log.state?.treeSize).toBe(1);
    expect(checkpointOf(memory)).toContain("Log frozen");
    expect(memory.anchor.held?.treeSize).toBe(1);
  });
});

/** Makes the next transaction fail, before or after it takes effect. */
class BreakingStorage extends SqliteStorage {
  failing: "before" | "after" | null = null;

  override transactionSync<T>(run: () => T): T {
    const { failing } = this;
    this.failing = null;
    if (failing === "before") throw new Error("the transaction fails");
    const value = super.transactionSync(run);
    if (failing === "after") throw new Error("the transaction took effect and fails");
    return value;
  }
}

describe("interrupted freezing", () => {
  it.each(["before", "after"] as const)("happens once if its transaction fails %s it took effect", async (when) => {
    const storage = new BreakingStorage();
    const memory = memoryLog("signature", { storage });
    await memory.log.open();
    await memory.log.append(textSubmission("entry"));
    await memory.host.settle();
    const frozen = restartWith(memory, true);
    storage.failing = when;
    await frozen.log.open();
    expect(frozen.log.phase.kind).toBe("starting");
    expect(await frozen.log.append(textSubmission("something new"))).toEqual(FROZEN);
    const [row] = storage.exec("SELECT * FROM frozen");
    expect(row === undefined).toBe(when === "before");
    memory.host.time += 2_000;
    await frozen.log.open();
    expect(frozen.log.phase.kind).toBe("running");
    expect(frozen.log.frozenAt).toBe(when === "before" ? memory.host.time : memory.host.time - 2_000);
    const { log } = await reopenWith(frozen, false);
    expect(log.head?.checkpoint).toBe(checkpointOf(frozen));
  });

  it("waits for the anchor: until it is back, nothing is written and no entry is taken", async () => {
    const memory = await growLog("signature", 3);
    memory.anchor.failing = "away";
    const frozen = restartWith(memory, true);
    await frozen.log.open();
    expect(await frozen.log.append(textSubmission("something new"))).toEqual(FROZEN);
    expect(frozen.log.frozenAt).toBeNull();
    expect(checkpointOf(frozen)).toBe(checkpointOf(memory));
    memory.anchor.failing = null;
    memory.host.time += 2_000;
    await frozen.log.open();
    expect(checkpointOf(frozen)).toContain("Log frozen");
  });

  it("does not happen in restored storage: the log refuses, signs nothing and still sends writers on", async () => {
    const memory = await growLog("signature", 3);
    const older = memory.storage.snapshot();
    for (let i = 0; i < 2; i++) await memory.log.append(textSubmission(`later ${i}`));
    await memory.host.settle();
    const restored = restartWith(memory.restart({ storage: older }), true);
    await restored.log.open();
    expect(restored.log.phase.kind).toBe("refusing");
    expect(restored.log.frozenAt).toBeNull();
    expect(await restored.log.append(textSubmission("something new"))).toEqual(FROZEN);
    expect(checkpointOf(restored)).not.toContain("Log frozen");
    const lost = restartWith(memory.restart({ storage: new SqliteStorage() }), true);
    expect(await lost.log.append(textSubmission("something new"))).toEqual(FROZEN);
    expect(lost.log.phase.kind).toBe("refusing");
  });
});

describe("freezing under load", () => {
  it.each(KINDS)("keeps every acknowledged entry in the last tree: %s log", async (kind) => {
    for (let seed = 1; seed <= 5; seed++) {
      const lab = new Lab({ kind }, seed);
      await lab.grow(10);
      const submissions = Array.from({ length: 80 }, (_, i) =>
        lab.world.scheduler.sleep(i).then(() => lab.world.submit(lab.next())),
      );
      const deployed = lab.world.scheduler.sleep(5 * seed).then(() => lab.world.deployFrozen(true));
      await lab.until(Promise.all([...submissions, deployed]));
      const results = await Promise.all(submissions);
      expect(new Set(results)).toContain("log_frozen");
      const { treeSize } = await lab.readHead();
      // An entry whose answer was lost may be in the log too.
      expect(treeSize).toBeGreaterThanOrEqual(
        10 + LOG_KINDS[kind].genesisSize + results.filter((result) => result === "ok").length,
      );
      expect(lab.world.checker.frozenSize).toBe(treeSize);
      expect(await lab.world.checker.audit()).toBe(true);
      lab.world.deployFrozen(false);
      expect((await lab.append()).result).toBe("log_frozen");
    }
  });

  it("asks the witnesses to cosign the last checkpoint", async () => {
    const lab = new Lab({ witness: "open" });
    await lab.grow(5);
    lab.world.deployFrozen(true);
    const cosigned = async (): Promise<number> => {
      const head = await lab.until(lab.world.readHead());
      expect(head?.checkpoint).toContain("Log frozen");
      const note = parseNote(encodeUtf8(head?.checkpoint ?? ""));
      return note.ok ? note.value.signatures.length : 0;
    };
    expect((await lab.append()).result).toBe("log_frozen");
    await lab.run(3_000);
    expect(await cosigned()).toBe(5);
    lab.kill();
    await lab.append();
    await lab.run(3_000);
    expect(await cosigned()).toBe(5);
  });
});
