// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { createFetchOutside, type FetchOutside, type PlatformFetch } from "../../../shared/http/outside.ts";
import { createIssuer, type Identity, type Issuer } from "../../../shared/identity/issuers.ts";
import { parseIssuerPattern } from "../../../shared/oidc/issuer-pattern.ts";
import { ALGORITHMS } from "../../../shared/oidc/jwks.ts";
import type { KeySource } from "../../../shared/oidc/token.ts";
import { jwksOf, makeClock } from "../../../test/support/authority/ca.ts";
import { makeIssuerKey } from "../../../test/support/authority/identity-token.ts";
import type { KeysUnavailable } from "../errors.ts";
import { createEntryKey } from "./entry-key.ts";
import { createKeySources, type KeySources, type KeysPlatform } from "./jwks-source.ts";
import { cacheStore, type KeyStore, type PlatformCache } from "./key-store.ts";

const KEY_1 = makeIssuerKey("one", "P-256");
const KEY_2 = makeIssuerKey("two", "P-256");
const SECOND = 1000;
const MINUTE = 60 * SECOND;

const EMAIL: Identity = { type: "email", issuerClaim: null, skipsVerification: false };
const ISSUER: Issuer = createIssuer("https://issuer.example", EMAIL);
const DOCUMENT = {
  issuer: "https://issuer.example",
  jwks_uri: "https://keys.example/set?v=1",
  id_token_signing_alg_values_supported: ["ES256"],
};

/** A cache that stores text. */
function memoryCache(kept = new Map<string, string>()): PlatformCache {
  return {
    match: async (name) => {
      const text = kept.get(name);
      return text === undefined ? undefined : new Response(text);
    },
    put: async (name, response) => void kept.set(name, await response.text()),
  };
}

const ENTRY_KEY = createEntryKey("the CA's key");
const storeIn = (cache: PlatformCache, rejected: string[]): KeyStore =>
  cacheStore({
    base: "https://sigstore.example.com",
    entryKey: ENTRY_KEY,
    cache: async () => cache,
    report: ({ issuer }) => void rejected.push(issuer),
  });

const outsideBy = (fetch: PlatformFetch): FetchOutside =>
  createFetchOutside({ fetch, ownHosts: ["sigstore.example.com"], allowsLoopback: false });

interface Web {
  document: () => Response | Promise<Response>;
  keys: () => Response | Promise<Response>;
}

interface Bench {
  readonly web: Web;
  readonly source: KeySource<KeysUnavailable>;
  readonly advance: (ms: number) => void;
  readonly fetched: string[];
  readonly inits: RequestInit[];
  readonly reported: string[];
  /** The issuers whose entries in the cache were not the CA's own. */
  readonly rejected: string[];
  /** The work that the platform was asked to keep alive. */
  readonly keptAlive: Promise<unknown>[];
  /** Another isolate of the same location; it starts without keys. */
  readonly another: () => Pick<Bench, "source">;
}

function makeBench(
  issuer: Issuer = ISSUER,
  builtInJwks: () => Promise<unknown> = () => Promise.reject(new Error()),
  cache: PlatformCache = memoryCache(),
): Bench {
  const clock = makeClock();
  const web: Web = { document: () => Response.json(DOCUMENT), keys: () => Response.json(jwksOf(KEY_1)) };
  const fetched: string[] = [];
  const inits: RequestInit[] = [];
  const reported: string[] = [];
  const rejected: string[] = [];
  const keptAlive: Promise<unknown>[] = [];
  const platform: KeysPlatform = {
    now: clock.now,
    builtInJwks,
    keepAlive: (work) => void keptAlive.push(work),
    store: storeIn(cache, rejected),
    report: ({ reason }) => void reported.push(reason),
    fetchOutside: outsideBy(async (url, init) => {
      fetched.push(url);
      inits.push(init);
      return url.endsWith("openid-configuration") ? web.document() : web.keys();
    }),
  };
  const another = (): Pick<Bench, "source"> => ({ source: createKeySources(platform)(issuer, "192.0.2.1") });
  return { web, ...another(), advance: clock.advance, fetched, inits, reported, rejected, keptAlive, another };
}

const keyIds = async ({ source }: Pick<Bench, "source">): Promise<unknown> => {
  const keys = await source.read();
  return keys.ok ? keys.value.keys.map(({ keyId }) => keyId) : keys.error;
};

