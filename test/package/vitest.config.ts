// SPDX-License-Identifier: Apache-2.0
// `npm run test:package`: the published package, installed as a user installs it, and what the container image runs.
// Needs the npm registry and about two minutes.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "package",
    include: ["test/package/installed/**/*.test.ts"],
    globalSetup: ["test/package/installed/pack.ts"],
    // Each installs some hundred megabytes, then starts a workerd.
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    reporters: ["verbose"],
  },
});
