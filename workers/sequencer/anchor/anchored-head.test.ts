// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { hash } from "../../../shared/tlog/hash.ts";
import type { TreeHead } from "../../../shared/tlog/head.ts";
import { SqliteStorage } from "../../../test/support/logs/sqlite-storage.ts";
import {
  advanceAnchoredHead,
  exchangeAnchoredHead,
  prepareAnchoredHead,
  readAnchoredHead,
  readCosignedNote,
} from "./anchored-head.ts";

const head = (treeSize: number, root = treeSize): TreeHead => ({
  treeSize,
  rootHash: hash(new Uint8Array(32).fill(root)),
});

function anchoredAt(held: TreeHead | null): SqliteStorage {
  const storage = new SqliteStorage();
  prepareAnchoredHead(storage);
  if (held !== null) advanceAnchoredHead(storage, { from: null, to: held });
  return storage;
}

describe("advance", () => {
  it.each([
    { step: "the first head", held: null, from: null, to: head(1), isTaken: true },
    { step: "the next head", held: head(1), from: head(1), to: head(3), isTaken: true },
    { step: "the same step again", held: head(3), from: head(1), to: head(3), isTaken: true },
    { step: "a step from elsewhere", held: head(3), from: head(2), to: head(4), isTaken: false },
    { step: "a step from another root of its size", held: head(3), from: head(3, 9), to: head(4), isTaken: false },
    { step: "a smaller head", held: head(3), from: head(3), to: head(2), isTaken: false },
    { step: "a first head when it holds one", held: head(3), from: null, to: head(1), isTaken: false },
    { step: "a step of an unknown log", held: null, from: head(1), to: head(2), isTaken: false },
    { step: "a step to another root of its size", held: head(3), from: head(3), to: head(3, 9), isTaken: false },
    {
      step: "a step from elsewhere to another root of its size",
      held: head(3),
      from: head(2),
      to: head(3, 9),
      isTaken: false,
    },
  ])("answers to $step", ({ held, from, to, isTaken }) => {
    const storage = anchoredAt(held);
    expect(advanceAnchoredHead(storage, { from, to })).toBe(isTaken);
    expect(readAnchoredHead(storage)).toEqual(isTaken ? to : held);
  });

  it("fails on a damaged row, which is not taken for a new anchor", () => {
    const storage = new SqliteStorage();
    storage.exec("CREATE TABLE head (id INTEGER PRIMARY KEY, size TEXT, root BLOB)");
    storage.exec("INSERT INTO head VALUES (1, 'three', x'00')");
    expect(() => readAnchoredHead(storage)).toThrow(RangeError);
    expect(() => advanceAnchoredHead(storage, { from: null, to: head(1) })).toThrow(RangeError);
  });
});

describe("exchange", () => {
  it.each([
    { step: "the first head", held: null, from: null, to: head(1), isTaken: true },
    { step: "the next head", held: head(1), from: head(1), to: head(3), isTaken: true },
    { step: "the same head again", held: head(3), from: head(3), to: head(3), isTaken: true },
    { step: "the same step again", held: head(3), from: head(1), to: head(3), isTaken: false },
    { step: "the first head again", held: head(1), from: null, to: head(1), isTaken: false },
    { step: "a step from elsewhere", held: head(3), from: head(2), to: head(4), isTaken: false },
    { step: "a step from another root of its size", held: head(3), from: head(3, 9), to: head(4), isTaken: false },
    { step: "a smaller head", held: head(3), from: head(3), to: head(2), isTaken: false },
    { step: "another root of its size", held: head(3), from: head(3), to: head(3, 9), isTaken: false },
  ])("answers to $step", ({ held, from, to, isTaken }) => {
    const storage = anchoredAt(held);
    expect(exchangeAnchoredHead(storage, { from, to, note: "to\n" })).toEqual({ isTaken, held: isTaken ? to : held });
    expect(readCosignedNote(storage)).toBe(isTaken ? "to\n" : null);
    expect(readAnchoredHead(storage)).toEqual(isTaken ? to : held);
  });

  it("keeps the note of the newest exchange, and fails on a damaged one", () => {
    const storage = anchoredAt(null);
    expect(readCosignedNote(storage)).toBeNull();
    exchangeAnchoredHead(storage, { from: null, to: head(1), note: "one\n" });
    exchangeAnchoredHead(storage, { from: head(1), to: head(1), note: "one, later\n" });
    expect(readCosignedNote(storage)).toBe("one, later\n");
    exchangeAnchoredHead(storage, { from: null, to: head(2), note: "not taken\n" });
    expect(readCosignedNote(storage)).toBe("one, later\n");
    const damaged = { exec: () => [{ note: new ArrayBuffer(1) }] };
    expect(() => readCosignedNote(damaged)).toThrow(RangeError);
  });
});
