// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { PART_BYTES, readParts } from "./client/verify/parts.ts";

const CONTENT = Uint8Array.from({ length: 2 * PART_BYTES + 7 }, (_, i) => (i * 31 + (i >> 12)) & 0xff);

/** A browser without readers that take a buffer. */
class PlainBlob extends Blob {
  override stream(): ReturnType<Blob["stream"]> {
    throw new TypeError("no such reader");
  }
  override slice(from?: number, to?: number): Blob {
    return new Blob([CONTENT.slice(from, to)]);
  }
}

it.each([
  ["into one buffer", new Blob([CONTENT])],
  ["in slices", new PlainBlob([CONTENT])],
])("reads a file %s, all of it and nothing twice", async (_, file) => {
  const hash = createHash("sha256");
  for await (const part of readParts(file)) {
    hash.update(part);
    expect(part.length).toBeLessThanOrEqual(PART_BYTES);
  }
  expect(hash.digest("hex")).toBe(createHash("sha256").update(CONTENT).digest("hex"));
});

it.each([
  ["a blob", new Blob([])],
  ["a plain one", new PlainBlob([])],
])("reads nothing of %s that is empty", async (_, file) => {
  const parts = [];
  for await (const part of readParts(file)) parts.push(part.length);
  expect(parts).toEqual([]);
});

/** A file whose stream gives ten bytes at a time. */
function endlessFile(cancel: () => void): Blob {
  const pull = ({ byobRequest }: ReadableByteStreamController): void => byobRequest?.respond(10);
  const source = new ReadableStream({ type: "bytes", pull, cancel });
  return Object.assign(new Blob([]), { stream: () => source });
}

it("reads every part into the memory of the one before it, and stops when nobody asks for more", async () => {
  let cancelled = 0;
  const marks: unknown[] = [];
  for await (const part of readParts(endlessFile(() => void cancelled++))) {
    const memory = new Uint8Array(part.buffer);
    marks.push(memory[20]);
    memory[20] = 77;
    if (marks.length === 3) break;
  }
  expect(marks).toEqual([0, 77, 77]);
  expect(cancelled).toBe(1);
});

/** A file of 30 bytes, whose stream nobody but its reader refers to while a read is pending, as in Chromium. */
function weaklyHeldFile(collectGarbage: () => void): Blob {
  let left = 3;
  const pull = (controller: ReadableByteStreamController): void => {
    const weak = new WeakRef(controller);
    setTimeout(() => {
      collectGarbage();
      const still = weak.deref();
      if (left-- === 0) still?.close();
      still?.byobRequest?.respond(left >= 0 ? 10 : 0);
    });
  };
  return Object.assign(new Blob([]), { stream: () => new ReadableStream({ type: "bytes", pull }) });
}

it("reads to the end although garbage is collected meanwhile", { timeout: 5000 }, async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  let bytes = 0;
  for await (const part of readParts(weaklyHeldFile(collectGarbage))) bytes += part.length;
  expect(bytes).toBe(30);
});
