// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up appends genesis and two entries to one log, two entries to the other", async () => {
  expect(await warmUp()).toBe(5);
});
