// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { verifyEd25519 } from "../../../shared/crypto/verify-message.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { parseWitnessPolicy } from "../../../shared/tlog/policy.ts";
import { FakeWitness, type Misbehavior } from "../../../test/support/logs/fake-witness.ts";
import { type MemoryLog, memoryLog, textSubmission } from "../../../test/support/logs/memory-log.ts";

/** @param threshold of the group `all` */
function witnessedLog(
  witnesses: readonly FakeWitness[],
  quorum: string,
  requireQuorum = false,
  threshold = "all",
): MemoryLog & { readonly hang: (name: string) => void; readonly hold: (name: string, until: Promise<void>) => void } {
  const held = new Map<string, Promise<void>>();
  const hanging = new Set<string>();
  const lines = [
    ...witnesses.map(({ policyLine }) => policyLine),
    `group all ${threshold} ${witnesses.map(({ name }) => name).join(" ")}`,
  ];
  const policy = parseWitnessPolicy(`${lines.join("\n")}\nquorum ${quorum}\n`);
  if (!policy.ok) throw new Error(policy.error.reason);
  const post = async (url: string, body: string) => {
    const witness = witnesses.find((candidate) => `${candidate.url}/add-checkpoint` === url);
    if (witness === undefined) throw new Error(url);
    if (hanging.has(witness.name)) return await new Promise<never>(() => undefined);
    await held.get(witness.name);
    return await Promise.resolve(witness.answer(body));
  };
  const witnessing = { policy: policy.value, requireQuorum, verify: verifyEd25519, post };
  return {
    ...memoryLog("signature", { witnessing }),
    hang: (name) => hanging.add(name),
    hold: (name, until) => held.set(name, until),
  };
}

const signersOf = (memory: MemoryLog): readonly string[] => {
  const note = parseNote(encodeUtf8(memory.log.head?.checkpoint ?? ""));
  return note.ok ? note.value.signatures.map(({ name }) => name) : [];
};

let appended = 0;

async function append(memory: MemoryLog, count: number): Promise<void> {
  const texts = Array.from({ length: count }, () => `entry ${appended++}`);
  for (let from = 0; from < count; from += 500) {
    await Promise.all(texts.slice(from, from + 500).map(async (text) => await memory.log.append(textSubmission(text))));
  }
  await memory.host.settle();
}

