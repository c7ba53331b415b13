// SPDX-License-Identifier: Apache-2.0
// Checks bundles on several cores: in worker threads, each with one bundle at a time, or in this thread.

import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { httpSource } from "../served-log/log-source.ts";
import type { BundleTask } from "../served-log/tree.ts";
import { type BundleCheck, type CheckSettings, checkBundle } from "./bundle-check.ts";
import { Issuers } from "./issuers.ts";

/** Checks bundles until it is closed. */
export interface BundleChecker {
  /** Rejects only if the checker itself fails. */
  readonly check: (task: BundleTask) => Promise<BundleCheck>;
  readonly close: () => Promise<void>;
}

/** The data that a worker thread starts with. */
export interface WorkerSettings extends CheckSettings {
  /** The URL of the log without a trailing slash, to fetch issuers. */
  readonly url: string;
}

/** Makes a checker. @param jobs the number of worker threads; 0 uses this thread */
export const bundleChecker = (jobs: number, settings: WorkerSettings): BundleChecker =>
  jobs === 0 ? checkInOneThread(settings) : new WorkerPool(jobs, settings);

function checkInOneThread(settings: WorkerSettings): BundleChecker {
  const issuers = new Issuers(httpSource(settings.url));
  return { check: (task) => checkBundle(task, settings, issuers), close: () => Promise.resolve() };
}

interface Job {
  readonly task: BundleTask;
  readonly resolve: (check: BundleCheck) => void;
  readonly reject: (error: unknown) => void;
}

/** Worker threads, and the bundles that wait for one. */
class WorkerPool implements BundleChecker {
  readonly #workers: readonly Worker[];
  readonly #idle: Worker[];
  readonly #waiting: Job[] = [];
  readonly #running = new Map<Worker, Job>();

  constructor(jobs: number, settings: WorkerSettings) {
    const script = fileURLToPath(new URL(`./bundle-worker${extname(import.meta.url)}`, import.meta.url).href);
    this.#workers = Array.from({ length: jobs }, () => new Worker(script, { workerData: settings }));
    this.#idle = [...this.#workers];
    for (const worker of this.#workers) {
      worker.on("message", (check: BundleCheck) => this.#finish(worker, check));
      worker.on("error", (error) => this.#fail(error));
    }
  }

  check(task: BundleTask): Promise<BundleCheck> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, resolve, reject });
      this.#start();
    });
  }

  #start(): void {
    const worker = this.#waiting.length > 0 ? this.#idle.pop() : undefined;
    const job = worker === undefined ? undefined : this.#waiting.shift();
    if (worker === undefined || job === undefined) return;
    this.#running.set(worker, job);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(job.task);
  }

  #finish(worker: Worker, check: BundleCheck): void {
    const job = this.#running.get(worker);
    this.#running.delete(worker);
    this.#idle.push(worker);
    job?.resolve(check);
    this.#start();
  }

  /** A thread ends only for a bug or for lack of memory. The audit has no result then. */
  #fail(error: unknown): void {
    for (const { reject } of [...this.#running.values(), ...this.#waiting]) reject(error);
    this.#waiting.length = 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
