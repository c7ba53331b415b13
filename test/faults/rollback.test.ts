// SPDX-License-Identifier: Apache-2.0
// Stores that were restored, exchanged, lost or damaged. In each case the log refuses and says what to do. It writes
// nothing any more, not from the alarm and not after a restart. Readers still get all that the rows can show.

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { hash } from "../../shared/tlog/hash.ts";
import { LogStorage } from "../../workers/sequencer/storage.ts";
import { readBundle, readTile } from "../../workers/sequencer/tables/tail.ts";
import { grow, growLog, type MemoryLog, textSubmission } from "../support/logs/memory-log.ts";
import { MemoryAnchor, MemoryObjects } from "../support/logs/memory-stores.ts";

function dump({ storage, objects, index, anchor }: MemoryLog): unknown {
  const tables = storage.exec("SELECT name FROM sqlite_master WHERE type = 'table'");
  return {
    rows: tables.map(({ name }) => (typeof name === "string" ? storage.exec(`SELECT * FROM ${name}`) : name)),
    objects: [...objects.objects],
    index: [...index.entries],
    anchor: anchor.held,
  };
}

/** Matches what every reason must end with: something that an operator can do. */
const ADVICE = /open a new log|restore|put the|put back|bind the bucket|set PUBLIC_URL/;

async function expectRefusal(memory: MemoryLog, reason: RegExp): Promise<void> {
  const before = dump(memory);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { log, host } = memory.restart();
    await log.open();
    expect(log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(reason) });
    expect(log.phase).toMatchObject({ reason: expect.stringMatching(ADVICE) });
    const error = { code: "log_refusing" };
    expect(await log.append(textSubmission("fork"))).toMatchObject({ ok: false, error });
    await log.catchUp();
    await host.settle();
    expect(dump(memory)).toEqual(before);
  }
}

/** Expects that head, tile and bundle are read as the rows have them. */
async function expectReadable(memory: MemoryLog, treeSize: number): Promise<void> {
  const { log, storage, format } = memory.restart();
  await log.open();
  expect(log.head?.treeSize).toBe(treeSize);
  const { state, edge } = log;
  if (state === null) throw new Error("no state");
  const tail = { storage: new LogStorage(storage), format, state, edge };
  const [index, width] = [Math.floor(treeSize / 256), treeSize % 256];
  expect(readTile(tail, 0, index, width).kind).toBe("found");
  expect(readBundle(tail, index, width).kind).toBe("found");
}

describe("storage restored to an older state", () => {
  it.each([
    ["four entries after it had ten", 10, 4, /restored to an older state/],
    ["inside the open tile", 300, 40, /restored to an older state/],
    ["across a tile boundary", 500, 100, /restored to an older state|has not reached/],
    ["by two rounds", 10, 2, /restored to an older state/],
    ["to its creation", 0, 10, /restored to an older state/],
  ])("%s", async (_, count, more, reason) => {
    const memory = await growLog(count);
    const older = memory.storage.snapshot();
    await grow(memory, more / 2);
    await grow(memory, more / 2);
    const restored = memory.restart({ storage: older });
    await expectRefusal(restored, reason);
    // A log with only its genesis entry is hidden until the anchor holds its head.
    if (count > 0) await expectReadable(restored, count + 1);
    // The way out is the newest state.
    const healed = memory.restart();
    expect((await healed.log.append(textSubmission("after"))).ok).toBe(true);
  });

  it("is detected even if R2 is in the same older state", async () => {
    const memory = await growLog(300);
    const older = { storage: memory.storage.snapshot(), objects: copyOf(memory.objects) };
    await grow(memory, 300);
    await expectRefusal(memory.restart(older), /restored to an older state/);
  });

  it("is detected by R2 if the anchor was restored too and a tile was published since", async () => {
    const memory = await growLog(200);
    const older = { storage: memory.storage.snapshot(), anchor: anchorWith(memory) };
    await grow(memory, 100);
    await expectRefusal(memory.restart(older), /R2 has a tile that this storage has not reached/);
  });

  it("runs if only its cursors are older, and publishes again what exists", async () => {
    const memory = await growLog(10);
    memory.objects.failing = memory.index.failing = "away";
    await grow(memory, 300);
    const older = memory.storage.snapshot();
    memory.objects.failing = memory.index.failing = null;
    memory.host.time += 10_000;
    await memory.log.catchUp();
    const objects = new Map(memory.objects.objects);
    expect(objects.has("signature/tile/0/000")).toBe(true);
    const restored = memory.restart({ storage: older });
    await restored.log.open();
    await restored.host.settle();
    expect(restored.log.phase.kind).toBe("running");
    expect(memory.objects.objects).toEqual(objects);
    expect(restored.log.state).toMatchObject({ publishedTiles: 1, indexed: 311 });
  });
});

