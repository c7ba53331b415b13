// SPDX-License-Identifier: Apache-2.0
// Backups of the tail, and logs that are shown from one: they show what was signed and sign nothing new.

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { backupPath, decodeBackup, encodeBackup } from "../../shared/logs/backup.ts";
import { hash } from "../../shared/tlog/hash.ts";
import { readBundle, readEntry, readTile, type TailDeps } from "../../workers/sequencer/tables/tail.ts";
import { grow, growLog, type MemoryLog, textSubmission } from "../support/logs/memory-log.ts";
import { MemoryAnchor } from "../support/logs/memory-stores.ts";
import { SqliteStorage } from "../support/logs/sqlite-storage.ts";
import { valueOf } from "../support/value-of.ts";

const TEN_MINUTES = 600_000;

/** Lets the alarm ring ten minutes later. */
async function laterAlarm(memory: MemoryLog, milliseconds = TEN_MINUTES): Promise<void> {
  memory.host.time += milliseconds;
  await memory.log.catchUp();
  await memory.host.settle();
}

async function grownWithBackup(count: number): Promise<MemoryLog> {
  const memory = await growLog(count);
  await laterAlarm(memory);
  return memory;
}

const keyOf = (treeSize: number): string => `signature/${backupPath(treeSize)}`;
const backupsIn = ({ objects }: MemoryLog): readonly string[] =>
  [...objects.objects.keys()].filter((key) => key.includes("/backup/"));

function dump({ storage, objects, index, anchor }: MemoryLog): unknown {
  const tables = storage.exec("SELECT name FROM sqlite_master WHERE type = 'table'");
  const rows = tables.map(({ name }) =>
    typeof name === "string" ? [name, storage.exec(`SELECT * FROM ${name}`)] : name,
  );
  return { rows, objects: [...objects.objects], index: [...index.entries], anchor: anchor.held };
}

/** Restarts the log with a format that counts what it signs. */
function lostLog(memory: MemoryLog, stores: Parameters<MemoryLog["restart"]>[0] = {}): [MemoryLog, () => number] {
  let signed = 0;
  const { format } = memory;
  const counting = {
    ...format,
    signCheckpoint: (...args: Parameters<typeof format.signCheckpoint>) => {
      signed++;
      return format.signCheckpoint(...args);
    },
  };
  return [memory.restart({ storage: new SqliteStorage(), format: counting, ...stores }), () => signed];
}

/** Expects that the log is shown at this size, and that nothing is written or signed. */
async function expectRestored(
  memory: MemoryLog,
  signed: () => number,
  treeSize: number,
  reason: RegExp,
): Promise<void> {
  const before = dump(memory);
  for (let attempt = 0; attempt < 2; attempt++) {
    const { log, host, format, storage } = memory.restart();
    await log.open();
    expect(log.phase).toMatchObject({ kind: "refusing", reason: expect.stringMatching(reason) as string });
    expect(log.phase).toMatchObject({ reason: expect.stringMatching(/open a new log beside it/) as string });
    expect(log.head?.treeSize).toBe(treeSize);
    const error = { code: "log_refusing" };
    // Neither a new entry nor a duplicate is answered: the index of a duplicate is no longer known.
    for (const text of ["fork", "entry 1"])
      expect(await log.append(textSubmission(text))).toMatchObject({ ok: false, error });
    await log.catchUp();
    await host.settle();
    const { state, edge, restored } = log;
    if (state === null || restored === null) throw new Error("the log shows nothing");
    expectReadable({ storage: restored.rows, format, state, edge });
    expect(storage.exec("SELECT * FROM sqlite_master")).toEqual(memory.storage.exec("SELECT * FROM sqlite_master"));
  }
  expect(dump(memory)).toEqual(before);
  expect(signed()).toBe(0);
}

function expectReadable(tail: TailDeps): void {
  const { treeSize } = tail.state;
  const [index, width] = [Math.floor(treeSize / 256), treeSize % 256];
  if (width > 0) {
    expect(readTile(tail, 0, index, width).kind).toBe("found");
    expect(readBundle(tail, index, width).kind).toBe("found");
    expect(readEntry(tail, treeSize - 1).kind).toBe("found");
  }
  expect(readEntry(tail, treeSize).kind).toBe("beyond");
  if (index > 0) {
    expect(readTile(tail, 1, 0, index).kind).toBe("found");
    expect(readBundle(tail, index - 1, 256).kind).toBe("published");
  }
}

