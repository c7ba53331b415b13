// SPDX-License-Identifier: Apache-2.0

import { expect, test } from "vitest";
import { warmUp } from "./warm-up.ts";

test("the warm-up takes every step of a sign-in", async () => {
  const steps: string[] = [];
  const serve = ({ method, url }: Request): Promise<Response> => {
    steps.push(`${method} ${new URL(url).pathname}`);
    return Promise.reject(new Error("start-up makes no response"));
  };
  expect(await warmUp(serve)).toBe(8);
  expect(steps).toEqual([
    "GET /oidc/auth",
    "GET /oidc/auth",
    "GET /oidc/callback/github",
    "POST /oidc/confirm",
    "POST /oidc/token",
    "POST /oidc/device/code",
    "GET /oidc/device",
    "POST /oidc/device",
  ]);
});