describe("an anchor", () => {
  it("must not hold another root of the same size", async () => {
    const memory = await growLog(10);
    const anchor = new MemoryAnchor();
    anchor.held = { treeSize: 11, rootHash: hash(new Uint8Array(32)) };
    await expectRefusal(memory.restart({ anchor }), /restored to an older state/);
    await expectReadable(memory.restart({ anchor }), 11);
  });

  it("must not be ahead of the storage", async () => {
    const memory = await growLog(10);
    const anchor = new MemoryAnchor();
    anchor.held = { treeSize: 12, rootHash: hash(new Uint8Array(32)) };
    await expectRefusal(memory.restart({ anchor }), /holds a tree of 12 entries, this storage one of 11/);
  });

  it("must not be two rounds behind, or gone", async () => {
    const memory = await growLog(10);
    const anchor = anchorWith(memory);
    await grow(memory, 2);
    await grow(memory, 2);
    await expectRefusal(memory.restart({ anchor }), /anchor holds a tree of 11/);
    await expectRefusal(memory.restart({ anchor: new MemoryAnchor() }), /anchor of this log is gone/);
    await expectReadable(memory.restart({ anchor: new MemoryAnchor() }), 15);
  });
});

describe("R2", () => {
  it("must not have another log's tile in the place of the next one", async () => {
    const memory = await growLog(10);
    memory.objects.failing = "away";
    await grow(memory, 300);
    memory.objects.failing = null;
    memory.objects.objects.set("signature/tile/0/000", new Uint8Array(8192));
    await expectRefusal(memory, /tile 0 in R2 is not the one of this log/);
    await expectReadable(memory, 311);
  });

  it.each(["signature/tile/entries/000", "signature/meta/0"])("must not have other bytes under %s", async (key) => {
    const memory = await growLog(10);
    memory.objects.objects.set(key, encodeUtf8("another log's"));
    await grow(memory, 300);
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(/two logs share/) });
    // The log agrees with its anchor and with the tiles. A restart finds the same bytes and stops again before it
    // answers anyone.
    const before = memory.anchor.held;
    const restarted = memory.restart();
    await restarted.log.open();
    await restarted.host.settle();
    expect(restarted.log.phase.kind).toBe("refusing");
    expect((await restarted.log.append(textSubmission("more"))).ok).toBe(false);
    expect(memory.anchor.held).toEqual(before);
    expect(memory.objects.objects.get(key)).toEqual(encodeUtf8("another log's"));
  });

  it("must not be another deployment's, or empty", async () => {
    const memory = await growLog(10);
    await expectRefusal(memory.restart({ objects: new MemoryObjects() }), /log.json of this log is gone/);
    const other = new MemoryObjects();
    other.objects.set("signature/log.json", encodeUtf8('{"name":"signature"}'));
    await expectRefusal(memory.restart({ objects: other }), /R2 belongs to another log/);
  });
});

describe("a damaged row", () => {
  it.each([
    ["UPDATE state SET size = size + 1", /damaged/],
    ["UPDATE state SET size = size - 1", /damaged|restored/],
    ["UPDATE state SET checkpoint = 'nothing'", /damaged/],
    ["UPDATE state SET checkpoint = replace(checkpoint, '311', '312')", /damaged/],
    ["UPDATE state SET previous_root = x'00'", /damaged/],
    ["UPDATE state SET published_root = zeroblob(32)", /not the one this log published/],
    ["UPDATE edge SET hashes = zeroblob(32)", /damaged/],
    ["DELETE FROM edge", /damaged/],
    ["UPDATE entry_odd SET idx = 1000 WHERE idx = 310", /damaged/],
    ["UPDATE entry_odd SET leaf_hash = zeroblob(32) WHERE idx = 300", /damaged/],
    ["UPDATE log SET creation = 'another'", /R2 belongs to another log/],
    ["UPDATE log SET spki = zeroblob(91)", /SIGNATURE_LOG_KEY is not the key/],
    ["DELETE FROM log", /storage of this log is gone/],
  ])("%s", async (sql, reason) => {
    const memory = await growLog(310);
    const storage = memory.storage.snapshot();
    storage.database.exec(sql);
    await expectRefusal(memory.restart({ storage }), reason);
  });

  // The start reads no entry: 256 of them would cost more than all else. A damaged one gets no further.
  it.each([
    "UPDATE entry_odd SET record = x'00' WHERE idx = 300",
    "UPDATE entry_odd SET search = '{' WHERE idx = 300",
    "UPDATE entry_odd SET hints = '{' WHERE idx = 300",
    "UPDATE entry_odd SET time_ms = -1 WHERE idx = 300",
  ])("is detected before its tile is published: %s", async (sql) => {
    const memory = await growLog(310);
    const storage = memory.storage.snapshot();
    storage.database.exec(sql);
    const restarted = memory.restart({ storage });
    const published = new Map(memory.objects.objects);
    await restarted.log.open();
    await grow(restarted, 300);
    expect(restarted.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(/damaged/) });
    expect(restarted.objects.objects).toEqual(published);
    await expectReadable(restarted, restarted.log.head?.treeSize ?? 0);
  });
});

function copyOf({ objects }: MemoryObjects): MemoryObjects {
  const copy = new MemoryObjects();
  for (const [key, bytes] of objects) copy.objects.set(key, bytes);
  return copy;
}

function anchorWith({ anchor }: { readonly anchor: MemoryAnchor }): MemoryAnchor {
  const copy = new MemoryAnchor();
  copy.held = anchor.held;
  return copy;
}