describe("the tail", () => {
  it("is copied ten minutes after the creation, not before", async () => {
    const memory = await growLog(5);
    await laterAlarm(memory, TEN_MINUTES - 1);
    expect(backupsIn(memory)).toEqual([]);
    await laterAlarm(memory, 1);
    expect(backupsIn(memory)).toEqual([keyOf(6)]);
    const backup = valueOf(decodeBackup(memory.objects.objects.get(keyOf(6)) ?? new Uint8Array()));
    expect(backup).toMatchObject({ treeSize: 6, checkpoint: memory.log.head?.checkpoint, name: "signature" });
    expect(encodeBackup(backup)).toEqual(memory.objects.objects.get(keyOf(6)));
  });

  it("is copied at most once in ten minutes, only if it has changed, and the newest two backups are kept", async () => {
    const memory = await grownWithBackup(5);
    await laterAlarm(memory);
    expect(backupsIn(memory)).toEqual([keyOf(6)]);
    for (let i = 0; i < 5; i++) {
      await grow(memory, 1);
      await laterAlarm(memory, TEN_MINUTES - 1);
      await grow(memory, 1);
      await laterAlarm(memory, 1);
    }
    expect(backupsIn(memory)).toEqual([keyOf(14), keyOf(16)]);
    const restart = memory.restart();
    await grow(restart, 1);
    await laterAlarm(restart, TEN_MINUTES - 1);
    expect(backupsIn(memory)).toEqual([keyOf(14), keyOf(16)]);
  });

  it("sets an alarm for the backup if nothing else is owed", async () => {
    const memory = await growLog(5);
    memory.host.time += 30_000;
    await memory.log.catchUp();
    expect(memory.host.alarms.at(-1)).toBe(1_790_000_000_000 + TEN_MINUTES);
    await laterAlarm(memory);
    const { length } = memory.host.alarms;
    await laterAlarm(memory);
    expect(memory.host.alarms).toHaveLength(length);
  });

  it("is copied only after the full tiles left of it are in R2", async () => {
    const memory = await growLog(5);
    memory.objects.failing = "away";
    await grow(memory, 300);
    memory.host.time += TEN_MINUTES;
    expect((await memory.log.append(textSubmission("answered"))).ok).toBe(true);
    await memory.host.settle();
    memory.objects.failing = null;
    await laterAlarm(memory, 6_000);
    expect(backupsIn(memory)).toEqual([keyOf(307)]);
    const backup = valueOf(decodeBackup(memory.objects.objects.get(keyOf(307)) ?? new Uint8Array()));
    expect([backup.entries.length, backup.edge.length, backup.edge[0]?.length]).toEqual([307 - 256, 1, 1]);
  });

  it("is copied again if the answer of a put was lost", async () => {
    const memory = await growLog(5);
    const create = memory.objects.create.bind(memory.objects);
    memory.objects.create = async (key, bytes) => {
      await create(key, bytes);
      throw new Error("lost");
    };
    await laterAlarm(memory);
    memory.objects.create = create;
    await laterAlarm(memory, 6_000);
    expect(memory.log.phase.kind).toBe("running");
    expect(memory.storage.exec("SELECT size FROM backup")).toEqual([{ size: 6 }]);
  });
});

