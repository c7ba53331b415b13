import { verify } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { decodeEntry } from "../../shared/rekor/entry.ts";
import type { Appended } from "../../shared/rpc/sequencer.ts";
import { parseCheckpoint } from "../../shared/tlog/checkpoint.ts";
import { decodeEntryBundle } from "../../shared/tlog/entries.ts";
import { EMPTY_ROOT, hash, leafHash } from "../../shared/tlog/hash.ts";
import { parseNote } from "../../shared/tlog/note.ts";
import { verifyInclusion } from "../../shared/tlog/proof.ts";
import {
  MemoryAnchor,
  type MemoryLog,
  MemoryObjects,
  memoryLog,
  testEcdsa,
  testLogs,
  textSubmission,
} from "../../test/support/logs/memory-log.ts";
import { certificateSubmission, type Placement } from "./kinds/format.ts";
import { LogStorage } from "./storage.ts";
import { readBundle, readTile, type TailDeps } from "./tail.ts";

async function append(memory: MemoryLog, text: string): Promise<Appended> {
  const result = await memory.log.append(textSubmission(text));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  if (result.value.answer.kind !== "appended") throw new Error("a duplicate");
  return result.value.answer;
}

async function appendCertificate(memory: MemoryLog, name: string): Promise<Placement | null> {
  const submission = certificateSubmission({
    entryType: "x509_entry",
    issuerKeyHash: null,
    signedEntry: encodeUtf8(name),
    precertificate: null,
    chainFingerprints: [],
    search: { terms: [], termsVersion: 1, digest: null, identity: null, issuer: null },
  });
  const result = await memory.log.append(submission);
  await memory.host.settle();
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.placement;
}

async function grow(memory: MemoryLog, count: number, prefix = "entry"): Promise<void> {
  for (let from = 0; from < count; from += 64) {
    const texts = Array.from({ length: Math.min(64, count - from) }, (_, i) => `${prefix} ${from + i}`);
    await Promise.all(texts.map(async (text) => await append(memory, text)));
  }
  await memory.host.settle();
}

function tailOf({ log, storage, format }: MemoryLog): TailDeps {
  const { state, edge } = log;
  if (state === null) throw new Error("not open");
  return { storage: new LogStorage(storage), format, state, edge };
}

const headOf = (memory: MemoryLog): { size: number; root: Uint8Array } => {
  const { log } = memory;
  if (log.head === null) throw new Error("no head");
  return { size: log.head.treeSize, root: log.head.rootHash };
};

