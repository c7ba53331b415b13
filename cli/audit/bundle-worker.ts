// SPDX-License-Identifier: Apache-2.0
// A worker thread of an audit: receives bundles one at a time and answers with their checks.

import { parentPort, workerData } from "node:worker_threads";
import { httpSource } from "../served-log/log-source.ts";
import type { BundleTask } from "../served-log/tree.ts";
import { checkBundle } from "./bundle-check.ts";
import type { WorkerSettings } from "./bundle-checker.ts";
import { Issuers } from "./issuers.ts";

const settings = workerData as WorkerSettings;
const issuers = new Issuers(httpSource(settings.url));

// A bug rejects, which ends the thread and the audit.
parentPort?.on("message", (task: BundleTask) => void checkTask(task));

async function checkTask(task: BundleTask): Promise<void> {
  const check = await checkBundle(task, settings, issuers);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(check);
}
