// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forbidWhatStartUpForbids } from "../../../test/support/start-up.ts";
import { warmUp } from "./warm-up.ts";

beforeEach(forbidWhatStartUpForbids);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("the warm-up appends genesis and two entries to one log, two entries to the other", async () => {
  expect(await warmUp()).toBe(5);
});
