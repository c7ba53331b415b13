// SPDX-License-Identifier: Apache-2.0
// More load than the log can take, in virtual time. Entries that fit are served in order; the rest is told to retry.

import { describe, expect, it } from "vitest";
import { encodeUtf8 } from "../../shared/bytes/utf8.ts";
import { LOG_KIND_NAMES } from "../../shared/logs/kinds.ts";
import { signatureSubmission } from "../../workers/sequencer/kinds/signature.ts";
import { MAX_POOL_BYTES, MAX_ROUND_BYTES } from "../../workers/sequencer/rounds/pool.ts";
import { memoryLog, textSubmission } from "../support/logs/memory-log.ts";
import { searchRow } from "../support/logs/search-rows.ts";
import { Lab } from "./lab.ts";

const CLIENTS = 256;
const LARGE = 32 * 1024;

const large = (number: number): ReturnType<typeof textSubmission> =>
  signatureSubmission({
    body: encodeUtf8(`${number} `.padEnd(LARGE, ".")),
    search: searchRow(),
    hints: null,
    otherForms: [],
    budget: null,
  });

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

describe("256 clients", () => {
  it.each(LOG_KIND_NAMES)("get fair service: %s log", async (kind) => {
    const lab = new Lab({ kind });
    await lab.append();
    const latencies: number[] = [];
    const client = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const began = lab.now;
        expect(await lab.world.submit(lab.next())).toBe("ok");
        latencies.push(lab.now - began);
      }
    };
    await lab.until(Promise.all(Array.from({ length: CLIENTS }, client)));
    const sorted = latencies.toSorted((a, b) => a - b);
    expect(sorted.length).toBe(5 * CLIENTS);
    expect(percentile(sorted, 0.99)).toBeLessThan(10 * percentile(sorted, 0.5));
    expect(await lab.world.checker.audit()).toBe(true);
  });

  it("are answered in the order of their arrival", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, i) => {
        await memory.log.append(textSubmission(`client ${i}`));
        order.push(i);
      }),
    );
    expect(order).toEqual(Array.from({ length: CLIENTS }, (_, i) => i));
  });
});

describe("a full pool", () => {
  it("may be full in bytes before it is full in entries, and its rounds stay below their limit", async () => {
    const memory = memoryLog("signature");
    await memory.log.open();
    const rounds: number[] = [];
    const transaction = memory.storage.transactionSync.bind(memory.storage);
    memory.storage.transactionSync = (run) => {
      const before = memory.log.state?.treeSize ?? 0;
      const result = transaction(run);
      const [row] = memory.storage.exec("SELECT size FROM state");
      if (Number(row?.["size"]) > before) rounds.push(Number(row?.["size"]) - before);
      return result;
    };
    const results = await Promise.all(Array.from({ length: 400 }, async (_, i) => await memory.log.append(large(i))));
    const served = results.filter(({ ok }) => ok).length;
    // The first ran at once; the others are as many as fit into 8 MiB.
    expect(served).toBe(1 + MAX_POOL_BYTES / LARGE);
    for (const result of results)
      if (!result.ok) expect(result.error).toEqual({ code: "log_busy", retryAfterSeconds: 1 });
    expect(Math.max(...rounds)).toBe(MAX_ROUND_BYTES / LARGE);
    // The pool is empty again.
    expect((await memory.log.append(large(1_000))).ok).toBe(true);
  });

  it("rejects entries while no round can run, and drops waiters after ten seconds", async () => {
    const lab = new Lab();
    await lab.grow(1);
    lab.world.plan.outages.set("anchor", "fails");
    await lab.grow(1);
    const waiting = Array.from({ length: 1_400 }, async () => await lab.world.submit(lab.next()));
    const results = await lab.until(Promise.all(waiting));
    expect(results.every((result) => result === "log_busy")).toBe(true);
    lab.world.plan.heal();
    await lab.run(5_000);
    await lab.grow(1_000);
    expect(lab.world.checker.visible).toBe(1_003);
    expect(await lab.world.checker.audit()).toBe(true);
  });
});
