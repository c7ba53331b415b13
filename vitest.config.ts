// SPDX-License-Identifier: Apache-2.0
// Two projects: unit tests beside their files, in plain Node; service tests against the stack in workerd, over HTTP.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The module that only workerd has, for unit tests of files that extend its classes. */
const alias = {
  "cloudflare:workers": new URL("./test/support/process/cloudflare-workers.ts", import.meta.url).pathname,
};

export default defineConfig({
  resolve: { alias },
  test: {
    // vitest's own choice on a machine with two cores is one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
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
          // Importing everything anew for each file would cost a third of the time.
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
