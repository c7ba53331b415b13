// SPDX-License-Identifier: Apache-2.0
// A stack for the benchmark, with a temporary state folder, the default write policy and access to workerd's process.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort, localUrl } from "../cli/address.ts";
import { requestToken } from "../local/dev-issuer.ts";
import { openLocalSettings } from "../local/settings.ts";
import { runStack, type WorkerLog } from "../local/stack.ts";
import type { LogKind } from "../shared/logs/kinds.ts";
import type { SigningKey } from "../test/support/authority/signing-keys.ts";
import { listenerPid } from "../test/support/process/listener.ts";
import type { Counts } from "./counting.ts";
import { Clients } from "./load.ts";
import { processorMs } from "./processor-time.ts";

/** Longer than any run. */
const TOKEN_SECONDS = 3600;
/** The CA limits the certificates of one identity, so this many share the requests. */
const IDENTITIES = 64;
/** After this long without a write, the work that follows a response counts as done. */
const QUIET_MS = 200;
const RESTART_DEADLINE_MS = 20_000;

const HALF_TILE = 128;

/** The logs of a stack, each called after its kind. */
export type LogName = LogKind;

/** An identity that requests certificates. */
export interface Identity {
  readonly email: string;
  /** An identity token for the address. */
  readonly token: string;
}

/** The Worker's errors and warnings, printed only if the benchmark fails. */
export const workerWarnings: string[] = [];

/** Returns a free port. */
export async function findUnusedPort(): Promise<number> {
  const port = await findFreePort(0);
  if (!port.ok) throw new Error(port.error);
  return port.value;
}

const makeIdentities = (url: string): Promise<readonly Identity[]> =>
  Promise.all(
    Array.from({ length: IDENTITIES }, async (_, i) => {
      const email = `bench-${i}@example.com`;
      return { email, token: await requestToken(url, { email, expiresIn: TOKEN_SECONDS }) };
    }),
  );

/** A running stack. */
/** The stand-ins in use: none, those of the simulators, or further ones for the invocations that the Worker calls. */
export type StandInsInUse = boolean | "and of the sequencer" | "and of sequencer and provider";

export class BenchStack {
  readonly port: number;
  /** The identities that can request certificates. */
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

  /**
   * Starts a stack.
   * @param listed the keys that may write without a certificate
   * @param more further settings
   */
  static async start(listed: readonly SigningKey[], more: Readonly<Record<string, string>> = {}): Promise<BenchStack> {
    const port = await findUnusedPort();
    const state = mkdtempSync(join(tmpdir(), "sigedge-bench-"));
    const pems = listed.map(({ publicObject }) => publicObject.export({ format: "pem", type: "spki" }).toString());
    writeFileSync(join(state, "listed-keys.pem"), pems.join(""));
    const settings = openLocalSettings({ port, state, accept: null });
    if (!settings.ok) throw new Error(settings.error);
    const log = ({ level, message }: WorkerLog): void => {
      if (level === "error" || level === "warn") workerWarnings.push(message);
    };
    // A run signs more with one certificate and one key than any client.
    const bounds = { ENTRIES_PER_CERTIFICATE: "1000000000", ENTRIES_PER_KEY: "1000000000", CERTIFICATE_GRACE: "1440" };
    // A watch that nobody's entry concerns, so that the monitor looks at every entry.
    const watched = {
      WATCHES: JSON.stringify([
        { id: "bench", name: "nobody@example.com", tell: { webhook: "https://hooks.example.com/", secret: "BENCH" } },
      ]),
      WATCH_SECRETS: JSON.stringify({ BENCH: `whsec_${Buffer.alloc(32, 1).toString("base64")}` }),
    };
    const ownSettings = { ...settings.value, ...bounds, ...watched, ...more };
    const stack = await runStack({ port, state, entry: "bench/worker.ts", settings: ownSettings, log });
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

  /** Calls one of the routes that bench/worker.ts adds to the Worker. */
  async ask(path: string): Promise<unknown> {
    const { status, body } = await this.client.send("GET", `/bench/${path}`);
    if (status !== 200) throw new Error(`/bench/${path} answered ${status}: ${body.toString()}`);
    return JSON.parse(body.toString());
  }

  async readCounts(): Promise<Counts> {
    return (await this.ask("counts")) as Counts;
  }

  /** Switches R2, D1 and rate limits to stand-ins, optionally further ones, or back to Miniflare's simulators. */
  async useStandIns(inUse: StandInsInUse): Promise<void> {
    const isOn = (yes: boolean): string => (yes ? "yes" : "no");
    const hasProvider = inUse === "and of sequencer and provider";
    const hasSequencer = hasProvider || inUse === "and of the sequencer";
    await this.ask(
      `stand-ins?inUse=${isOn(inUse !== false)}&sequencer=${isOn(hasSequencer)}&provider=${isOn(hasProvider)}`,
    );
  }

  /** Lets D1 and the objects answer from recordings, or the log's own reads too, and records what is not among them. */
  async useRecordings(recordings: string, reads: "without reads" | "and of reads"): Promise<void> {
    const body = Buffer.from(recordings);
    const path = `/bench/recordings?reads=${reads === "and of reads" ? "yes" : "no"}`;
    const { status } = await this.client.send("POST", path, { contentType: "application/json", body });
    if (status !== 200) throw new Error(`/bench/recordings answered ${status}`);
  }

  async readRecordings(): Promise<string> {
    return String(await this.ask("recordings"));
  }

  /** Advances an anchor without a log step by step, by RPC inside workerd. */
  async moveAnchor(count: number): Promise<void> {
    await this.ask(`anchor?count=${count}`);
  }

  /** Appends entries by RPC inside workerd: one HTTP request for all, and no signatures to verify. */
  async append(log: LogName, count: number, callers: number): Promise<void> {
    await this.ask(`append?log=${log}&from=${this.#appended}&count=${count}&callers=${callers}`);
    this.#appended += count;
  }

  /**
   * Appends until the log's last tile is half full, the average when an isolate starts. It takes few rounds, because
   * after a kill SQLite has to replay what it wrote last.
   */
  async fillHalfTile(log: LogName): Promise<void> {
    const missing = (HALF_TILE - (await this.#measureSize(log)) + 2 * 256) % 256;
    if (missing > 0) await this.append(log, missing, HALF_TILE);
    await this.waitUntilQuiet();
  }

  async #measureSize(log: LogName): Promise<number> {
    return Number(await this.ask(`size?log=${log}`)) % 256;
  }

  /** Resolves once the work that follows the responses is done: nothing has been written for QUIET_MS. */
  async waitUntilQuiet(): Promise<void> {
    for (let before = ""; ; ) {
      const now = JSON.stringify(await this.readCounts());
      if (now === before) return;
      before = now;
      await sleep(QUIET_MS);
    }
  }

  /** Returns the CPU time in ms that workerd uses for `work` and for what follows its responses. */
  async readProcessorMs(work: () => Promise<unknown>): Promise<number> {
    const { pid } = this;
    const before = processorMs(pid);
    await work();
    await sleep(QUIET_MS);
    return processorMs(pid) - before;
  }

  /**
   * Kills workerd, so that Miniflare starts a new one with a fresh isolate on the same storage. Resolves once it
   * responds.
   */
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
      if (performance.now() > deadline)
        throw new Error(`workerd did not restart within ${RESTART_DEADLINE_MS / 1000} s`);
    }
  }
}
