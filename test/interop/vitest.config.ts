// SPDX-License-Identifier: Apache-2.0
// `npm run test:interop`: our logs before checkers that other people wrote, and the tests that take longest. Apart from
// vitest.config.ts, since it needs their programs: tools/interop-tools.ts builds them.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "interop",
    include: ["test/interop/**/*.test.ts"],
    // One workerd each.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: ["verbose"],
  },
});
