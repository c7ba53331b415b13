// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up reaches its end: genesis and two entries in one log, two in the other", async () => {
  expect(await warmUp()).toBe(5);
});
