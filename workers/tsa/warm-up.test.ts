// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up makes a token", async () => {
  expect(await warmUp()).toBeGreaterThan(500);
});