describe("a log whose storage is lost", () => {
  it.each([
    [
      "with a backup of the anchor's head",
      10,
      0,
      /storage of this log is gone.*11 entries.*anchor knows of no later ones/,
    ],
    ["with a full tile", 300, 0, /301 entries.*anchor knows of no later ones/],
    ["on the border of a tile", 255, 0, /256 entries/],
    ["inside the open tile of its backup", 10, 5, /11 entries.*Entries 11 to 15 were logged after it and are lost/],
    [
      "tiles after its backup",
      200,
      400,
      /201 entries.*Entries 201 to 600 were logged after it: those below 512 are in R2's bundles.*512 to 600 are lost/,
    ],
    [
      "at the end of a tile after its backup",
      200,
      311,
      /Entries 201 to 511.*: they are in R2's bundles, but no tree head/,
    ],
  ])("%s is read as the backup has it", async (_, count, more, reason) => {
    const memory = await grownWithBackup(count);
    if (more > 0) await grow(memory, more);
    const [lost, signed] = lostLog(memory);
    await expectRestored(lost, signed, count + 1, reason);
    // The way back: the newest storage.
    expect((await memory.restart().log.append(textSubmission("after"))).ok).toBe(true);
  });

  it("does not write even if backup and anchor agree, and says that nothing that was acknowledged is lost", async () => {
    const memory = await grownWithBackup(10);
    memory.anchor.failing = "away";
    const waiting = memory.log.append(textSubmission("written, not anchored"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const anchor = new MemoryAnchor();
    anchor.held = memory.anchor.held;
    expect(anchor.held?.treeSize).toBe(11);
    memory.anchor.failing = null;
    await waiting;
    await memory.host.settle();
    const [lost, signed] = lostLog(memory, { anchor });
    await expectRestored(lost, signed, 11, /no entry that was acknowledged is lost/);
  });

  it("is read as the backup has it if the anchor is lost too", async () => {
    const [lost, signed] = lostLog(await grownWithBackup(10), { anchor: new MemoryAnchor() });
    await expectRestored(lost, signed, 11, /anchor is gone too/);
  });

  it("uses an older backup if the newest is damaged", async () => {
    const memory = await grownWithBackup(10);
    await grow(memory, 3);
    await laterAlarm(memory);
    const bytes = memory.objects.objects.get(keyOf(14)) ?? new Uint8Array();
    memory.objects.objects.set(keyOf(14), bytes.subarray(0, -20));
    const [lost, signed] = lostLog(memory);
    await expectRestored(lost, signed, 11, /Entries 11 to 13 were logged after it and are lost/);
  });

  it("is read once R2 can be reached again", async () => {
    const memory = await grownWithBackup(10);
    memory.objects.failing = "away";
    const [lost, signed] = lostLog(memory);
    await lost.log.open();
    expect([lost.log.phase.kind, lost.log.head]).toEqual(["starting", null]);
    memory.objects.failing = null;
    await expectRestored(lost, signed, 11, /11 entries/);
  });

  it.each<[string, (backup: ReturnType<typeof parseBackup>) => void]>([
    ["another log's name", (backup) => (backup["name"] = "certificate")],
    ["another address", (backup) => (backup["baseUrl"] = "https://other.example.com")],
    ["another key", (backup) => (backup["spki"] = Buffer.alloc(91).toString("base64"))],
    ["another creation", (backup) => (backup["creation"] = "00")],
    ["another root", (backup) => (backup["rootHash"] = Buffer.alloc(32).toString("base64"))],
    ["another size than its name", (backup) => (backup["treeSize"] = 12)],
    ["an entry changed", (backup) => (entryOf(backup, 5)["record"] = Buffer.from("other").toString("base64"))],
    ["an entry less", (backup) => (backup["entries"] as unknown[]).pop()],
    [
      "a checkpoint that somebody else signed",
      (backup) => (backup["checkpoint"] = reverseSignatures(String(backup["checkpoint"]))),
    ],
    ["a newer format", (backup) => (backup["format"] = 3)],
  ])("ignores a backup with %s", async (_, change) => {
    const memory = await grownWithBackup(10);
    const backup = parseBackup(memory);
    change(backup);
    memory.objects.objects.set(keyOf(11), encodeUtf8(JSON.stringify(backup)));
    const [lost] = lostLog(memory);
    await lost.log.open();
    expect(lost.log.phase).toMatchObject({
      kind: "refusing",
      reason: expect.stringMatching(/storage of this log is gone/),
    });
    expect(lost.log.head).toBeNull();
  });

  it("ignores a backup that its anchor contradicts", async () => {
    const memory = await grownWithBackup(10);
    const anchor = new MemoryAnchor();
    anchor.held = { treeSize: 11, rootHash: hash(new Uint8Array(32)) };
    const [lost] = lostLog(memory, { anchor });
    await lost.log.open();
    expect([lost.log.phase.kind, lost.log.head]).toEqual(["refusing", null]);
  });
});

describe("a log whose storage is older than its backup, or damaged", () => {
  it("is read as the backup has it", async () => {
    const memory = await growLog(10);
    const older = memory.storage.snapshot();
    await grow(memory, 5);
    await laterAlarm(memory);
    const [restored, signed] = lostLog(memory, { storage: older });
    await expectRestored(restored, signed, 16, /restored to an older state.*16 entries.*anchor knows of no later ones/);
    const damaged = memory.storage.snapshot();
    damaged.database.exec("UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 12");
    const [other, alsoSigned] = lostLog(memory, { storage: damaged });
    await expectRestored(other, alsoSigned, 16, /row is damaged.*16 entries/);
  });

  it("is read from its own rows if they have more", async () => {
    const memory = await grownWithBackup(10);
    await grow(memory, 5);
    const older = memory.storage.snapshot();
    await grow(memory, 5);
    await grow(memory, 5);
    const { log } = memory.restart({ storage: older });
    await log.open();
    expect([log.phase.kind, log.head?.treeSize, log.restored]).toEqual(["refusing", 16, null]);
  });
});

const parseBackup = ({ objects }: MemoryLog): Record<string, unknown> =>
  JSON.parse(Buffer.from(objects.objects.get(keyOf(11)) ?? []).toString()) as Record<string, unknown>;

const entryOf = (backup: Record<string, unknown>, index: number): Record<string, unknown> =>
  (backup["entries"] as Record<string, unknown>[])[index] ?? {};

/** Returns the same text with the bytes of each signature reversed. */
function reverseSignatures(checkpoint: string): string {
  const [text = "", lines = ""] = checkpoint.split("\n\n");
  const wrong = lines.replace(/ (\S+)\n/g, (_, base64: string) => {
    const bytes = Buffer.from(base64, "base64");
    bytes.subarray(12).reverse();
    return ` ${bytes.toString("base64")}\n`;
  });
  return `${text}\n\n${wrong}`;
}
