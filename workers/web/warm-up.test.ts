// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { route } from "./index.ts";
import { warmUp } from "./warm-up.ts";

test("the warm-up makes pages of each kind, with entries on them", async () => {
  const pages: (readonly [status: number, path: string, isRendered: boolean])[] = [];
  const count = await warmUp(async (request, config) => {
    const response = await route(request, config);
    const text = await response.clone().text();
    const [, path = ""] = new URL(request.url).pathname.split("/");
    pages.push([response.status, path, /warm-up(?:\/|%2F|\.)/.test(text)]);
    return response;
  });
  expect(count).toBe(pages.length);
  expect(pages).toEqual([
    [200, "", true],
    [200, "logs", true],
    [200, "search", true],
    [200, "search", true],
    [200, "entry", true],
    [200, "entry", true],
    [200, "identity-of", true],
    [200, "search", true],
    [404, "missing", true],
  ]);
});
