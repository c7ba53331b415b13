// SPDX-License-Identifier: Apache-2.0
// Every route that the services declare, and every status that a route can have: a page of another origin reads what
// is for all to read, and nothing else.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parsePublicUrl } from "../../shared/http/public-url.ts";
import type { RouteRow } from "../../shared/http/route.ts";
import { err, ok } from "../../shared/result.ts";
import { ROUTES as FRONT } from "./declaration.ts";
import { answer, type Front } from "./front.ts";
import { DECLARED_ROUTES } from "./routes.ts";

const HOST = "https://sign.example.com";
const ORIGIN = "https://page.example";
const STATUSES = [200, 201, 206, 304, 400, 404, 405, 413, 416, 421, 429, 500, 501, 503, 504];
const READABLE = { "access-control-allow-origin": "*", "access-control-expose-headers": "*" };

/** Every declared path, with what `*` and `:name` stand for filled in. */
const ROWS = [...Object.values(DECLARED_ROUTES), FRONT]
  .flatMap((rows): readonly RouteRow[] => rows)
  .filter(({ isInternal }) => isInternal !== true)
  .map(({ path, method, isPrivate, isOpen }) => ({
    path: path.replace(/[:*]\w*/g, "7"),
    method,
    isPrivate,
    isOpen,
  }));
const OPEN = [...new Set(ROWS.filter(({ isOpen }) => isOpen === true).map(({ path }) => path))].toSorted();
const pathsOf = (method: RouteRow["method"]): readonly string[] =>
  [...new Set(ROWS.filter((row) => row.method === method).map(({ path }) => path))]
    .filter((path) => !OPEN.includes(path))
    .toSorted();
const WRITABLE = pathsOf("POST");
const PRIVATE = [...new Set(ROWS.filter(({ isPrivate }) => isPrivate === true).map(({ path }) => path))].toSorted();
const READ_ONLY = pathsOf("GET").filter((path) => !WRITABLE.includes(path) && !PRIVATE.includes(path));
/** A path that is reserved beside routes below it is one of them to the front end. */
const RESERVED = pathsOf(undefined).filter(
  (path) => !READ_ONLY.some((read) => read.startsWith(path.replace(/7$/, ""))),
);

function front(status: number, isImmutable = false): Front {
  const publicUrl = parsePublicUrl(HOST);
  if (!publicUrl.ok) throw new Error(publicUrl.error.reason);
  return {
    config: ok({ publicUrl: publicUrl.value, logs: [] }),
    settingsProblems: () => [],
    gateOf: () => ({ admits: () => Promise.resolve(true) }),
    pages: { metrics: () => new Response(null, { status }) },
    dispatch: async () => (isImmutable ? await fetch("data:text/plain,x") : new Response(null, { status })),
  };
}

const send = (path: string, service: Front, method = "GET", headers: Record<string, string> = {}): Promise<Response> =>
  answer(new Request(new URL(path, HOST), { method, headers: { origin: ORIGIN, ...headers } }), service);
const corsOf = ({ headers }: Response): object =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
const preflightOf = (path: string, method: string): Promise<Response> =>
  send(path, front(405), "OPTIONS", {
    "access-control-request-method": method,
    "access-control-request-headers": "if-none-match, range",
  });

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(READ_ONLY)("%s", (path) => {
  it.each(STATUSES)("is readable with status %i, whatever the method", async (status) => {
    for (const method of ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
      expect(corsOf(await send(path, front(status), method))).toEqual(READABLE);
  });

  it("is readable where the headers of the answer cannot be changed", async () => {
    expect(corsOf(await send(path, front(200, true)))).toEqual(READABLE);
  });

  it("is readable where the service throws, is not configured, or is of another host", async () => {
    const throwing: Front = { ...front(200), dispatch: () => Promise.reject(new Error("out")), pages: {} };
    const unconfigured: Front = { ...front(200), config: err({ code: "config_invalid", problems: ["x is missing"] }) };
    for (const response of [
      await send(path, throwing),
      await send(path, unconfigured),
      await send(`https://elsewhere.example.com${path}`, front(200)),
    ])
      expect(corsOf(response)).toEqual(READABLE);
  });

  it("allows a preflight for any header of a read", async () => {
    const allowed = await preflightOf(path, "GET");
    expect(allowed.status).toBe(204);
    expect(corsOf(allowed)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": "*",
    });
  });
});

it("belongs to one browser where it continues a sign-in, and where somebody is signed in", () => {
  const watch = ["/watch", "/watch/sign-in", "/watch/sign-out", "/watch/signed-in", "/watch/stop"];
  expect(PRIVATE).toEqual(["/oidc/auth/7", "/oidc/callback/7", "/sign", ...watch]);
});

describe.each([...new Set([...WRITABLE, ...PRIVATE])])(
  "%s, which pages may not read unless its service says so,",
  (path) => {
    it.each(STATUSES)("with status %i has the headers of its service and no others", async (status) => {
      for (const method of ["GET", "POST", "OPTIONS"])
        expect(corsOf(await send(path, front(status), method))).toEqual({});
      expect(corsOf(await preflightOf(path, "POST"))).toEqual({});
    });
  },
);

describe.each(OPEN)("%s, of an API that pages call,", (path) => {
  it.each(STATUSES)("is readable with status %i, whatever the method", async (status) => {
    for (const method of ["GET", "POST", "OPTIONS"])
      expect(corsOf(await send(path, front(status), method))).toEqual(READABLE);
  });

  it("allows a preflight for a POST with any header", async () => {
    const allowed = await preflightOf(path, "POST");
    expect(allowed.status).toBe(204);
    expect(corsOf(allowed)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST",
      "access-control-allow-headers": "*",
    });
  });
});

describe.each([...RESERVED, "/nothing", "/oidc/dev/token"])("%s, which is no route,", (path) => {
  it.each(STATUSES)("is readable with status %i, and not writable", async (status) => {
    for (const method of ["GET", "HEAD"]) expect(corsOf(await send(path, front(status), method))).toEqual(READABLE);
    for (const method of ["POST", "OPTIONS"]) expect(corsOf(await send(path, front(status), method))).toEqual({});
    expect(corsOf(await preflightOf(path, "POST"))).toEqual({});
  });
});