const refreshedKeyIds = async ({ source }: Bench): Promise<unknown> => {
  const keys = await source.refresh();
  return keys.ok ? (keys.value?.keys.map(({ keyId }) => keyId) ?? null) : keys.error;
};

const nameInCache = async (): Promise<string> =>
  `https://sigstore.example.com/oidc/issuer-keys/${await ENTRY_KEY.nameOf(ISSUER.url)}`;
/** An entry as the CA makes it, whatever it holds. */
const sealed = async (value: unknown, issuer = ISSUER.url, key = ENTRY_KEY): Promise<Response> =>
  new Response(await key.seal(issuer, typeof value === "string" ? value : JSON.stringify(value)));
const KEYS_ENTRY = { jwks: jwksOf(KEY_2), algorithms: ["ES256"], freshMs: 1e9, loadedAt: 1 };
const UNAVAILABLE = { code: "issuer_keys_unavailable", issuer: ISSUER.url, retryAfterSeconds: 5 };

describe("the keys of a discovered issuer", () => {
  it("are fetched once, without following redirects, and cached", async () => {
    const bench = makeBench();
    expect(await bench.source.read()).toMatchObject({ ok: true, value: { algorithms: ["ES256"] } });
    expect(await keyIds(bench)).toEqual(["one"]);
    bench.advance(10 * MINUTE - 1);
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(bench.fetched).toEqual([
      "https://issuer.example/.well-known/openid-configuration",
      "https://keys.example/set?v=1",
    ]);
    for (const init of bench.inits) {
      expect(init).toMatchObject({ redirect: "manual", cache: "no-store" });
      expect(init.signal).toBeInstanceOf(AbortSignal);
    }
  });

  it.each([
    [null, 10 * MINUTE],
    ["public, max-age=1800, must-revalidate", 30 * MINUTE],
    ["max-age=5", MINUTE],
    ["max-age=86400", 60 * MINUTE],
    ["max-age=999999999999", 60 * MINUTE],
    ["s-maxage=5", 10 * MINUTE],
    ["no-store", MINUTE],
  ])("are fresh for as long as Cache-Control %j says, within bounds", async (cacheControl, freshMs) => {
    const bench = makeBench();
    const headers: Record<string, string> = cacheControl === null ? {} : { "cache-control": cacheControl };
    bench.web.keys = () => Response.json(jwksOf(KEY_1), { headers });
    await keyIds(bench);
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    bench.advance(freshMs - 1);
    expect(await keyIds(bench)).toEqual(["one"]);
    bench.advance(1);
    expect(await keyIds(bench)).toEqual(["two"]);
  });

  it("are fetched again for an unknown kid, at most once in 30 s", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.web.keys = () => Response.json(jwksOf(KEY_1, KEY_2));
    for (let i = 0; i < 100; i++) expect(await refreshedKeyIds(bench)).toBeNull();
    expect(bench.fetched).toHaveLength(2);
    bench.advance(30 * SECOND);
    expect(await refreshedKeyIds(bench)).toEqual(["one", "two"]);
    expect(await refreshedKeyIds(bench)).toBeNull();
    expect(await keyIds(bench)).toEqual(["one", "two"]);
    expect(bench.fetched).toHaveLength(4);
  });

  it("remain in use for a day while the issuer is unreachable", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.web.document = () => new Response("oops", { status: 500 });
    bench.advance(10 * MINUTE);
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(await refreshedKeyIds(bench)).toBeNull();
    bench.advance(23 * 60 * MINUTE);
    expect(await keyIds(bench)).toEqual(["one"]);
    bench.advance(60 * MINUTE);
    expect(await keyIds(bench)).toEqual(UNAVAILABLE);
    expect(bench.reported).toHaveLength(3);
  });

  it("are fetched by a bounded number of concurrent requests at the start", async () => {
    const bench = makeBench();
    bench.web.document = () => new Promise(() => {});
    for (let i = 0; i < 64; i++) void bench.source.read();
    for (let i = 0; i < 10; i++) expect(await keyIds(bench)).toEqual({ ...UNAVAILABLE, retryAfterSeconds: 1 });
    expect(bench.fetched).toHaveLength(64);
    bench.advance(20 * SECOND);
    bench.web.document = () => Response.json(DOCUMENT);
    expect(await keyIds(bench)).toEqual(["one"]);
  });

  it("are fetched again after a failure, but not immediately", async () => {
    const bench = makeBench();
    bench.web.keys = () => Promise.reject(new DOMException("secret text", "TimeoutError"));
    for (let i = 0; i < 10; i++) expect(await keyIds(bench)).toEqual(UNAVAILABLE);
    expect(bench.fetched).toHaveLength(2);
    expect(bench.reported).toEqual(["the key set could not be fetched: TimeoutError"]);
    bench.web.keys = () => Response.json(jwksOf(KEY_1));
    bench.advance(5 * SECOND);
    expect(await keyIds(bench)).toEqual(["one"]);
  });

  it("are fetched for the isolate: a client that hangs up does not end the fetch", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.advance(10 * MINUTE);
    const answer: ((response: Response) => void)[] = [];
    bench.web.document = () => new Promise((resolve) => void answer.push(resolve));
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    void bench.source.read();
    await expect.poll(() => answer.length).toBe(1);
    // The client has gone. Work that the platform was asked to keep alive goes on.
    answer[0]?.(Response.json(DOCUMENT));
    await bench.keptAlive.at(-1);
    bench.web.document = () => Promise.reject(new TypeError("no route"));
    expect(await keyIds(bench)).toEqual(["two"]);
    expect(bench.keptAlive).toHaveLength(2);
  });

  it.each<[string, (bench: Bench) => Promise<unknown>]>([
    ["a fetch", ({ source }) => source.read()],
    ["a refresh for an unknown kid", ({ source }) => source.refresh()],
  ])("that were withdrawn end a minute after their freshness, however often %s dies", async (_, attack) => {
    const bench = makeBench();
    await keyIds(bench);
    const acceptedAfter: number[] = [];
    for (let seconds = 0; seconds < 3600; seconds += 5) {
      // The attacker's request dies before the issuer answers; a client that stays gets the current keys.
      bench.web.document = () => new Promise(() => {});
      void attack(bench);
      await Promise.resolve();
      bench.web.document = () => Response.json(DOCUMENT);
      bench.web.keys = () => Response.json(jwksOf(KEY_2));
      const ids = await keyIds(bench);
      if (JSON.stringify(ids) === '["one"]') acceptedAfter.push(seconds);
      bench.advance(5 * SECOND);
    }
    expect(Math.max(...acceptedAfter)).toBeLessThan(11 * 60);
  });

  it("are fetched again after a request was canceled during its fetch", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.advance(MINUTE);
    bench.web.keys = () => new Promise(() => {});
    void bench.source.refresh();
    await Promise.resolve();
    expect(await refreshedKeyIds(bench)).toEqual({ ...UNAVAILABLE, retryAfterSeconds: 1 });
    expect(await keyIds(bench)).toEqual(["one"]);
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    bench.advance(30 * SECOND);
    expect(await refreshedKeyIds(bench)).toEqual(["two"]);
  });

  it.each<[string, Partial<Web>, string]>([
    [
      "is redirected",
      { document: () => Response.redirect("https://evil.example", 302) },
      "the discovery document could not be fetched: status 302",
    ],
    [
      "names another issuer",
      { document: () => Response.json({ ...DOCUMENT, issuer: "https://evil.example" }) },
      "the discovery document names another issuer",
    ],
    ["is not JSON", { document: () => new Response("<html>") }, "the discovery document is not JSON"],
    [
      "is too large",
      { document: () => new Response(" ".repeat(64 * 1024 + 1)) },
      "the discovery document is larger than 65536 bytes",
    ],
    [
      "is gone",
      { document: () => new Response(null, { status: 404 }) },
      "the discovery document could not be fetched: status 404",
    ],
    [
      "cannot be fetched",
      { document: () => Promise.reject(new TypeError("x")) },
      "the discovery document could not be fetched: TypeError",
    ],
    [
      "is cut off",
      { document: () => new Response(new ReadableStream({ pull: (c) => c.error(new Error("x")) })) },
      "the discovery document could not be read",
    ],
    [
      "has keys that are redirected",
      { keys: () => Response.redirect("https://evil.example", 301) },
      "the key set could not be fetched: status 301",
    ],
    [
      "has ten megabytes of keys",
      { keys: () => new Response(" ".repeat(10_000_000)) },
      "the key set is larger than 262144 bytes",
    ],
    ["has no keys", { keys: () => Response.json({ keys: [] }) }, "the key set has no key that can verify a token"],
    ["has a duplicate member", { keys: () => new Response('{"keys":[],"keys":[]}') }, "the key set is not JSON"],
  ])("are unavailable if the discovery document %s", async (_, web, reason) => {
    const bench = makeBench();
    Object.assign(bench.web, web);
    expect(await keyIds(bench)).toEqual(UNAVAILABLE);
    expect(bench.reported).toEqual([reason]);
  });
});

