// SPDX-License-Identifier: Apache-2.0
// `npm run test:interop`: clients and checkers by others, and the tests that take longest. Separate from the main
// vitest.config.ts because it needs those programs, which tools/interop-tools.ts builds.

import { defineConfig } from "vitest/config";

export default defineConfig({
  // A thief runs services of ours in the test's own process.
  resolve: {
    alias: {
      "cloudflare:workers": new URL("../support/process/cloudflare-workers.ts", import.meta.url).pathname,
    },
  },
  test: {
    name: "interop",
    globalSetup: ["test/support/process/checkout-guard.ts"],
    include: ["test/interop/**/*.test.ts"],
    // Each file runs a workerd.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["verbose"],
  },
});
