// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { forbidWhatStartUpForbids } from "../../../test/support/start-up.ts";
import { warmUp } from "./warm-up.ts";

beforeEach(forbidWhatStartUpForbids);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("the warm-up serves a request and issues two certificates", async () => {
  const paths: string[] = [];
  const serve = (request: Request): Promise<Response> => {
    paths.push(new URL(request.url).pathname);
    return Promise.reject(new Error("start-up makes no response"));
  };
  expect(await warmUp(serve)).toBeGreaterThan(4000);
  expect(paths).toEqual(["/api/v2/signingCert"]);
});