describe("a log with witnesses", () => {
  it("shows the newest head with the lines of all witnesses that cosigned, after its own two", async () => {
    const [a, b] = [new FakeWitness("a.example"), new FakeWitness("b.example")];
    const memory = witnessedLog([a, b], "all");
    await append(memory, 3);
    expect(memory.log.head?.treeSize).toBe(4);
    expect(signersOf(memory)).toEqual(["log.example.com", "log.example.com", "a.example", "b.example"]);
  });

  it("does not go back, in a new instance, to a head that was cosigned after a larger one was shown", async () => {
    const memory = witnessedLog([new FakeWitness("a.example")], "all");
    const { promise, resolve } = Promise.withResolvers<void>();
    memory.hold("a.example", promise);
    const pause = async (): Promise<void> => await new Promise((done) => setTimeout(done, 50));
    for (let i = 0; i < 4; i++) await memory.log.append(textSubmission(`late ${i}`));
    await pause();
    expect([memory.log.head?.treeSize, signersOf(memory).length]).toEqual([5, 2]);
    // The head that was asked about first gets its line now, and no later one does.
    resolve();
    memory.hang("a.example");
    await pause();
    expect(memory.log.witnessedSize).toBeLessThan(5);
    expect(memory.log.head?.treeSize).toBe(5);
    const restarted = memory.restart();
    await restarted.log.open();
    expect(restarted.log.witnessedSize).toBe(memory.log.witnessedSize);
    expect(restarted.log.head?.treeSize).toBe(5);
  });

  it("proves consistency to a witness that lags, across published tiles, and to one whose size is unknown", async () => {
    const witness = new FakeWitness("a.example");
    const memory = witnessedLog([witness], "all");
    await append(memory, 5);
    witness.behavior = "down";
    await append(memory, 1500);
    memory.host.time += 60_000;
    expect(signersOf(memory).length).toBe(2);
    witness.behavior = "none";
    const restarted = memory.restart();
    await append(restarted, 1);
    expect(signersOf(restarted)).toContain("a.example");
    expect(witness.cosigned.at(-1)?.size).toBe(1507);
    // The restarted log asked with size 0 and learned the right one.
    expect(witness.statuses.filter((status) => status === 409).length).toBe(1);
  });

  it.each([
    "down",
    "garbage",
    "wrong-signature",
    "other-key",
    "ahead",
    "always-409",
    "time-zero",
  ] satisfies Misbehavior[])(
    "continues without a witness that is %s, and keeps the lines of the others",
    async (behavior) => {
      const [good, bad] = [new FakeWitness("good.example"), new FakeWitness("bad.example")];
      bad.behavior = behavior;
      const memory = witnessedLog([good, bad], "good.example");
      await append(memory, 10);
      expect(memory.log.head?.treeSize).toBe(11);
      expect(signersOf(memory)).toEqual(["log.example.com", "log.example.com", "good.example"]);
      expect(memory.host.lines).toContain("witness_failed");
    },
  );

  it("shows a cosigned head for 10 s while a newer one has no quorum, then the newest, and never goes back", async () => {
    const witness = new FakeWitness("a.example");
    const memory = witnessedLog([witness], "all");
    await append(memory, 3);
    witness.behavior = "down";
    await append(memory, 3);
    expect(memory.log.head?.treeSize).toBe(4);
    memory.host.time += 10_001;
    expect(memory.log.head?.treeSize).toBe(7);
    memory.host.time -= 5_000;
    expect(memory.log.head?.treeSize).toBe(7);
    witness.behavior = "none";
    await append(memory, 1);
    expect(memory.log.head?.treeSize).toBe(8);
    expect(signersOf(memory)).toContain("a.example");
  });

  it("never asks for a head that the anchor does not hold", async () => {
    const witness = new FakeWitness("a.example");
    const memory = witnessedLog([witness], "all");
    await append(memory, 1);
    memory.anchor.failing = "away";
    await memory.log.append(textSubmission("not anchored"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(witness.cosigned.at(-1)?.size).toBe(2);
    memory.anchor.failing = null;
    await memory.host.settle();
    expect(witness.cosigned.at(-1)?.size).toBe(3);
  });
});

describe("what was just acknowledged", () => {
  it("can be proven at once, although the older cosigned head is shown while the witness is away", async () => {
    const witness = new FakeWitness("a.example");
    const memory = witnessedLog([witness], "all");
    await append(memory, 3);
    witness.behavior = "down";
    const result = await memory.log.append(textSubmission("acknowledged"));
    await memory.host.settle();
    expect(result.ok && result.value.answer.leafIndex).toBe(4);
    expect(memory.log.headOver(0)?.treeSize).toBe(4);
    expect(memory.log.headOver(4)).toEqual(memory.log.head);
    expect(memory.log.headOver(5)?.treeSize).toBe(5);
    expect(memory.log.head?.treeSize).toBe(4);
  });
});

describe("a log that requires a quorum", () => {
  it("proves duplicates in a head that satisfies the policy, however long the witnesses are away", async () => {
    const [a, b] = [new FakeWitness("a.example"), new FakeWitness("b.example")];
    const memory = witnessedLog([a, b], "all", true);
    await memory.log.append(textSubmission("one"));
    await memory.host.settle();
    b.behavior = "down";
    await memory.log.append(textSubmission("two"));
    for (const log of [memory, memory.restart()]) {
      memory.host.time += 60_000;
      const again = await log.log.append(textSubmission("one"));
      expect(again.ok && again.value.answer).toEqual({ kind: "duplicate", leafIndex: 1 });
      for (const head of [log.log.head, log.log.headOver(2)]) {
        expect(head?.treeSize).toBe(2);
        expect(head?.checkpoint).toContain("\n— b.example ");
      }
    }
  });

  it.each([1, 2])("is not held up by a witness that never answers, with a quorum of %i of three", async (threshold) => {
    const witnesses = ["a", "b", "c"].map((name) => new FakeWitness(`${name}.example`));
    const memory = witnessedLog(witnesses, "all", true, String(threshold));
    memory.hang("c.example");
    const began = performance.now();
    for (const text of ["one", "two", "three"]) expect((await memory.log.append(textSubmission(text))).ok).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("answers with the cosigned checkpoint of the entry's own tree", async () => {
    const memory = witnessedLog([new FakeWitness("a.example")], "all", true);
    const result = await memory.log.append(textSubmission("one"));
    const answer = result.ok && result.value.answer.kind === "appended" ? result.value.answer : null;
    expect(answer?.checkpoint).toContain("\n— a.example ");
    expect(answer?.treeSize).toBe(2);
  });

  it("answers witnesses_missing, keeps the entry, and returns its index when the witnesses are back", async () => {
    const witness = new FakeWitness("a.example");
    const memory = witnessedLog([witness], "all", true);
    await memory.log.open();
    await memory.host.settle();
    witness.behavior = "down";
    const missing = { ok: false, error: { code: "witnesses_missing", retryAfterSeconds: 2 } };
    expect(await memory.log.append(textSubmission("one"))).toEqual(missing);
    expect(memory.log.state?.treeSize).toBe(2);
    witness.behavior = "none";
    await memory.log.append(textSubmission("two"));
    const again = await memory.log.append(textSubmission("one"));
    expect(again.ok && again.value.answer).toEqual({ kind: "duplicate", leafIndex: 1 });
  });
});
