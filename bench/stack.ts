// SPDX-License-Identifier: Apache-2.0
// A stack for the bench: a state folder that does not stay, the default write policy, and workerd's process at hand.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort, localUrl } from "../cli/address.ts";
import { identityToken } from "../local/dev-issuer.ts";
import { localSettings } from "../local/settings.ts";
import { runStack, type WorkerLog } from "../local/stack.ts";
import type { Logs } from "../shared/logs/config.ts";
import type { SigningKey } from "../test/support/authority/signing-keys.ts";
import { listenerPid } from "../test/support/process/listener.ts";
import type { Counts } from "./counting.ts";
import { Clients } from "./load.ts";
import { processorMs } from "./processor-time.ts";
import type { Identity } from "./shots.ts";

/** Longer than any run. */
const TOKEN_SECONDS = 3600;
/** The CA limits how often there is a certificate for one identity: so many share the bench's requests. */
const IDENTITIES = 64;
/** How long nothing must have happened until all that follows an answer is taken to be done. */
const QUIET_MS = 200;
const RESTART_DEADLINE_MS = 20_000;

const HALF_TILE = 128;

export type LogName = keyof Logs;

/** What the Worker complains of is told when the bench fails, otherwise never. */
export const complaints: string[] = [];

export async function unusedPort(): Promise<number> {
  const port = await freePort(0);
  if (!port.ok) throw new Error(port.error);
  return port.value;
}

const makeIdentities = (url: string): Promise<readonly Identity[]> =>
  Promise.all(
    Array.from({ length: IDENTITIES }, async (_, i) => {
      const email = `bench-${i}@example.com`;
      return { email, token: await identityToken(url, { email, expiresIn: TOKEN_SECONDS }) };
    }),
  );

export class BenchStack {
  readonly port: number;
  /** Who can ask for certificates. */
  readonly identities: readonly Identity[];
  /** One connection. */
  readonly client: Clients;
  readonly #stop: () => Promise<void>;
  #appended = 0;

  private constructor(port: number, identities: readonly Identity[], stop: () => Promise<void>) {
    this.port = port;
    this.identities = identities;
    this.client = new Clients(port, 1);
    this.#stop = stop;
  }

  /** @param listed keys that may write without a certificate, beside those that the stack's CA has certified */
  static async start(listed: readonly SigningKey[]): Promise<BenchStack> {
    const port = await unusedPort();
    const state = mkdtempSync(join(tmpdir(), "sigedge-bench-"));
    const pems = listed.map(({ publicObject }) => publicObject.export({ format: "pem", type: "spki" }).toString());
    writeFileSync(join(state, "listed-keys.pem"), pems.join(""));
    const settings = localSettings({ port, state, accept: null });
    if (!settings.ok) throw new Error(settings.error);
    const log = ({ level, message }: WorkerLog): void => {
      if (level === "error" || level === "warn") complaints.push(message);
    };
    const stack = await runStack({ port, state, entry: "bench/worker.ts", settings: settings.value, log });
    const stop = async (): Promise<void> => {
      await stack.stop();
      rmSync(state, { recursive: true, force: true });
    };
    try {
      return new BenchStack(port, await makeIdentities(localUrl(port)), stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    await this.#stop();
  }

  get pid(): number {
    const pid = listenerPid(this.port);
    if (pid === null) throw new Error(`nothing listens on port ${this.port}`);
    return pid;
  }

  /** Asks the bench's own routes in the Worker. */
  async ask(path: string): Promise<unknown> {
    const { status, body } = await this.client.send("GET", `/bench/${path}`);
    if (status !== 200) throw new Error(`/bench/${path} answered ${status}: ${body.toString()}`);
    return JSON.parse(body.toString());
  }

  async counts(): Promise<Counts> {
    return (await this.ask("counts")) as Counts;
  }

  /** With stand-ins for R2, D1 and rate limits, and for the sequencer too, or with Miniflare's simulators and the sequencer. */
  async useStandIns(inUse: boolean | "and of the sequencer"): Promise<void> {
    const sequencer = inUse === "and of the sequencer" ? "yes" : "no";
    await this.ask(`stand-ins?inUse=${inUse === false ? "no" : "yes"}&sequencer=${sequencer}`);
  }

  /** Moves an anchor that no log has, by RPC inside workerd, one step after another. */
  async moveAnchor(count: number): Promise<void> {
    await this.ask(`anchor?count=${count}`);
  }

  /** Appends entries by RPC inside workerd: no HTTP but one request for all, no signature to check. */
  async append(log: LogName, count: number, callers: number): Promise<void> {
    await this.ask(`append?log=${log}&from=${this.#appended}&count=${count}&callers=${callers}`);
    this.#appended += count;
  }

  /**
   * Appends until the open tile of the log is half full, as it is on average when an isolate starts; in few rounds, as a
   * killed SQLite has to read again what it has written last.
   */
  async fillHalfTile(log: LogName): Promise<void> {
    const missing = (HALF_TILE - (await this.#size(log)) + 2 * 256) % 256;
    if (missing > 0) await this.append(log, missing, HALF_TILE);
    await this.quiet();
  }

  async #size(log: LogName): Promise<number> {
    return Number(await this.ask(`size?log=${log}`)) % 256;
  }

  /** Resolves once the work that follows the answers is done: nothing has been written for a while. */
  async quiet(): Promise<void> {
    for (let before = ""; ; ) {
      const now = JSON.stringify(await this.counts());
      if (now === before) return;
      before = now;
      await sleep(QUIET_MS);
    }
  }

  /** What workerd uses of the processors for `work` and for what follows its answers, in ms. */
  async processorMsOf(work: () => Promise<unknown>): Promise<number> {
    const { pid } = this;
    const before = processorMs(pid);
    await work();
    await sleep(QUIET_MS);
    return processorMs(pid) - before;
  }

  /** Kills workerd; Miniflare starts another, with a fresh isolate, on the same storage. Resolves when it answers. */
  async restart(): Promise<void> {
    const { pid } = this;
    process.kill(pid, "SIGKILL");
    const deadline = performance.now() + RESTART_DEADLINE_MS;
    for (;;) {
      await sleep(10);
      const isBack = await this.ask("nothing").then(
        () => true,
        () => false,
      );
      if (isBack && this.pid !== pid) return;
      if (performance.now() > deadline) throw new Error("workerd did not come back");
    }
  }
}
