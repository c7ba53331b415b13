// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { certificate } from "../../../test/support/logs/appends.ts";
import { type MemoryLog, memoryLog } from "../../../test/support/logs/memory-log.ts";

const ISSUERS = ["issuer", "root"].map((text) => new TextEncoder().encode(text));
const keyOf = (der: Uint8Array): string => `certificate/issuer/${createHash("sha256").update(der).digest("hex")}`;
const KEYS = ISSUERS.map(keyOf);
const append = (memory: MemoryLog, text: string, issuers = ISSUERS): ReturnType<MemoryLog["log"]["append"]> =>
  memory.log.append(certificate(text, issuers));

describe("the issuers that an entry names", () => {
  test("are in R2 before the entry is acknowledged", async () => {
    const memory = memoryLog("certificate");
    expect((await append(memory, "one")).ok).toBe(true);
    expect(KEYS.map((key) => memory.objects.objects.get(key))).toStrictEqual(ISSUERS);
    const other = new TextEncoder().encode("another issuer");
    expect((await append(memory, "two", [other])).ok).toBe(true);
    expect(memory.objects.objects.get(keyOf(other))).toStrictEqual(other);
  });

  test("cost one creation each while the instance lives, and are found again by the next one", async () => {
    const memory = memoryLog("certificate");
    const create = vi.spyOn(memory.objects, "create");
    await Promise.all(["a", "b", "c"].map((text) => append(memory, text)));
    create.mockClear();
    await Promise.all(["d", "e"].map((text) => append(memory, text)));
    await memory.host.settle();
    expect(create.mock.calls.filter(([key]) => key.includes("issuer"))).toStrictEqual([]);
    const restarted = memory.restart();
    expect((await append(restarted, "f")).ok).toBe(true);
    expect(restarted.log.phase.kind).toBe("running");
  });

  test("that R2 does not take keep the entry out of the log until it does", async () => {
    const memory = memoryLog("certificate");
    expect((await append(memory, "first", [])).ok).toBe(true);
    memory.objects.failing = "R2 is out";
    const rejected = await append(memory, "one");
    expect(rejected).toStrictEqual({ ok: false, error: { code: "log_starting", reason: "R2 is out" } });
    expect(memory.log.head?.treeSize).toBe(1);
    // An entry that names none is not held up.
    expect((await append(memory, "second", [])).ok).toBe(true);
    memory.objects.failing = null;
    expect((await append(memory, "one")).ok).toBe(true);
    expect(memory.log.head?.treeSize).toBe(3);
  });

  test("with other bytes in R2 stop the log, because an immutable object has changed", async () => {
    const memory = memoryLog("certificate");
    memory.objects.objects.set(KEYS[1] ?? "", new TextEncoder().encode("not the root"));
    expect(await append(memory, "one")).toMatchObject({ ok: false, error: { code: "log_refusing" } });
    expect(memory.log.phase.kind).toBe("refusing");
    expect(memory.log.head?.treeSize).toBe(0);
  });
});
