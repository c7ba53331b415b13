// SPDX-License-Identifier: Apache-2.0

import { verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { decodeEntry } from "../../../shared/rekor/entry.ts";
import { parseCheckpoint } from "../../../shared/tlog/checkpoint.ts";
import { decodeEntryBundle } from "../../../shared/tlog/entries.ts";
import { hash, leafHash } from "../../../shared/tlog/hash.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { verifyInclusion } from "../../../shared/tlog/proof.ts";
import { appendText, appendTexts, headOf, tailOf } from "../../../test/support/logs/appends.ts";
import { memoryLog, testEcdsa, textSubmission } from "../../../test/support/logs/memory-log.ts";
import { readBundle } from "../tables/tail.ts";

describe("a new signature log", () => {
  it("starts with a genesis entry that the log key has signed, is anchored and has its log.json in R2", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    expect(memory.log.phase.kind).toBe("running");
    expect(headOf(memory).size).toBe(1);
    expect(memory.anchor.held?.treeSize).toBe(1);
    expect([...memory.objects.objects.keys()]).toEqual(["signature/log.json"]);
    const bundle = readBundle(tailOf(memory), 0, 1);
    const entries = bundle.kind === "found" ? decodeEntryBundle(bundle.value) : null;
    const body = entries?.ok === true ? entries.value[0] : undefined;
    const entry = decodeEntry(body ?? new Uint8Array());
    if (!entry.ok) throw new Error("genesis");
    const statement = encodeUtf8("log.example.com is a transparency log of Sigedge, begun with this entry.\n");
    const key = { key: Buffer.from(testEcdsa.spki), format: "der", type: "spki" } as const;
    expect(verify("sha256", statement, key, entry.value.signature)).toBe(true);
  });

  it("signs checkpoints with ECDSA first and Ed25519 second, under the bare hostname", async () => {
    const memory = memoryLog("signature");
    const { checkpoint, treeSize, rootHash } = await appendText(memory, "a");
    const note = parseNote(encodeUtf8(checkpoint));
    if (!note.ok) throw new Error(note.error.reason);
    expect(note.value.signatures.map(({ name }) => name)).toEqual(["log.example.com", "log.example.com"]);
    expect(note.value.signatures[0]?.keyId).toEqual(testEcdsa.logId.subarray(0, 4));
    const parsed = parseCheckpoint(note.value.text);
    expect(parsed.ok && parsed.value).toEqual({ origin: "log.example.com", treeSize, rootHash, extensions: [] });
    const key = { key: Buffer.from(testEcdsa.spki), format: "der", type: "spki" } as const;
    expect(
      verify("sha256", encodeUtf8(note.value.text), key, note.value.signatures[0]?.signature ?? new Uint8Array()),
    ).toBe(true);
  });
});

describe("appending", () => {
  it("gives dense indexes and proofs that verify against the signed root, across tile boundaries", async () => {
    const memory = memoryLog("signature");
    const indexes: number[] = [];
    for (let round = 0; round < 9; round++) {
      const texts = Array.from({ length: 60 }, (_, i) => `r${round} ${i}`);
      const answers = await Promise.all(texts.map(async (text) => await appendText(memory, text)));
      for (const [i, answer] of answers.entries()) {
        indexes.push(answer.leafIndex);
        const proven = {
          leaf: leafHash(encodeUtf8(texts[i] ?? "")),
          leafIndex: answer.leafIndex,
          treeSize: answer.treeSize,
          proof: answer.proof.map(hash),
          root: hash(answer.rootHash),
        };
        expect(verifyInclusion(proven)).toBe(true);
      }
    }
    expect(indexes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 540 }, (_, i) => i + 1));
  });

  it("gives equal bodies one index: in one round, in the next, after a restart, and after the rows are gone", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    // The first submission runs at once, so the other two wait for one round.
    const [, first, second] = await Promise.all(
      ["once", "twice", "twice"].map(async (text) => await appendText(memory, text)),
    );
    if (first === undefined) throw new Error("no answer");
    expect(first).toEqual(second);
    const again = await memory.log.append(textSubmission("twice"));
    expect(again.ok && again.value.answer).toEqual({ kind: "duplicate", leafIndex: first.leafIndex });
    await appendTexts(memory, 600);
    const restarted = memory.restart();
    const later = await restarted.log.append(textSubmission("twice"));
    expect(later.ok && later.value.answer).toEqual({ kind: "duplicate", leafIndex: first.leafIndex });
    expect(headOf(restarted).size).toBe(603);
  });

  it("writes one row for the entry, one for the state and one for deduplication", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const writes: string[] = [];
    const exec = memory.storage.exec.bind(memory.storage);
    memory.storage.exec = (query, ...bindings) => {
      if (!query.startsWith("SELECT")) writes.push(query.split(" ").slice(0, 4).join(" "));
      return exec(query, ...bindings);
    };
    await appendText(memory, "counted");
    await memory.host.settle();
    expect(writes).toEqual(["INSERT INTO entry VALUES", "INSERT INTO dedup VALUES", "INSERT OR REPLACE INTO"]);
  });

  it("answers log_busy when the pool is full, and serves the rest", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const results = await Promise.all(
      Array.from({ length: 1200 }, async (_, i) => await memory.log.append(textSubmission(`crowd ${i}`))),
    );
    const busy = results.filter((result) => !result.ok && result.error.code === "log_busy").length;
    const served = results.filter(({ ok }) => ok).length;
    // The first ran at once; 1024 more fit into the pool.
    expect({ busy, served }).toEqual({ busy: 1200 - 1025, served: 1025 });
    expect(headOf(memory).size).toBe(1026);
  });

  it("keeps time from going back, and rejects entries while the clock is far behind", async () => {
    const memory = memoryLog("signature");
    const { timestamp } = await appendText(memory, "a");
    memory.host.time -= 59_000;
    expect((await appendText(memory, "b")).timestamp).toBe(timestamp);
    memory.host.time -= 2_000;
    expect(await memory.log.append(textSubmission("c"))).toEqual({
      ok: false,
      error: { code: "clock_behind", lastTimestamp: timestamp, now: memory.host.time },
    });
    expect(headOf(memory).size).toBe(3);
  });

  it("aborts the object and keeps the old tree when the transaction fails", async () => {
    const memory = memoryLog("signature");
    await appendText(memory, "a");
    memory.storage.transactionSync = () => {
      throw new Error("disk full");
    };
    void memory.log.append(textSubmission("b"));
    await memory.host.settle();
    expect(memory.host.aborted).toContain("disk full");
    const { storage } = memory;
    Reflect.deleteProperty(storage, "transactionSync");
    const restarted = memory.restart();
    await restarted.log.open();
    expect(headOf(restarted).size).toBe(2);
  });
});
