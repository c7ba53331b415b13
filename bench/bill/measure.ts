// SPDX-License-Identifier: Apache-2.0
// Measures what each piece of work of a deployment uses: a signature alone and among many, the alarm after work, the
// cron trigger, the pass of an auditor and that of a monitor.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { localUrl } from "../../cli/address.ts";
import { runCommand } from "../../test/support/process/command.ts";
import type { Bench } from "../bench.ts";
import type { Counts } from "../counting.ts";
import { Clients, runLoad } from "../load.ts";
import { CLIENTS } from "../plan.ts";
import { certificateOf, entryRequest, makeMany } from "../requests.ts";
import { signMany } from "../sign.ts";
import { measureReaders, type Readers } from "./readers.ts";
import { type Amounts, amountsOf, difference, times } from "./usage.ts";

/** One full tile of each log, so that work done once per tile counts once. */
const SIGNATURES = 256;
/** Four tiles, for what a reader of whole tiles uses. */
const MANY = 4 * SIGNATURES;
/** Longer than the alarm that follows activity, 30 s, is late. */
const ALARM_MS = 45_000;
/** Long enough for whatever wakes up by itself to be seen. */
const IDLE_MS = 90_000;

/** The use of each piece of work. */
export interface Units {
  /** A signature whose two entries have a round of their own each. */
  readonly alone: Amounts;
  /** A signature among those of 64 clients. */
  readonly shared: Amounts;
  /** The alarms after activity. */
  readonly alarms: Amounts;
  readonly cron: Amounts;
  /** An audit of both logs that finds nothing new, and each new signature in it. */
  readonly audit: Amounts;
  readonly auditedSignature: Amounts;
  /** A pass of `sigedge monitor` over new entries, and one that finds none. */
  readonly busyPass: Amounts;
  readonly idlePass: Amounts;
  /** An idle deployment in IDLE_MS: nothing. */
  readonly idle: Amounts;
  readonly readers: Readers;
}

class Accountant {
  readonly #stack: Bench["stack"];

  constructor(stack: Bench["stack"]) {
    this.#stack = stack;
  }

  /** Counts what `work` uses, what follows its answers included. */
  async count(work: () => Promise<unknown>): Promise<Amounts> {
    await this.#stack.waitUntilQuiet();
    const before: Counts = await this.#stack.readCounts();
    const cpuMs = await this.#stack.readProcessorMs(work);
    await this.#stack.waitUntilQuiet();
    return amountsOf(before, await this.#stack.readCounts(), cpuMs);
  }
}

/** Signs with 64 clients, one kind of request after the other. */
async function signTogether({ stack, requests, key }: Bench, count: number): Promise<void> {
  const clients = new Clients(stack.port, CLIENTS);
  const certificate = certificateOf(await stack.client.post(requests.certificate()));
  await runLoad(clients, makeMany(count - 1, requests.certificate));
  await runLoad(clients, makeMany(count, requests.timestamp));
  await runLoad(
    clients,
    makeMany(count, () => entryRequest(key, certificate)),
  );
  clients.close();
}

async function run(args: readonly string[], folder: string): Promise<void> {
  const { code, stderr, stdout } = await runCommand("cli/sigedge.mjs", { args, env: { XDG_CACHE_HOME: folder } }).ended;
  if (code !== 0) throw new Error(`sigedge ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
}

/**
 * Measures everything on one stack, in about nine minutes. What reads is counted once the alarms after writing are
 * over.
 */
export async function measureUnits(bench: Bench): Promise<Units> {
  const { stack, progress } = bench;
  const accountant = new Accountant(stack);
  const folder = mkdtempSync(join(tmpdir(), "sigedge-bench-bill-"));
  const url = localUrl(stack.port);
  const config = join(folder, "monitor.yaml");
  writeFileSync(config, 'watch:\n  - name: nobody\n    identity: "nobody@example.com"\n');
  const audit = async (): Promise<void> => {
    await run(["audit", url, "--incremental"], folder);
    await run(["audit", url, "--ct", "--incremental"], folder);
  };
  const runPass = (): Promise<void> => run(["monitor", url, "--config", config, "--no-cross-check"], folder);
  try {
    progress(`bill: ${SIGNATURES} signatures, one after another`);
    const alone = await accountant.count(() => signMany(bench, SIGNATURES));
    progress("bill: the alarms that follow");
    const alarms = await accountant.count(() => sleep(ALARM_MS));
    progress("bill: a deployment that nobody uses");
    const idle = await accountant.count(() => sleep(IDLE_MS));
    progress("bill: auditors and monitors");
    await audit();
    await runPass();
    await signTogether(bench, SIGNATURES);
    await sleep(ALARM_MS);
    const auditOfFew = await accountant.count(audit);
    const shared = await accountant.count(() => signTogether(bench, MANY));
    await sleep(ALARM_MS);
    const auditOfMany = await accountant.count(audit);
    const auditOfNone = await accountant.count(audit);
    await runPass();
    await signMany(bench, 1);
    await sleep(ALARM_MS);
    const busyPass = await accountant.count(runPass);
    const idlePass = await accountant.count(runPass);
    progress("bill: the cron trigger");
    await stack.ask("cron");
    const cron = await accountant.count(() => stack.ask("cron"));
    progress("bill: readers of tiles");
    await sleep(ALARM_MS);
    return {
      alone: times(alone, 1 / SIGNATURES),
      shared: times(shared, 1 / MANY),
      alarms,
      cron,
      audit: auditOfNone,
      // Both end within a tile, so that its two partial ones cancel out.
      auditedSignature: times(difference(auditOfMany, auditOfFew), 1 / (MANY - SIGNATURES)),
      busyPass,
      idlePass,
      idle,
      readers: await measureReaders(bench),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