describe("a new signature log", () => {
  it("begins with a genesis entry that the log key has signed, anchored and named in R2", async () => {
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

  it("signs checkpoints with ECDSA first and Ed25519 second, under the bare host name", async () => {
    const memory = memoryLog("signature");
    const { checkpoint, treeSize, rootHash } = await append(memory, "a");
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
  it("gives dense indices and proofs that verify against the signed root, over tile borders", async () => {
    const memory = memoryLog("signature");
    const indices: number[] = [];
    for (let round = 0; round < 9; round++) {
      const texts = Array.from({ length: 60 }, (_, i) => `r${round} ${i}`);
      const answers = await Promise.all(texts.map(async (text) => await append(memory, text)));
      for (const [i, answer] of answers.entries()) {
        indices.push(answer.leafIndex);
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
    expect(indices.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 540 }, (_, i) => i + 1));
  });

  it("gives the same body the same index: in one round, in the next, after a restart, and after its rows are gone", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    // The first one runs at once, so that the two wait for one round.
    const [, first, second] = await Promise.all(
      ["once", "twice", "twice"].map(async (text) => await append(memory, text)),
    );
    if (first === undefined) throw new Error("no answer");
    expect(first).toEqual(second);
    const again = await memory.log.append(textSubmission("twice"));
    expect(again.ok && again.value.answer).toEqual({ kind: "duplicate", leafIndex: first.leafIndex });
    await grow(memory, 600);
    const restarted = memory.restarted();
    const later = await restarted.log.append(textSubmission("twice"));
    expect(later.ok && later.value.answer).toEqual({ kind: "duplicate", leafIndex: first.leafIndex });
    expect(headOf(restarted).size).toBe(603);
  });

  it("writes one row an entry, one of state and one of dedup", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const writes: string[] = [];
    const exec = memory.storage.exec.bind(memory.storage);
    memory.storage.exec = (query, ...bindings) => {
      if (!query.startsWith("SELECT")) writes.push(query.split(" ").slice(0, 4).join(" "));
      return exec(query, ...bindings);
    };
    await append(memory, "counted");
    await memory.host.settle();
    expect(writes).toEqual(["INSERT INTO entry VALUES", "INSERT INTO dedup VALUES", "INSERT OR REPLACE INTO"]);
  });

  it("answers busy when the pool is full, and serves the rest", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const results = await Promise.all(
      Array.from({ length: 1200 }, async (_, i) => await memory.log.append(textSubmission(`crowd ${i}`))),
    );
    const busy = results.filter((result) => !result.ok && result.error.code === "log_busy").length;
    const served = results.filter(({ ok }) => ok).length;
    // The first ran at once; 1024 more fit.
    expect({ busy, served }).toEqual({ busy: 1200 - 1025, served: 1025 });
    expect(headOf(memory).size).toBe(1026);
  });

  it("keeps time from going back, and refuses a clock that is far behind", async () => {
    const memory = memoryLog("signature");
    const { timestamp } = await append(memory, "a");
    memory.host.time -= 59_000;
    expect((await append(memory, "b")).timestamp).toBe(timestamp);
    memory.host.time -= 2_000;
    expect(await memory.log.append(textSubmission("c"))).toEqual({
      ok: false,
      error: { code: "clock_behind", lastTimestamp: timestamp, now: memory.host.time },
    });
    expect(headOf(memory).size).toBe(3);
  });

  it("fails the object and keeps the old tree when the transaction fails", async () => {
    const memory = memoryLog("signature");
    await append(memory, "a");
    memory.storage.transactionSync = () => {
      throw new Error("disk full");
    };
    void memory.log.append(textSubmission("b"));
    await memory.host.settle();
    expect(memory.host.aborted).toContain("disk full");
    const { storage } = memory;
    Reflect.deleteProperty(storage, "transactionSync");
    const restarted = memory.restarted();
    await restarted.log.open();
    expect(headOf(restarted).size).toBe(2);
  });
});

describe("publishing", () => {
  it("puts bundles, sidecars and tiles of what is full to R2, feeds the index, and then forgets the rows", async () => {
    const memory = memoryLog("signature");
    await grow(memory, 600);
    const keys = [...memory.objects.objects.keys()].toSorted();
    const tile = (level: string, index: string): string => `signature/tile/${level}/${index}`;
    expect(keys).toEqual([
      "signature/log.json",
      "signature/meta/0",
      "signature/meta/1",
      tile("0", "000"),
      tile("0", "001"),
      tile("entries", "000"),
      tile("entries", "001"),
    ]);
    expect(memory.index.entries.size).toBe(601);
    expect(memory.storage.exec("SELECT MIN(idx) AS first, COUNT(*) AS count FROM entry")).toEqual([
      { first: 512, count: 89 },
    ]);
    const tail = tailOf(memory);
    expect(readTile(tail, 0, 1, 256).kind).toBe("published");
    expect(readTile(tail, 0, 2, 89).kind).toBe("found");
    expect(readTile(tail, 0, 2, 90).kind).toBe("beyond");
    expect(readTile(tail, 1, 0, 2).kind).toBe("found");
    expect(readTile(tail, 1, 0, 3).kind).toBe("beyond");
    expect(readTile(tail, 2, 0, 1).kind).toBe("beyond");
  });

  it("goes on signing while D1 and R2 are down, and catches up from the alarm", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    await memory.host.settle();
    memory.host.alarms = [];
    memory.host.time += 30_000;
    memory.index.failing = "D1 is away";
    memory.objects.failing = "R2 is away";
    await grow(memory, 300);
    expect(memory.index.entries.size).toBe(1);
    expect(memory.host.alarms.length).toBe(1);
    expect(readTile(tailOf(memory), 0, 0, 256).kind).toBe("found");
    memory.index.failing = null;
    memory.objects.failing = null;
    memory.host.time += 30_000;
    await memory.log.catchUp();
    expect(memory.index.entries.size).toBe(301);
    expect(memory.objects.objects.has("signature/tile/0/000")).toBe(true);
    expect(readTile(tailOf(memory), 0, 0, 256).kind).toBe("published");
  });

  it("sets the next alarm from the last one, also when the clock was put back meanwhile", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    memory.index.failing = "D1 is away";
    await grow(memory, 3);
    await memory.host.settle();
    const [set = 0] = memory.host.alarms;
    memory.host.alarms = [];
    // The platform's alarm does not go by the clock that the object reads.
    memory.host.time = set - 10_000;
    await memory.log.catchUp();
    expect(memory.host.alarms).toEqual([set + 20_000]);
  });

  it("stops writing when R2 has other bytes under a key of its own", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    memory.objects.objects.set("signature/tile/entries/000", encodeUtf8("another log's"));
    const results = await Promise.all(
      Array.from({ length: 900 }, async (_, i) => await memory.log.append(textSubmission(`entry ${i}`))),
    );
    await memory.host.settle();
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringContaining("two logs share") });
    expect((await memory.log.append(textSubmission("more"))).ok).toBe(false);
    // Whoever was told an index has it: the tree holds exactly the acknowledged entries and the genesis entry.
    expect(headOf(memory).size).toBe(1 + results.filter(({ ok }) => ok).length);
  });
});

