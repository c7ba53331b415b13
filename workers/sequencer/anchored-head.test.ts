import { describe, expect, it } from "vitest";
import { hash } from "../../shared/tlog/hash.ts";
import { SqliteStorage } from "../../test/support/memory-log.ts";
import { advanceAnchoredHead, readAnchoredHead } from "./anchored-head.ts";
import type { AnchoredHead } from "./ports.ts";

const head = (treeSize: number, root = treeSize): AnchoredHead => ({
  treeSize,
  rootHash: hash(new Uint8Array(32).fill(root)),
});

function anchoredAt(held: AnchoredHead | null): SqliteStorage {
  const storage = new SqliteStorage();
  if (held !== null) advanceAnchoredHead(storage, { from: null, to: held });
  return storage;
}

describe("an anchor", () => {
  it.each([
    ["the first head", null, null, head(1), true],
    ["the next head", head(1), head(1), head(3), true],
    ["the same step again", head(3), head(1), head(3), true],
    ["a step from elsewhere", head(3), head(2), head(4), false],
    ["a step from another root of its size", head(3), head(3, 9), head(4), false],
    ["a smaller head", head(3), head(3), head(2), false],
    ["a first head where there is one", head(3), null, head(1), false],
    ["a step of a log that it does not know", null, head(1), head(2), false],
    ["another root of its size", head(3), head(2), head(3, 9), false],
  ])("asked for %s", (_, held, from, to, isTaken) => {
    const storage = anchoredAt(held);
    expect(advanceAnchoredHead(storage, { from, to })).toBe(isTaken);
    expect(readAnchoredHead(storage)).toEqual(isTaken ? to : held);
  });

  it("with a damaged row fails and is not taken for a new one", () => {
    const storage = new SqliteStorage();
    storage.exec("CREATE TABLE head (id INTEGER PRIMARY KEY, size TEXT, root BLOB)");
    storage.exec("INSERT INTO head VALUES (1, 'three', x'00')");
    expect(() => readAnchoredHead(storage)).toThrow(RangeError);
    expect(() => advanceAnchoredHead(storage, { from: null, to: head(1) })).toThrow(RangeError);
  });
});
