// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseEd25519Signer } from "#private-key";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { LogKind } from "../../../shared/logs/kinds.ts";
import { EMPTY_ROOT } from "../../../shared/tlog/hash.ts";
import { appendCertificate, appendText, appendTexts, headOf } from "../../../test/support/logs/appends.ts";
import {
  type MemoryLog,
  memoryLog,
  testKeys,
  testLogs,
  textSubmission,
} from "../../../test/support/logs/memory-log.ts";
import { MemoryAnchor, MemoryObjects } from "../../../test/support/logs/memory-stores.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import type { LogFormat } from "../kinds/kind.ts";
import { SEQUENCER_KINDS } from "../kinds/kinds.ts";
import { type LogSigner, parseLogSigner } from "../kinds/log-keys.ts";
import { describeLog } from "../publication/description.ts";

/** The format of a log one of whose keys is another, and how often any of them has signed. */
function replaceKey(
  kind: LogKind,
  key: "ecdsa" | "ed25519",
): { readonly format: LogFormat; readonly ecdsa: LogSigner; readonly signed: () => number } {
  let count = 0;
  const counted = <Signer extends { readonly sign: (message: Uint8Array) => Uint8Array }>(signer: Signer): Signer => ({
    ...signer,
    sign: (message: Uint8Array) => {
      count++;
      return signer.sign(message);
    },
  });
  const pem = (of: KeyObject): string => String(of.export({ format: "pem", type: "pkcs8" }));
  const ecdsa = valueOf(parseLogSigner(pem(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey)));
  const ed25519 = valueOf(parseEd25519Signer(pem(generateKeyPairSync("ed25519").privateKey)));
  const keys = { ...testKeys, ...(key === "ecdsa" ? { ecdsa } : { ed25519 }) };
  const format = SEQUENCER_KINDS[kind].createFormat(testLogs[kind].origin, {
    ecdsa: counted(keys.ecdsa),
    ed25519: counted(keys.ed25519),
  });
  return { format, ecdsa: keys.ecdsa, signed: () => count };
}

