// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forbidWhatStartUpForbids } from "../../test/support/start-up.ts";
import { warmUp } from "./warm-up.ts";

beforeEach(forbidWhatStartUpForbids);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("the warm-up passes a request to a service", async () => {
  expect(await warmUp()).toBe(200);
});
