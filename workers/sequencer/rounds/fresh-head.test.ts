// SPDX-License-Identifier: Apache-2.0
// The age of a tree head whose signature covers its time, and what is never signed twice.

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { decodeTreeHeadSignature } from "../../../shared/ct/tree-head.ts";
import { parseNote } from "../../../shared/tlog/note.ts";
import { appendCertificate } from "../../../test/support/logs/appends.ts";
import { type MemoryLog, memoryLog } from "../../../test/support/logs/memory-log.ts";

const HOUR = 3_600_000;

async function grown(kind: "signature" | "certificate", isFrozen = false): Promise<MemoryLog> {
  const memory = memoryLog(kind);
  await appendCertificate(memory, "one");
  await memory.log.catchUp();
  if (!isFrozen) return memory;
  const frozen = memory.restart({ config: { ...memory.config, isFrozen } });
  await frozen.log.open();
  return frozen;
}

function signedTime(checkpoint: string): number | undefined {
  const note = parseNote(encodeUtf8(checkpoint));
  const line = note.ok ? note.value.signatures[0] : undefined;
  return line === undefined ? undefined : decodeTreeHeadSignature(line.signature)?.timestamp;
}

describe("the head of an idle certificate log", () => {
  it("is signed again when it is asked for after twelve hours: one row, same tree, anchor untouched", async () => {
    const memory = await grown("certificate");
    const first = memory.log.headOver(0);
    const calls = memory.anchor.calls;
    memory.host.time += 12 * HOUR;
    expect(memory.log.headOver(0)).toEqual(first);
    memory.host.time += 2;
    const fresh = memory.log.headOver(0);
    expect(fresh).toMatchObject({ treeSize: first?.treeSize, rootHash: first?.rootHash });
    expect(signedTime(fresh?.checkpoint ?? "")).toBe(memory.host.time);
    expect(memory.log.headOver(0)).toBe(fresh);
    expect(memory.anchor.calls).toBe(calls);
    const restarted = memory.restart();
    await restarted.log.open();
    expect(restarted.log.head?.checkpoint).toBe(fresh?.checkpoint);
    const next = await appendCertificate(restarted, "two");
    expect(next?.timestamp).toBeGreaterThan(memory.host.time - 1);
  });

  it("is not signed again while a round waits for the anchor", async () => {
    const memory = await grown("certificate");
    const first = memory.log.head;
    memory.anchor.failing = "away";
    const waiting = appendCertificate(memory, "two");
    await new Promise((resolve) => setTimeout(resolve, 20));
    memory.host.time += 13 * HOUR;
    expect(memory.log.headOver(0)).toEqual(first);
    memory.anchor.failing = null;
    await waiting;
  });
});

describe("a head that is never signed again", () => {
  it.each<[string, () => Promise<MemoryLog>]>([
    ["of a signature log, whose time nobody signs", async () => await grown("signature")],
    ["of a frozen certificate log", async () => await grown("certificate", true)],
  ])("%s", async (_, make) => {
    const memory = await make();
    const first = memory.log.headOver(0);
    memory.host.time += 1_000 * HOUR;
    expect(memory.log.headOver(0)).toEqual(first);
  });
});