describe("the keys in the store of the location", () => {
  it("suffice for a new isolate while they are fresh", async () => {
    const bench = makeBench();
    bench.web.keys = () => Response.json({ keys: [{ ...KEY_1.jwk, alg: "ES256" }, makeIssuerKey("three").jwk] });
    const first = await bench.source.read();
    bench.advance(10 * MINUTE - 1);
    expect(await bench.another().source.read()).toEqual(first);
    expect(bench.fetched).toHaveLength(2);
    bench.advance(1);
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    expect(await keyIds(bench.another())).toEqual(["two"]);
    expect(await keyIds(bench.another())).toEqual(["two"]);
    expect(bench.fetched).toHaveLength(4);
  });

  it("serve every isolate for a day after they were fetched while the issuer is unreachable", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.web.document = () => Promise.reject(new TypeError("no route"));
    bench.advance(24 * 60 * MINUTE - 1);
    expect(await keyIds(bench.another())).toEqual(["one"]);
    bench.advance(1);
    expect(await keyIds(bench.another())).toEqual(UNAVAILABLE);
  });

  it("replace the older keys of an isolate that was idle", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.advance(24 * 60 * MINUTE);
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    expect(await keyIds(bench.another())).toEqual(["two"]);
    bench.web.document = () => Promise.reject(new TypeError("no route"));
    bench.advance(60 * MINUTE);
    expect(await keyIds(bench)).toEqual(["two"]);
  });

  it("are ignored if newer ones were fetched during the lookup", async () => {
    const cache = memoryCache();
    const earlier = makeBench(ISSUER, undefined, cache);
    await keyIds(earlier);
    const stored = (await cache.match(await nameInCache())) as Response;
    const looking: ((found: Response) => void)[] = [];
    const slow = { ...cache, match: () => new Promise<Response>((resolve) => void looking.push(resolve)) };
    const bench = makeBench(ISSUER, undefined, slow);
    bench.advance(MINUTE);
    bench.web.keys = () => Response.json(jwksOf(KEY_2));
    // One after another, because each makes its name in the cache asynchronously and could overtake the other.
    const first = keyIds(bench);
    await expect.poll(() => looking.length).toBe(1);
    const second = keyIds(bench);
    await expect.poll(() => looking.length).toBe(2);
    // The second lookup finds nothing and fetches; then the first one returns the older keys.
    looking[1]?.(new Response("nothing"));
    expect(await second).toEqual(["two"]);
    looking[0]?.(stored);
    expect([await first, await keyIds(bench)]).toEqual([["two"], ["two"]]);
  });

  it("limit how often unknown kids cause a fetch", async () => {
    const bench = makeBench();
    await keyIds(bench);
    bench.advance(30 * SECOND - 1);
    const { source } = bench.another();
    await source.read();
    for (let i = 0; i < 10; i++) expect(await source.refresh()).toEqual({ ok: true, value: null });
    expect(bench.fetched).toHaveLength(2);
    bench.advance(1);
    expect(await source.refresh()).toMatchObject({ ok: true, value: { keys: [{ keyId: "one" }] } });
  });

  it("are stored per issuer, under a name of this deployment", async () => {
    const kept = new Map<string, string>();
    await keyIds(makeBench(ISSUER, undefined, memoryCache(kept)));
    const other = makeBench({ ...ISSUER, url: "https://other.example" }, undefined, memoryCache(kept));
    expect(await keyIds(other)).toMatchObject({ code: "issuer_keys_unavailable" });
    expect([...kept.keys()]).toEqual([await nameInCache()]);
  });

  it.each<[string, Partial<PlatformCache>]>([
    ["rejects", { match: () => Promise.reject(new Error("cache")), put: () => Promise.reject(new Error("cache")) }],
    [
      "throws",
      {
        match: () => {
          throw new Error("cache");
        },
        put: () => {
          throw new Error("cache");
        },
      },
    ],
    ["holds too many bytes", { match: async () => new Response(" ".repeat(600_000)) }],
    ["holds text that is not JSON", { match: () => sealed("<html>") }],
    ["holds other JSON", { match: () => sealed([]) }],
    ["holds no keys", { match: () => sealed({ ...KEYS_ENTRY, jwks: { keys: [] } }) }],
    ["holds no algorithms", { match: () => sealed({ ...KEYS_ENTRY, algorithms: ["none"] }) }],
    ["holds no time", { match: () => sealed({ ...KEYS_ENTRY, loadedAt: undefined }) }],
    ["holds keys from the future", { match: () => sealed({ ...KEYS_ENTRY, loadedAt: 9e12 }) }],
  ])("count as absent if the cache %s", async (_, cache) => {
    const bench = makeBench(ISSUER, undefined, { ...memoryCache(), ...cache });
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(bench.fetched).toHaveLength(2);
    expect(bench.rejected).toEqual([]);
  });

  const NOW = makeClock().now();
  const FRESH_ENTRY = { ...KEYS_ENTRY, loadedAt: NOW };
  const flipped = async (): Promise<Response> =>
    new Response((await (await sealed(FRESH_ENTRY)).text()).replace('"freshMs":1', '"freshMs":2'));

  it.each<[string, () => Promise<Response>]>([
    ["without a MAC", async () => Response.json(FRESH_ENTRY)],
    ["with a made-up MAC", async () => new Response(`${"A".repeat(43)}=\n${JSON.stringify(FRESH_ENTRY)}`)],
    ["with the MAC of another deployment", () => sealed(FRESH_ENTRY, ISSUER.url, createEntryKey("another CA's key"))],
    ["that belongs to another issuer", () => sealed(FRESH_ENTRY, "https://evil.example")],
    ["that was changed", flipped],
    ["that is not text", async () => new Response(Uint8Array.of(0xff, 0x0a))],
  ])("are never those of an entry %s, which is reported", async (_, match) => {
    const bench = makeBench(ISSUER, undefined, { ...memoryCache(), match });
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(bench.fetched).toHaveLength(2);
    expect(bench.rejected).toEqual([ISSUER.url]);
  });

  it("are those of the CA's own entry, but no entry makes them fresh for more than an hour", async () => {
    const bench = makeBench(ISSUER, undefined, { ...memoryCache(), match: () => sealed(FRESH_ENTRY) });
    expect(await keyIds(bench)).toEqual(["two"]);
    bench.advance(60 * MINUTE - 1);
    expect([await keyIds(bench), bench.fetched]).toEqual([["two"], []]);
    bench.advance(1);
    expect(await keyIds(bench)).toEqual(["one"]);
  });

  it("have a name that nobody can predict who does not have the CA's key", async () => {
    const names = await Promise.all(["a", "b", "a"].map((secret) => createEntryKey(secret).nameOf(ISSUER.url)));
    expect(names[0]).toBe(names[2]);
    expect(names[0]).not.toBe(names[1]);
    expect(names[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the keys of the built-in issuer", () => {
  const issuer: Issuer = { ...ISSUER, keys: { kind: "built-in" } };

  it("are read by RPC, never by fetch", async () => {
    let calls = 0;
    const bench = makeBench(issuer, async () => {
      calls++;
      return jwksOf(KEY_1);
    });
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(await keyIds(bench)).toEqual(["one"]);
    expect(calls).toBe(1);
    expect(bench.fetched).toEqual([]);
    expect(await bench.source.read()).toMatchObject({ value: { algorithms: ALGORITHMS } });
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["fails", () => Promise.reject(new Error("secret")), "the oidc service failed: Error"],
    ["has no keys", async () => ({ keys: [] }), "the key set has no key that can verify a token"],
  ])("are unavailable when the service %s", async (_, jwks, reason) => {
    const bench = makeBench(issuer, jwks);
    expect(await keyIds(bench)).toEqual(UNAVAILABLE);
    expect(bench.reported).toEqual([reason]);
  });
});

it("static keys are the configured ones", async () => {
  const keySet = {
    keys: [{ keyId: "x", algorithm: null, jwk: { kty: "RSA", n: "AA", e: "AQAB" } }],
    algorithms: ALGORITHMS,
  } as const;
  const bench = makeBench({ ...ISSUER, keys: { kind: "static", keySet } });
  expect(await bench.source.read()).toEqual({ ok: true, value: keySet });
  expect(await bench.source.refresh()).toEqual({ ok: true, value: null });
  expect(bench.fetched).toEqual([]);
});

describe("the issuers that match a pattern", () => {
  const parsed = parseIssuerPattern("https://oidc.eks.*.amazonaws.com/id/*");
  const pattern = parsed.ok ? parsed.value : null;
  const issuerAt = (i: number): Issuer =>
    createIssuer(`https://oidc.eks.x.amazonaws.com/id/${i}`, { type: "kubernetes" }, pattern);

  /** @param good the issuers that exist */
  function makeMany(
    good: ReadonlySet<number>,
    cache: PlatformCache = memoryCache(),
  ): {
    /** @param client by default one of its own for each issuer */
    readonly ask: (i: number, client?: string) => Promise<unknown>;
    readonly fetched: string[];
    readonly advance: (ms: number) => void;
    readonly sourceOf: KeySources;
  } {
    const clock = makeClock();
    const fetched: string[] = [];
    const sourceOf = createKeySources({
      now: clock.now,
      builtInJwks: () => Promise.reject(new Error()),
      keepAlive: () => {},
      store: storeIn(cache, []),
      report: () => {},
      fetchOutside: outsideBy(async (url) => {
        fetched.push(url);
        const [, i = ""] = /id\/(\d+)/.exec(url) ?? [];
        if (!good.has(Number(i))) return new Response(null, { status: 404 });
        const issuer = issuerAt(Number(i)).url;
        return Response.json(
          url.endsWith("keys")
            ? jwksOf(KEY_1)
            : { issuer, jwks_uri: `${issuer}/keys`, id_token_signing_alg_values_supported: ["ES256"] },
        );
      }),
    });
    const ask = async (i: number, client = `client ${i}`): Promise<unknown> => {
      const keys = await sourceOf(issuerAt(i), client).read();
      return keys.ok ? "keys" : keys.error.retryAfterSeconds;
    };
    return { ask, fetched, advance: clock.advance, sourceOf };
  }

  it("are contacted at most twenty per window, and known ones stay available", async () => {
    const { ask, fetched, advance } = makeMany(new Set([0, 99]));
    expect(await ask(0)).toBe("keys");
    for (let i = 1; i < 20; i++) expect(await ask(i)).toBe(5);
    for (let i = 20; i < 60; i++) expect(await ask(i)).toBe(30);
    expect(await ask(99)).toBe(30);
    expect(fetched).toHaveLength(21);
    expect(await ask(0)).toBe("keys");
    advance(31_000);
    expect(await ask(99)).toBe("keys");
  });

  it("that one client invents take no place of another client's issuers", async () => {
    const { ask, fetched } = makeMany(new Set([99]));
    const answers: unknown[] = [];
    for (let i = 0; i < 60; i++) answers.push(await ask(i, "one client"));
    expect(answers).toEqual([...Array(5).fill(5), ...Array(55).fill(30)]);
    expect(fetched).toHaveLength(5);
    expect(await ask(99, "another client")).toBe("keys");
  });

  it("that another isolate stored do not count toward the twenty while they are fresh", async () => {
    const cache = memoryCache();
    const good = new Set([1000]);
    expect(await makeMany(good, cache).ask(1000)).toBe("keys");
    const { ask } = makeMany(good, cache);
    for (let i = 0; i < 30; i++) await ask(i);
    expect([await ask(1000), await ask(31)]).toEqual(["keys", 30]);
  });

  it("do not get stale keys from the store because others invented names", async () => {
    const cache = memoryCache();
    const good = new Set([1000]);
    expect(await makeMany(good, cache).ask(1000)).toBe("keys");
    const { ask, advance } = makeMany(good, cache);
    advance(10 * MINUTE);
    for (let i = 0; i < 30; i++) await ask(i);
    expect(await ask(1000)).toBe(30);
    advance(31_000);
    expect(await ask(1000)).toBe("keys");
  });

  it("are not kept if their keys are configured", () => {
    const keySet = { keys: [], algorithms: ALGORITHMS };
    const issuer: Issuer = { ...issuerAt(1), keys: { kind: "static", keySet } };
    const { sourceOf } = makeMany(new Set());
    expect(sourceOf(issuer, "a")).not.toBe(sourceOf(issuer, "a"));
  });

  it("that do not exist evict none that does", async () => {
    const { ask, fetched, advance } = makeMany(new Set([0]));
    expect(await ask(0)).toBe("keys");
    for (let i = 1; i <= 240; i++) {
      if (i % 20 === 0) advance(31_000);
      await ask(i);
    }
    const before = fetched.length;
    expect(await ask(0)).toBe("keys");
    expect(fetched.length).toBe(before);
  });
});