describe("opening", () => {
  async function grown(count: number): Promise<MemoryLog> {
    const memory = memoryLog("signature");
    await memory.log.open();
    await grow(memory, count);
    return memory;
  }

  async function expectRefusal(memory: MemoryLog, reason: RegExp): Promise<void> {
    await memory.log.open();
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(reason) });
    const anchored = memory.anchor.held;
    const objects = new Map(memory.objects.objects);
    expect(await memory.log.append(textSubmission("fork"))).toMatchObject({
      ok: false,
      error: { code: "log_refusing" },
    });
    expect(memory.anchor.held).toEqual(anchored);
    expect(memory.objects.objects).toEqual(objects);
  }

  it("finds the same tree, entries and identity again", async () => {
    const memory = await grown(300);
    const restarted = memory.restarted();
    await restarted.log.open();
    expect(headOf(restarted)).toEqual(headOf(memory));
    expect(restarted.log.head?.checkpoint).toBe(memory.log.head?.checkpoint);
    expect((await append(restarted, "next")).leafIndex).toBe(301);
  });

  it("sends the head again when the object died between transaction and anchor", async () => {
    const memory = await grown(5);
    memory.anchor.failing = "away";
    const answered = await append(memory, "answered before the anchor knew");
    const anchor = new MemoryAnchor();
    anchor.held = memory.anchor.held;
    const restarted = memory.restarted({ anchor });
    expect((await append(restarted, "next")).leafIndex).toBe(answered.leafIndex + 1);
    expect(anchor.held?.treeSize).toBe(8);
    memory.anchor.failing = null;
  });

  it("does not start a round before the anchor has the one before", async () => {
    const memory = await grown(5);
    memory.anchor.failing = "away";
    await append(memory, "a");
    const waiting = memory.log.append(textSubmission("b"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(headOf(memory).size).toBe(7);
    memory.anchor.failing = null;
    expect((await waiting).ok).toBe(true);
    expect(memory.anchor.held?.treeSize).toBe(8);
  });

  it.each([0, 1, 2])("finishes a creation that was cut off after step %i", async (step) => {
    const memory = memoryLog("signature");
    if (step === 0) memory.objects.failing = memory.anchor.failing = "away";
    if (step === 1) memory.objects.create = () => Promise.reject(new Error("away"));
    if (step === 2) memory.anchor.advance = () => Promise.reject(new Error("away"));
    await memory.log.open();
    expect(memory.log.phase.kind).toBe("starting");
    expect(memory.log.head).toBeNull();
    expect(await memory.log.append(textSubmission("early"))).toMatchObject({
      ok: false,
      error: { code: "log_starting" },
    });
    Reflect.deleteProperty(memory.objects, "create");
    Reflect.deleteProperty(memory.anchor, "advance");
    memory.objects.failing = memory.anchor.failing = null;
    const restarted = memory.restarted();
    expect((await append(restarted, "a")).leafIndex).toBe(1);
  });

  it("waits while anchor or R2 cannot be reached, serves its head, and then goes on", async () => {
    const memory = await grown(5);
    const restarted = memory.restarted();
    restarted.objects.failing = "away";
    await restarted.log.open();
    expect(restarted.log.phase).toEqual({ kind: "starting", reason: "away" });
    expect(headOf(restarted)).toEqual(headOf(memory));
    restarted.objects.failing = null;
    expect((await restarted.log.append(textSubmission("too soon"))).ok).toBe(false);
    restarted.host.time += 1_000;
    expect((await append(restarted, "now")).leafIndex).toBe(6);
  });

  it("refuses storage restored to an older state, inside the open tile too", async () => {
    const memory = await grown(5);
    const older = memory.storage.snapshot();
    await append(memory, "a");
    await append(memory, "b");
    await memory.host.settle();
    await expectRefusal(memory.restarted({ storage: older }), /restored to an older state/);
  });

  it("refuses storage one round behind its anchor", async () => {
    const memory = await grown(5);
    const older = memory.storage.snapshot();
    await append(memory, "a");
    await memory.host.settle();
    await expectRefusal(memory.restarted({ storage: older }), /restored to an older state/);
  });

  it("refuses when the storage is gone and R2 or the anchor remember it", async () => {
    const memory = await grown(5);
    const { storage } = memoryLog("signature");
    await expectRefusal(memory.restarted({ storage }), /storage of this log is gone/);
    await expectRefusal(memory.restarted({ storage, anchor: new MemoryAnchor() }), /storage of this log is gone/);
    await expectRefusal(memory.restarted({ storage, objects: new MemoryObjects() }), /storage of this log is gone/);
  });

  it("refuses when the anchor is gone or older than one round", async () => {
    const memory = await grown(5);
    const { held } = memory.anchor;
    await grow(memory, 3, "more");
    await grow(memory, 3, "still more");
    await expectRefusal(memory.restarted({ anchor: new MemoryAnchor() }), /anchor of this log is gone/);
    const older = new MemoryAnchor();
    older.held = held;
    await expectRefusal(memory.restarted({ anchor: older }), /anchor holds a tree of 6/);
  });

  it("refuses another bucket, a missing tile, a changed tile and a tile that it has not reached", async () => {
    const memory = await grown(300);
    const changed = (change: (objects: Map<string, Uint8Array>) => void): MemoryLog => {
      const objects = new MemoryObjects();
      for (const [key, bytes] of memory.objects.objects) objects.objects.set(key, bytes);
      change(objects.objects);
      return memory.restarted({ objects });
    };
    await expectRefusal(
      changed((objects) => objects.clear()),
      /log.json of this log is gone/,
    );
    await expectRefusal(
      changed((objects) => objects.set("signature/log.json", encodeUtf8("{}"))),
      /R2 belongs to another log/,
    );
    await expectRefusal(
      changed((objects) => objects.delete("signature/tile/0/000")),
      /tile 0 is gone from R2/,
    );
    await expectRefusal(
      changed((objects) => objects.set("signature/tile/0/000", new Uint8Array(8192))),
      /not the one this log published/,
    );
    await expectRefusal(
      changed((objects) => objects.set("signature/tile/0/001", new Uint8Array(8192))),
      /has not reached/,
    );
  });

  it("refuses a damaged row", async () => {
    const memory = await grown(5);
    const damaged = (sql: string): MemoryLog => {
      const storage = memory.storage.snapshot();
      storage.database.exec(sql);
      return memory.restarted({ storage });
    };
    await expectRefusal(damaged("DELETE FROM entry WHERE idx = 3"), /damaged/);
    await expectRefusal(damaged("UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 3"), /damaged/);
    await expectRefusal(damaged("UPDATE state SET root = zeroblob(32)"), /damaged/);
    await expectRefusal(damaged("DELETE FROM state"), /damaged/);
  });

  it("goes on with the tables of before identities were kept, and knows the entries in them", async () => {
    const memory = memoryLog("certificate");
    await memory.log.open();
    const old = await appendCertificate(memory, "old");
    const storage = memory.storage.snapshot();
    storage.exec("ALTER TABLE entry DROP COLUMN identity");
    storage.exec("DROP TABLE frozen");
    storage.exec("UPDATE schema_version SET version = 3");
    const upgraded = memory.restarted({ storage });
    expect(await appendCertificate(upgraded, "old")).toEqual(old);
    const added = await appendCertificate(upgraded, "new");
    expect(added).not.toEqual(old);
    const again = upgraded.restarted();
    expect(await appendCertificate(again, "old")).toEqual(old);
    expect(await appendCertificate(again, "new")).toEqual(added);
    expect(again.log.state?.treeSize).toBe(2);
  });

  it("refuses another PUBLIC_URL and another key", async () => {
    const memory = await grown(1);
    const config = { ...testLogs.signature, baseUrl: "https://other.example.com", origin: "other.example.com" };
    await expectRefusal(memory.restarted({ config }), /created for https:\/\/log.example.com/);
    const format = { ...memory.format, spki: new Uint8Array(91) };
    await expectRefusal(memory.restarted({ format }), /log key is not the one/);
  });

  it("stops when the anchor turns out to have moved without it", async () => {
    const memory = await grown(5);
    memory.anchor.held = { treeSize: 9, rootHash: EMPTY_ROOT };
    expect((await memory.log.append(textSubmission("a"))).ok).toBe(true);
    await memory.host.settle();
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringContaining("second copy") });
  });
});
