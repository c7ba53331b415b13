// Stores that were restored, exchanged, lost or damaged. Each ends in a refusal that says what to do: nothing is written any
// more, by nobody, not by the alarm and not after a restart; what the rows can still show is read as before.

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { hash } from "../../shared/tlog/hash.ts";
import { LogStorage } from "../../workers/sequencer/storage.ts";
import { readBundle, readTile } from "../../workers/sequencer/tail.ts";
import {
  grow,
  grown,
  MemoryAnchor,
  type MemoryLog,
  MemoryObjects,
  textSubmission,
} from "../support/logs/memory-log.ts";

function dump({ storage, objects, index, anchor }: MemoryLog): unknown {
  const tables = storage.exec("SELECT name FROM sqlite_master WHERE type = 'table'");
  return {
    rows: tables.map(({ name }) => (typeof name === "string" ? storage.exec(`SELECT * FROM ${name}`) : name)),
    objects: [...objects.objects],
    index: [...index.entries],
    anchor: anchor.held,
  };
}

/** Every reason ends with something that an operator can do. */
const ADVICE = /open a new log|restore|put the|put back|bind the bucket|set PUBLIC_URL/;

async function expectRefusal(memory: MemoryLog, reason: RegExp): Promise<void> {
  const before = dump(memory);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { log, host } = memory.restarted();
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

/** Reads of head, tile and bundle give what the rows have. */
async function expectReadable(memory: MemoryLog, treeSize: number): Promise<void> {
  const { log, storage, format } = memory.restarted();
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
    ["of ten entries by four", 10, 4, /restored to an older state/],
    ["inside the open tile", 300, 40, /restored to an older state/],
    ["over the border of a tile", 500, 100, /restored to an older state|has not reached/],
    ["by two rounds", 10, 2, /restored to an older state/],
    ["to the day of its creation", 0, 10, /restored to an older state/],
  ])("%s", async (_, count, more, reason) => {
    const memory = await grown(count);
    const older = memory.storage.snapshot();
    await grow(memory, more / 2);
    await grow(memory, more / 2);
    const restored = memory.restarted({ storage: older });
    await expectRefusal(restored, reason);
    // A log that has nothing but its genesis is shown only once the anchor has agreed to it.
    if (count > 0) await expectReadable(restored, count + 1);
    // The way out: the newest state.
    const healed = memory.restarted();
    expect((await healed.log.append(textSubmission("after"))).ok).toBe(true);
  });

  it("is found out although R2 is in the same older state", async () => {
    const memory = await grown(300);
    const older = { storage: memory.storage.snapshot(), objects: copyOf(memory.objects) };
    await grow(memory, 300);
    await expectRefusal(memory.restarted(older), /restored to an older state/);
  });

  it("with its anchor is found out by R2 when a tile has been published since", async () => {
    const memory = await grown(200);
    const older = { storage: memory.storage.snapshot(), anchor: anchorWith(memory) };
    await grow(memory, 100);
    await expectRefusal(memory.restarted(older), /R2 has a tile that this storage has not reached/);
  });

  it("of its cursors only goes on, and publishes again what is there", async () => {
    const memory = await grown(10);
    memory.objects.failing = memory.index.failing = "away";
    await grow(memory, 300);
    const older = memory.storage.snapshot();
    memory.objects.failing = memory.index.failing = null;
    memory.host.time += 10_000;
    await memory.log.catchUp();
    const objects = new Map(memory.objects.objects);
    expect(objects.has("signature/tile/0/000")).toBe(true);
    const restored = memory.restarted({ storage: older });
    await restored.log.open();
    await restored.host.settle();
    expect(restored.log.phase.kind).toBe("running");
    expect(memory.objects.objects).toEqual(objects);
    expect(restored.log.state).toMatchObject({ publishedTiles: 1, indexed: 311 });
  });
});

