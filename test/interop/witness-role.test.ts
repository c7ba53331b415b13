// SPDX-License-Identifier: Apache-2.0
// Our witness with a log and a feeder by others: Tessera's posix-oneshot, as released, sends each head with its proof,
// and stops unless it gets a cosignature that it can verify. Monitors read the same checkpoint at the witness.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { verifyNote } from "./signed-note.ts";
import { TesseraLog } from "./tessera.ts";

const ORIGIN = "tessera.example.com/witnessed";

let folder: string;
let log: TesseraLog;
let stack: TestStack;
/** The policy line that our witness publishes. */
let witnessLine: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-witness-interop-"));
  log = new TesseraLog(folder, ORIGIN);
  const state = join(folder, "state");
  stack = await startStack({ state, vars: {} });
  await stack.stop();
  writeFileSync(join(state, "witnessed-logs.txt"), `# fed by others\nlog ${log.vkey}\n`);
  stack = await startStack({ state, port: stack.port });
  const about = await (await fetch(`${stack.url}/witness/about`)).text();
  witnessLine = about.split("\n").find((line) => line.startsWith("witness ")) ?? "";
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

const vkey = (): string => witnessLine.split(" ")[2] ?? "";

async function append(history: string, count: number, isWitnessed = true, timeoutMs = 60_000): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => Buffer.from(`${history} ${Date.now()} ${i}`));
  await log.append(history, entries, isWitnessed ? `${witnessLine}\nquorum sigedge\n` : null, timeoutMs);
}

function checkpoint(history: string): { readonly size: number; readonly seconds: boolean | number } {
  const note = readFileSync(join(folder, history, "checkpoint"), "utf8");
  expect(verifyNote(note, log.vkey)).toBe(true);
  return { size: Number(note.split("\n")[1]), seconds: verifyNote(note, vkey()) };
}

/** Expects that a monitor reads at the witness the log's own newest checkpoint with our line, also after a restart. */
async function expectMonitored(size: number): Promise<void> {
  const hash = createHash("sha256").update(ORIGIN).digest("hex");
  const note = await (await fetch(`${stack.url}/witness/${hash}/checkpoint`)).text();
  expect(Number(note.split("\n")[1])).toBe(size);
  expect(verifyNote(note, log.vkey)).toBe(true);
  expect(verifyNote(note, vkey())).toBe(checkpoint("main").seconds);
}

describe("a log written by Tessera", () => {
  it("is cosigned from its first head, across tiles and restarts of the witness", async () => {
    let size = 0;
    for (const count of [1, 10, 250, 1, 300]) {
      await append("main", count);
      size += count;
      const cosigned = checkpoint("main");
      expect(cosigned.size).toBe(size);
      expect(Math.abs(Number(cosigned.seconds) - Date.now() / 1000)).toBeLessThan(120);
      await expectMonitored(size);
      await stack.restart();
    }
  });

  it("is not cosigned if it has another history under the same key", async () => {
    await append("fork", 700, false);
    await expect(append("fork", 10, true, 10_000)).rejects.toThrow();
    expect(checkpoint("fork").seconds).toBe(false);
    await append("main", 5);
    expect(checkpoint("main").seconds).toBeTypeOf("number");
  });

  it("is cosigned again after it has grown without its witness", async () => {
    await append("main", 40, false);
    await append("main", 3);
    expect(checkpoint("main")).toMatchObject({ size: 562 + 5 + 43, seconds: expect.any(Number) as number });
  });
});
