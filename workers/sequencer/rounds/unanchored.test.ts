// SPDX-License-Identifier: Apache-2.0
// A round whose rows are written and whose head the anchor does not hold yet. Nothing of it may leave the object: a
// storage that is put back to the head before agrees with the anchor and logs other entries in its place.

import { describe, expect, it } from "vitest";
import { verifyEd25519 } from "../../../shared/crypto/verify-message.ts";
import { parseWitnessPolicy } from "../../../shared/tlog/policy.ts";
import { appendCertificate, appendText, appendTexts, tailOf } from "../../../test/support/logs/appends.ts";
import { FakeWitness } from "../../../test/support/logs/fake-witness.ts";
import { type MemoryLog, memoryLog, textSubmission } from "../../../test/support/logs/memory-log.ts";
import { MemoryAnchor } from "../../../test/support/logs/memory-stores.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import { readBundle, readEntry, readTile } from "../tables/tail.ts";

const SIZE = 256;
const settled = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 30));

interface Interrupted {
  readonly memory: MemoryLog;
  readonly witness: FakeWitness;
  /** The log's stores as they were before the round. */
  readonly before: () => MemoryLog;
  readonly answers: string[];
}

/** A log of 256 entries, with a round of one more that the anchor does not take. */
async function interrupt(fault: "rejects" | "hangs"): Promise<Interrupted> {
  const witness = new FakeWitness("a.example");
  const policy = valueOf(parseWitnessPolicy(`${witness.policyLine}\nquorum a.example\n`));
  const post = async (_: string, body: string) => await Promise.resolve(witness.answer(body));
  const witnessing = { policy, requireQuorum: false, verify: verifyEd25519, post };
  const memory = memoryLog("signature", { witnessing });
  await memory.log.open();
  await appendTexts(memory, SIZE - 1);
  const [storage, held] = [memory.storage.snapshot(), memory.anchor.held];
  memory.anchor.advance = () => (fault === "hangs" ? new Promise(() => undefined) : Promise.reject(new Error("away")));
  const answers: string[] = [];
  void memory.log.append(textSubmission("lost")).then((result) => answers.push(result.ok ? "ok" : result.error.code));
  await settled();
  expect(memory.storage.exec("SELECT size FROM state")).toEqual([{ size: SIZE + 1 }]);
  const before = (): MemoryLog => {
    const anchor = new MemoryAnchor();
    anchor.held = held;
    return memory.restart({ storage: storage.snapshot(), anchor });
  };
  return { memory, witness, before, answers };
}

describe.each(["rejects", "hangs"] as const)("a round whose anchor %s", (fault) => {
  it.each<[string, (interrupted: Interrupted) => unknown, unknown]>([
    ["an answer", ({ answers }) => answers.length, 0],
    ["a head", ({ memory }) => memory.log.head?.treeSize, SIZE],
    ["a tile", ({ memory }) => readTile(tailOf(memory), 0, 1, 1).kind, "beyond"],
    ["a bundle", ({ memory }) => readBundle(tailOf(memory), 1, 1).kind, "beyond"],
    ["an entry", ({ memory }) => readEntry(tailOf(memory), SIZE).kind, "beyond"],
    ["a row of the index", ({ memory }) => memory.index.entries.has(SIZE), false],
    ["a head for witnesses", ({ witness }) => witness.cosigned.at(-1)?.size, SIZE],
  ])("shows nobody %s", async (_, read, expected) => {
    const interrupted = await interrupt(fault);
    await interrupted.memory.log.catchUp();
    expect(read(interrupted)).toBe(expected);
  });

  it("leaves its place free for a storage that is put back to the head before", async () => {
    const { memory, before, answers } = await interrupt(fault);
    const restored = before();
    const other = await appendText(restored, "another");
    expect(other).toMatchObject({ leafIndex: SIZE, treeSize: SIZE + 1 });
    await settled();
    expect(answers).toEqual([]);
    // The newer storage no longer agrees with the anchor, and hides the head that nobody has seen.
    const newer = memory.restart({ anchor: restored.anchor });
    await newer.log.open();
    expect(newer.log.phase.kind).toBe("refusing");
    expect(newer.log.head).toBeNull();
  });

  it("is hidden after a restart until the anchor holds its head, then shown", async () => {
    const { memory } = await interrupt(fault);
    const restarted = memory.restart();
    restarted.anchor.failing = "away";
    await restarted.log.openToRead();
    expect(restarted.log.head).toBeNull();
    restarted.anchor.failing = null;
    Reflect.deleteProperty(restarted.anchor, "advance");
    restarted.host.time += 1_000;
    await restarted.log.openToRead();
    expect(restarted.log.headOver(SIZE + 1)?.treeSize).toBe(SIZE + 1);
  });
});

describe("a round that the anchor took", () => {
  it.each(["signature", "certificate"] as const)(
    "is shown after a rest although the anchor is away: %s log",
    async (kind) => {
      const memory = memoryLog(kind);
      await appendCertificate(memory, "one");
      await memory.log.catchUp();
      const restarted = memory.restart();
      restarted.anchor.failing = "away";
      await restarted.log.openToRead();
      expect(restarted.log.head?.checkpoint).toBe(memory.log.head?.checkpoint);
    },
  );

  it("saves its cursors once it rests: one row, and no further alarm", async () => {
    const memory = memoryLog("certificate");
    await appendCertificate(memory, "one");
    const writes: string[] = [];
    const exec = memory.storage.exec.bind(memory.storage);
    memory.storage.exec = (query, ...bindings) => {
      if (!query.startsWith("SELECT")) writes.push(query);
      return exec(query, ...bindings);
    };
    for (let ring = 0; ring < 3; ring++) await memory.log.catchUp();
    expect(writes.length).toBe(1);
    const restarted = memory.restart();
    memory.host.alarms = [];
    for (let ring = 0; ring < 3; ring++) await restarted.log.catchUp();
    expect(writes.length).toBe(1);
    // Only the backup, in ten minutes.
    expect(memory.host.alarms.every((at) => at - memory.host.time > 60_000)).toBe(true);
    expect(memory.log.state?.indexed).toBe(1);
  });
});
