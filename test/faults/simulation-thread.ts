// SPDX-License-Identifier: Apache-2.0
// One thread of `npm run simulate`: receives seeds and answers each with its report.

import { parentPort } from "node:worker_threads";
import { simulate } from "./simulation.ts";

parentPort?.on("message", ({ seed, steps }: { readonly seed: number; readonly steps: number }) => {
  void (async () => parentPort?.postMessage(await simulate(seed, steps), []))();
});