describe("an anchor", () => {
  it("that holds another root for the same size", async () => {
    const memory = await grown(10);
    const anchor = new MemoryAnchor();
    anchor.held = { treeSize: 11, rootHash: hash(new Uint8Array(32)) };
    await expectRefusal(memory.restarted({ anchor }), /restored to an older state/);
    await expectReadable(memory.restarted({ anchor }), 11);
  });

  it("that is further than the storage", async () => {
    const memory = await grown(10);
    const anchor = new MemoryAnchor();
    anchor.held = { treeSize: 12, rootHash: hash(new Uint8Array(32)) };
    await expectRefusal(memory.restarted({ anchor }), /holds a tree of 12 entries, this storage one of 11/);
  });

  it("that is older by two rounds, or gone", async () => {
    const memory = await grown(10);
    const anchor = anchorWith(memory);
    await grow(memory, 2);
    await grow(memory, 2);
    await expectRefusal(memory.restarted({ anchor }), /anchor holds a tree of 11/);
    await expectRefusal(memory.restarted({ anchor: new MemoryAnchor() }), /anchor of this log is gone/);
    await expectReadable(memory.restarted({ anchor: new MemoryAnchor() }), 15);
  });
});

describe("R2", () => {
  it("with another log's tile where this log's next one belongs", async () => {
    const memory = await grown(10);
    memory.objects.failing = "away";
    await grow(memory, 300);
    memory.objects.failing = null;
    memory.objects.objects.set("signature/tile/0/000", new Uint8Array(8192));
    await expectRefusal(memory, /tile 0 in R2 is not the one of this log/);
    await expectReadable(memory, 311);
  });

  it.each(["signature/tile/entries/000", "signature/meta/0"])("with other bytes under %s", async (key) => {
    const memory = await grown(10);
    memory.objects.objects.set(key, encodeUtf8("another log's"));
    await grow(memory, 300);
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(/two logs share/) });
    // It agrees with its anchor and with the tiles: a restart finds the same bytes, and stops again before it has told anybody more.
    const before = memory.anchor.held;
    const restarted = memory.restarted();
    await restarted.log.open();
    await restarted.host.settle();
    expect(restarted.log.phase.kind).toBe("refusing");
    expect((await restarted.log.append(textSubmission("more"))).ok).toBe(false);
    expect(memory.anchor.held).toEqual(before);
    expect(memory.objects.objects.get(key)).toEqual(encodeUtf8("another log's"));
  });

  it("of another deployment, or emptied", async () => {
    const memory = await grown(10);
    await expectRefusal(memory.restarted({ objects: new MemoryObjects() }), /log.json of this log is gone/);
    const other = new MemoryObjects();
    other.objects.set("signature/log.json", encodeUtf8('{"name":"signature"}'));
    await expectRefusal(memory.restarted({ objects: other }), /R2 belongs to another log/);
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
    ["UPDATE entry SET idx = 1000 WHERE idx = 310", /damaged/],
    ["UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 300", /damaged/],
    ["UPDATE log SET creation = 'another'", /R2 belongs to another log/],
    ["UPDATE log SET spki = zeroblob(91)", /log key is not the one/],
    ["DELETE FROM log", /storage of this log is gone/],
  ])("%s", async (sql, reason) => {
    const memory = await grown(310);
    const storage = memory.storage.snapshot();
    storage.database.exec(sql);
    await expectRefusal(memory.restarted({ storage }), reason);
  });

  // The start reads no entry: 256 of them would cost it more than everything else. Nothing that is damaged gets any further.
  it.each([
    "UPDATE entry SET record = x'00' WHERE idx = 300",
    "UPDATE entry SET search = '{' WHERE idx = 300",
    "UPDATE entry SET hints = '{' WHERE idx = 300",
    "UPDATE entry SET time_ms = -1 WHERE idx = 300",
  ])("is found before its tile is published: %s", async (sql) => {
    const memory = await grown(310);
    const storage = memory.storage.snapshot();
    storage.database.exec(sql);
    const restarted = memory.restarted({ storage });
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
