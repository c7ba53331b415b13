// SPDX-License-Identifier: Apache-2.0

import { afterEach, expect, test, vi } from "vitest";
import { forbidWhatStartUpForbids } from "../../test/support/start-up.ts";
import { takeCallback } from "./provider/callback.ts";
import { warmUp } from "./warm-up.ts";

type Serve = Parameters<typeof warmUp>[0];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("the warm-up takes every step of a sign-in, and each kind of provider identifies somebody", async () => {
  const steps: string[] = [];
  const serve: Serve = async (request, provider, remote) => {
    const { pathname } = new URL(request.url);
    steps.push(`${request.method} ${pathname}`);
    const [, connector] = /^\/oidc\/callback\/(.+)$/.exec(pathname) ?? [];
    if (connector === undefined) throw new Error("start-up makes no response");
    return await takeCallback(Object.assign(request, { params: { connector } }), provider, remote);
  };
  forbidWhatStartUpForbids();
  expect(await warmUp(serve)).toBe(9 + 2);
  expect(steps).toEqual([
    "GET /oidc/auth",
    "GET /oidc/auth",
    "GET /oidc/callback/github",
    "GET /oidc/callback/oidc",
    "POST /oidc/confirm",
    "POST /oidc/token",
    "POST /oidc/device/code",
    "GET /oidc/device",
    "POST /oidc/device",
  ]);
});
