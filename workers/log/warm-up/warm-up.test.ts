// SPDX-License-Identifier: Apache-2.0

import { expect, it } from "vitest";
import { warmUp } from "./warm-up.ts";

it("runs the whole write path", async () => {
  expect(await warmUp()).toBeGreaterThan(0);
});