describe("opening", () => {
  async function grown(count: number): Promise<MemoryLog> {
    const memory = memoryLog("signature");
    await memory.log.open();
    await appendTexts(memory, count);
    await memory.log.catchUp();
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

  it("recovers the same tree, entries and identity", async () => {
    const memory = await grown(300);
    const restarted = memory.restart();
    await restarted.log.open();
    expect(headOf(restarted)).toEqual(headOf(memory));
    expect(restarted.log.head?.checkpoint).toBe(memory.log.head?.checkpoint);
    expect((await appendText(restarted, "next")).leafIndex).toBe(301);
  });

  it("sends the head again if the object died between transaction and anchor", async () => {
    const memory = await grown(5);
    memory.anchor.failing = "away";
    const waiting = memory.log.append(textSubmission("written, not anchored"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const anchor = new MemoryAnchor();
    anchor.held = memory.anchor.held;
    const restarted = memory.restart({ anchor });
    expect((await appendText(restarted, "next")).leafIndex).toBe(7);
    expect(anchor.held?.treeSize).toBe(8);
    memory.anchor.failing = null;
    await waiting;
  });

  it("starts no round before the anchor holds the head of the last one", async () => {
    const memory = await grown(5);
    memory.anchor.failing = "away";
    const waiting = ["a", "b"].map(async (text) => await memory.log.append(textSubmission(text)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(memory.storage.exec("SELECT size FROM state")).toEqual([{ size: 7 }]);
    memory.anchor.failing = null;
    expect((await Promise.all(waiting)).every(({ ok }) => ok)).toBe(true);
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
    const restarted = memory.restart();
    expect((await appendText(restarted, "a")).leafIndex).toBe(1);
  });

  it("serves its head while the anchor or R2 cannot be reached, then resumes writing", async () => {
    const memory = await grown(5);
    const restarted = memory.restart();
    restarted.objects.failing = "away";
    await restarted.log.open();
    expect(restarted.log.phase).toEqual({ kind: "starting", reason: "away" });
    expect(headOf(restarted)).toEqual(headOf(memory));
    restarted.objects.failing = null;
    expect((await restarted.log.append(textSubmission("too soon"))).ok).toBe(false);
    restarted.host.time += 1_000;
    expect((await appendText(restarted, "now")).leafIndex).toBe(6);
  });

  it("refuses storage that was restored to an older state, even within the open tile", async () => {
    const memory = await grown(5);
    const older = memory.storage.snapshot();
    await appendText(memory, "a");
    await appendText(memory, "b");
    await memory.host.settle();
    await expectRefusal(memory.restart({ storage: older }), /restored to an older state/);
  });

  it("refuses storage that is one round behind its anchor", async () => {
    const memory = await grown(5);
    const older = memory.storage.snapshot();
    await appendText(memory, "a");
    await memory.host.settle();
    await expectRefusal(memory.restart({ storage: older }), /restored to an older state/);
  });

  it("refuses when the storage is gone but R2 or the anchor know the log", async () => {
    const memory = await grown(5);
    const { storage } = memoryLog("signature");
    await expectRefusal(memory.restart({ storage }), /storage of this log is gone/);
    await expectRefusal(memory.restart({ storage, anchor: new MemoryAnchor() }), /storage of this log is gone/);
    await expectRefusal(memory.restart({ storage, objects: new MemoryObjects() }), /storage of this log is gone/);
  });

  it("refuses when the anchor is gone or more than one round behind", async () => {
    const memory = await grown(5);
    const { held } = memory.anchor;
    await appendTexts(memory, 3, "more");
    await appendTexts(memory, 3, "still more");
    await expectRefusal(memory.restart({ anchor: new MemoryAnchor() }), /anchor of this log is gone/);
    const older = new MemoryAnchor();
    older.held = held;
    await expectRefusal(memory.restart({ anchor: older }), /anchor holds a tree of 6/);
  });

  it("refuses another bucket, a missing tile, a changed tile and a tile that its storage has not reached", async () => {
    const memory = await grown(300);
    const changed = (change: (objects: Map<string, Uint8Array>) => void): MemoryLog => {
      const objects = new MemoryObjects();
      for (const [key, bytes] of memory.objects.objects) objects.objects.set(key, bytes);
      change(objects.objects);
      return memory.restart({ objects });
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
      return memory.restart({ storage });
    };
    await expectRefusal(damaged("DELETE FROM entry WHERE idx = 3"), /damaged/);
    await expectRefusal(damaged("UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 3"), /damaged/);
    await expectRefusal(damaged("UPDATE state SET root = zeroblob(32)"), /damaged/);
    await expectRefusal(damaged("DELETE FROM state"), /damaged/);
  });

  it.each([
    ["have no identities", 3, ["DROP TABLE frozen"]],
    ["have identities of the tail", 5, ["ALTER TABLE entry ADD COLUMN identity BLOB"]],
  ])("opens certificate logs whose tables %s, and knows their entries", async (_, version, undo) => {
    const memory = memoryLog("certificate");
    await memory.log.open();
    const old = await appendCertificate(memory, "old");
    const storage = memory.storage.snapshot();
    for (const step of [
      "DROP TABLE entry_odd",
      "DROP TABLE writer",
      "DELETE FROM dedup",
      "ALTER TABLE dedup DROP COLUMN time_ms",
      ...undo,
    ])
      storage.exec(step);
    storage.exec("ALTER TABLE dedup RENAME COLUMN identity TO leaf_hash");
    storage.exec("ALTER TABLE state DROP COLUMN is_anchored");
    storage.exec("DROP TABLE cosigned");
    storage.exec("UPDATE schema_version SET version = ?", version);
    const upgraded = memory.restart({ storage });
    expect(await appendCertificate(upgraded, "old")).toEqual(old);
    const added = await appendCertificate(upgraded, "new");
    expect(added).not.toEqual(old);
    const again = upgraded.restart();
    expect(await appendCertificate(again, "old")).toEqual(old);
    expect(await appendCertificate(again, "new")).toEqual(added);
    expect(again.log.state?.treeSize).toBe(2);
  });

  it("refuses another PUBLIC_URL", async () => {
    const memory = await grown(1);
    const config = { ...testLogs.signature, baseUrl: "https://other.example.com", origin: "other.example.com" };
    await expectRefusal(memory.restart({ config }), /created for https:\/\/log.example.com/);
  });

  it.each([
    ["signature", "signature", "ecdsa", "SIGNATURE_LOG_KEY"],
    ["signature", "signature", "ed25519", "SIGNATURE_LOG_ED25519_KEY"],
    ["certificate", "certificate", "ecdsa", "CERTIFICATE_LOG_KEY"],
    ["signature", "signature-2027", "ed25519", "SHARD_KEYS.signature-2027.ed25519"],
    ["certificate", "certificate-2027", "ecdsa", "SHARD_KEYS.certificate-2027.ecdsa"],
  ] as const)(
    "refuses another key of the %s log %s (%s), names it, and is still read",
    async (kind, name, key, setting) => {
      const memory = memoryLog(kind, { config: { ...testLogs[kind], name } });
      await memory.log.open();
      // A certificate log is empty at first.
      if (kind === "certificate") await appendCertificate(memory, "a");
      const checkpoint = memory.log.head?.checkpoint;
      const { format, ecdsa, signed } = replaceKey(kind, key);
      const restarted = memory.restart({ format });
      restarted.host.time += 24 * 60 * 60 * 1000;
      await expectRefusal(
        restarted,
        new RegExp(`^${setting} is not the key that the log ${name} was created with: put the old key back$`),
      );
      expect(restarted.log.headOver(0)?.checkpoint).toBe(checkpoint);
      const setup = { config: memory.config, format, ecdsa };
      const description = await describeLog(restarted.log, setup);
      expect(description).toMatchObject({ state: "refusing", spki: memory.format.spki });
      expect(memory.format.vkeys).toEqual(expect.arrayContaining([...description.vkeys]));
      expect(description.vkeys.length).toBe(format.vkeys.length - 1);
      expect(signed()).toBe(0);
      const again = restarted.restart({ format: memory.format });
      await again.log.open();
      expect([again.log.phase.kind, again.log.head?.checkpoint]).toEqual(["running", checkpoint]);
    },
  );

  it("stops when another copy has moved the anchor", async () => {
    const memory = await grown(5);
    memory.anchor.held = { treeSize: 9, rootHash: EMPTY_ROOT };
    expect(await memory.log.append(textSubmission("a"))).toMatchObject({ ok: false, error: { code: "log_refusing" } });
    expect(memory.log.phase).toMatchObject({ kind: "refusing", reason: expect.stringContaining("second copy") });
  });
});
