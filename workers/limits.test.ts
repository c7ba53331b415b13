// SPDX-License-Identifier: Apache-2.0
// The gate, over every route that a service declares: a new route is tested as soon as it is declared.

import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openLocalSettings } from "../local/settings.ts";
import type { RouteRow } from "../shared/http/route.ts";
import { tilesContext } from "../test/support/logs/tiles-context.ts";
import ca from "./ca/index.ts";
import { type ComposedEnv, compose, serviceEnv } from "./compose.ts";
import { DECLARATIONS, DECLARED_SERVICES, resourceNames } from "./declarations.ts";
import { ROUTES as FRONT } from "./front/declaration.ts";
import { DECLARED_ROUTES } from "./front/routes.ts";
import log from "./log/index.ts";
import monitor from "./monitor/index.ts";
import oidc from "./oidc/index.ts";
import trust from "./trust/index.ts";
import tsa from "./tsa/index.ts";
import web from "./web/index.ts";
import witness from "./witness/index.ts";

const ALL: readonly RouteRow[] = [...FRONT, ...Object.values(DECLARED_ROUTES).flat()];
const pathOf = ({ path }: RouteRow): string => path.replace(/\*$/, "0/000.p/7").replace(/:\w+/g, "7");
const POSTS = ALL.flatMap((row) => (row.method === "POST" ? [{ path: pathOf(row), limit: row.limit }] : []));
const GETS = ALL.flatMap((row) => (row.method === "GET" && row.isInternal !== true ? [pathOf(row)] : []));
/** An isolate asks for these at most once in some seconds, for all readers together: nobody is limited. */
const KEPT = new Set(["/healthz", ...DECLARED_ROUTES.trust.map(pathOf)]);

const PORT = 8787;
const WITNESSED_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const LIMIT = 3;

let state: string;
let settings: Readonly<Record<string, string>>;

beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-limits-"));
  const read = openLocalSettings({ port: PORT, state, accept: null });
  if (!read.ok) throw new Error(read.error);
  const witnessKey = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  settings = { ...read.value, WITNESS_KEY: witnessKey, WITNESSED_LOGS: `log ${WITNESSED_VKEY}` };
});
afterAll(() => rmSync(state, { recursive: true, force: true }));
beforeEach(() => {
  for (const level of ["error", "warn", "log"] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const worker = compose(
  { ca, tsa, log, trust, oidc, witness, monitor, web },
  () =>
    ({ OidcKeys: { jwks: unreachable }, OidcPeople: {}, LogReads: {}, MonitorHeartbeat: {}, TrustState: {} }) as never,
);

function unreachable(): never {
  throw new Error("unreachable");
}

/** The counters of an account, which its deployments share. */
class Counters {
  readonly counts = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  limit({ key }: { readonly key: string }): Promise<{ readonly success: boolean }> {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return Promise.resolve({ success: count <= this.#limit });
  }
}

interface Deployment {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  /** The bindings that a request has used: objects and D1. */
  readonly asked: Set<string>;
}

function deployment(counters: Counters, url = `http://localhost:${PORT}`): Deployment {
  const asked = new Set<string>();
  const names = DECLARED_SERVICES.flatMap((service) => resourceNames(DECLARATIONS[service].bindings));
  const binding = (name: string): object => {
    const use = (): never => {
      asked.add(name);
      throw new Error("unreachable");
    };
    return { getByName: use, get: name === "TILES" ? () => Promise.resolve(null) : use, prepare: use, batch: use };
  };
  const bindings = names.map((name) => {
    const isLimit = ["READS", "WRITES", "IDENTITIES"].includes(name);
    return [name, isLimit ? counters : binding(name)] as const;
  });
  const SHARDS = settings["SHARDS"]?.replaceAll(`http://localhost:${PORT}`, url);
  const env = { ...Object.fromEntries(bindings), ...settings, SHARDS, PUBLIC_URL: url } as unknown as ComposedEnv;
  const ctx = tilesContext(serviceEnv.log(env), false) as unknown as ExecutionContext;
  return { asked, fetch: (path, init) => worker.fetch(new Request(`${url}${path}`, init), env, ctx) };
}

const from = (address: string): { readonly "cf-connecting-ip": string } => ({ "cf-connecting-ip": address });

const post = async ({ fetch }: Deployment, path: string, headers: Record<string, string>): Promise<Response> =>
  await fetch(path, { method: "POST", body: "{}", headers: { "content-type": "application/json", ...headers } });

/** Each in the form of its spec: lines of text, pages for people, JSON. */
function formOf(path: string): RegExp {
  if (path.startsWith("/ct/") || path.startsWith("/witness/")) return /^text\/plain/;
  const isPage = path.startsWith("/watch") || ["/oidc/auth", "/oidc/confirm", "/oidc/device"].includes(path);
  return isPage ? /^text\/html/ : /^application\/json/;
}

describe.each(POSTS)("POST $path", ({ path, limit }) => {
  it.each([
    ["an IPv4 address", ["192.0.2.1"], "192.0.2.2"],
    ["the /64 of an IPv6 address", ["2001:db8:1:2::1", "2001:db8:1:2:ffff::", "2001:0db8:1:2:0::3"], "2001:db8:1:3::1"],
    ["clients without an address that is one", ["", "unknown", "1.2.3"], "192.0.2.1"],
  ])("is limited for %s", async (_, addresses, other) => {
    const counters = new Counters(LIMIT);
    const one = deployment(counters);
    const next = (i: number): Record<string, string> => from(addresses[i % addresses.length] ?? "");
    // A request that names no network comes from the owner of a local stack, and elsewhere from somebody.
    const there = addresses.includes("") ? deployment(counters, "https://one.example.com") : one;
    for (let i = 0; i < LIMIT; i++) expect((await post(there, path, next(i))).status).not.toBe(429);
    const refused = await post(there, path, next(LIMIT));
    expect([refused.status, Number(refused.headers.get("retry-after")) >= 10]).toEqual([429, true]);
    expect(refused.headers.get("content-type")).toMatch(formOf(path));
    expect((await post(there, path, from(other))).status).not.toBe(429);
    // Another deployment of the account.
    expect((await post(deployment(counters, "https://two.example.com"), path, next(0))).status).not.toBe(429);
  });

  it("counts with its like and with nothing else", async () => {
    for (const like of POSTS) {
      const counters = new Counters(1);
      const one = deployment(counters);
      await post(one, path, from("192.0.2.1"));
      const { status } = await post(one, like.path, from("192.0.2.1"));
      expect([like.path, status === 429]).toEqual([like.path, like.limit === limit]);
    }
  });
});

describe("a network beyond its limits", () => {
  it.each(GETS.filter((path) => !KEPT.has(path)))("reaches no object and not D1 by GET %s", async (path) => {
    const one = deployment(new Counters(0));
    for (const query of ["", "?email=a@example.com", "?index=0", "?from=1", "?index=0&size=1&log=certificate"]) {
      await (await one.fetch(path + query, { headers: from("192.0.2.1") })).text();
    }
    expect([...one.asked]).toEqual([]);
  });

  it.each(["/api/search?email=a@example.com", "/api/logs", "/metrics", "/checkpoint"])(
    "gets 429 with Retry-After from %s",
    async (path) => {
      const refused = await deployment(new Counters(0)).fetch(path, { headers: from("2001:db8::1") });
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
      const admitted = deployment(new Counters(1));
      expect((await admitted.fetch(path, { headers: from("2001:db8::1") })).status).not.toBe(429);
      expect(admitted.asked.size).toBeGreaterThan(0);
    },
  );
});

it.each(["/oidc/auth", "/oidc/auth/github", "/oidc/callback/github", "/oidc/callback/development"])(
  "GET %s, which may ask a provider, counts as a sign-in",
  async (path) => {
    const counters = new Counters(1);
    const one = deployment(counters);
    expect((await one.fetch(path, { headers: from("192.0.2.1") })).status).not.toBe(429);
    expect([...counters.counts]).toEqual([[expect.stringMatching(/ sign-ins 192\.0\.2\.1$/), 1]]);
    const refused = await one.fetch(path, { headers: from("192.0.2.1") });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([429, "text/html; charset=utf-8"]);
  },
);

it("the owner of a local stack, whose requests name no network, is not limited", async () => {
  for (const { path } of POSTS) expect((await post(deployment(new Counters(0)), path, {})).status).not.toBe(429);
});
