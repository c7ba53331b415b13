// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up reads every setting, and finds nothing wrong but the kind of its key", async () => {
  expect(await warmUp()).toBe(1);
});
