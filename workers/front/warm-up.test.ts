// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up passes a request to a service", async () => {
  expect(await warmUp()).toBe(200);
});
