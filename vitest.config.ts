// SPDX-License-Identifier: Apache-2.0
// Defines three projects: unit tests beside their files, in plain Node; service tests over HTTP against the stack in
// workerd; and those of both that take longest, which `npm test` leaves to `npm run test:long`
// and `npm run test:measured`.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** The module that only workerd has, for unit tests of files that extend its classes. */
const alias = {
  "cloudflare:workers": new URL("./test/support/process/cloudflare-workers.ts", import.meta.url).pathname,
};

/** Holds requests to a budget of CPU. */
const MEASURED = "test/service/fuzz.test.ts";

/** Starts of whole programs, keys replaced one after another, hostile input by the hundred, waits in real time. */
const LONG = [
  "cli/audit/audit.test.ts",
  "cli/audit/order.test.ts",
  "cli/connectors/add.test.ts",
  "cli/deployment/deployment.test.ts",
  "cli/deployment/settings-check.test.ts",
  "cli/deployment/undeployed.test.ts",
  "cli/keys/keys.test.ts",
  "cli/reindex/reindex.test.ts",
  "cli/rotate/compromised.test.ts",
  "cli/rotate/rotate.test.ts",
  "shared/bundle/mutations.test.ts",
  "shared/crypto/verify-digest.test.ts",
  "test/faults/outages.test.ts",
  "test/service/ca-failures.test.ts",
  "test/service/connectors.test.ts",
  "test/service/demo.test.ts",
  "test/service/limits.test.ts",
  MEASURED,
  "test/service/monitor-command.test.ts",
  "test/service/monitor-kill.test.ts",
  "test/service/monitor.test.ts",
  "test/service/rekor-v1-files.test.ts",
  "test/service/replaced-secrets.test.ts",
  "test/service/search-rows.test.ts",
  "test/service/sign-command.test.ts",
  "test/service/sign-in-switches.test.ts",
  "test/service/split.test.ts",
  "test/service/start.test.ts",
  "test/service/upgrade.test.ts",
  "test/service/watch-page.test.ts",
  "workers/sequencer/witnessing/witnesses.test.ts",
];

/** Each file runs a workerd of its own, which takes a core. */
const SERVICE = { testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: 2 };

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
          exclude: LONG,
          testTimeout: 60_000,
          // Importing every module again for each file would take a third of the time.
          isolate: false,
        },
      },
      { extends: true, test: { name: "service", include: ["test/service/**/*.test.ts"], exclude: LONG, ...SERVICE } },
      { extends: true, test: { name: "long", include: LONG, exclude: [MEASURED], ...SERVICE } },
      // After all others, alone: V8 optimizes on another thread, and where that has no core, code stays slow.
      { extends: true, test: { name: "measured", include: [MEASURED], ...SERVICE, sequence: { groupOrder: 1 } } },
    ],
  },
});
