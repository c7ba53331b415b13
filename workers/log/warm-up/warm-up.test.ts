// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { forbidWhatStartUpForbids } from "../../../test/support/start-up.ts";
import { warmUp } from "./warm-up.ts";

beforeEach(forbidWhatStartUpForbids);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("runs the whole write path, with the route and without, and finds something by each read", async () => {
  const paths: string[] = [];
  const serve = (request: Request): Promise<Response> => {
    paths.push(new URL(request.url).pathname);
    return Promise.reject(new Error("start-up makes no response"));
  };
  expect(await warmUp(serve)).toBe(7);
  expect(paths).toEqual(["/api/v2/log/entries"]);
});
