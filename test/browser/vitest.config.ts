// SPDX-License-Identifier: Apache-2.0
// `npm run test:browser`: the pages in Chromium. Separate because it needs a browser, and a client that
// tools/interop-tools.ts builds.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "browser",
    globalSetup: ["test/support/process/checkout-guard.ts"],
    include: ["test/browser/**/*.test.ts"],
    // Each file runs a workerd and a browser, and waits for them half of the time.
    maxWorkers: 2,
    // Eight runs of axe on a loaded machine.
    testTimeout: 300_000,
    hookTimeout: 120_000,
    reporters: ["verbose"],
  },
});
