// SPDX-License-Identifier: Apache-2.0
// Defines two projects: unit tests beside their files, in plain Node, and service tests over HTTP against the stack in
// workerd.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The module that only workerd has, for unit tests of files that extend its classes. */
const alias = {
  "cloudflare:workers": new URL("./test/support/process/cloudflare-workers.ts", import.meta.url).pathname,
};

export default defineConfig({
  resolve: { alias },
  test: {
    // On a machine with two cores, vitest would choose one worker.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ["test/support/process/checkout-guard.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "shared/**/*.test.ts",
            "workers/**/*.test.ts",
            "cli/**/*.test.ts",
            "local/**/*.test.ts",
            "tools/**/*.test.ts",
            "web/**/*.test.ts",
            "test/faults/**/*.test.ts",
            "test/package/*.test.ts",
            "test/interop/clients/results.test.ts",
          ],
          testTimeout: 60_000,
          // Importing every module again for each file would take a third of the time.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "service",
          include: ["test/service/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Each file runs a workerd of its own, which takes a core.
          maxWorkers: 2,
        },
      },
    ],
  },
});
