// SPDX-License-Identifier: Apache-2.0
// The composed Worker behind Workers Cache: which responses are cached, under which keys, and that no two logs share a
// key.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { environments } from "../cli/deploy/dry-run.ts";
import { ROOT } from "../cli/root.ts";
import { openLocalSettings } from "../local/settings.ts";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { parseShards } from "../shared/logs/shards.ts";
import { NaiveLog, naiveRecords } from "../test/support/logs/naive-log.ts";
import { type CachingContext, tilesContext } from "../test/support/logs/tiles-context.ts";
import ca from "./ca/index.ts";
import { type ComposedEnv, compose, serviceEnv } from "./compose.ts";
import log from "./log/index.ts";
import monitor from "./monitor/index.ts";
import oidc from "./oidc/index.ts";
import trust from "./trust/index.ts";
import tsa from "./tsa/index.ts";
import web from "./web/index.ts";
import witness from "./witness/index.ts";

const URL_TEXT = "http://localhost:8787";
const ENTRIES = 300;
const SHARD_URL = "http://127.0.0.2:8787";
const SHARDS = [
  { name: "sig-2", kind: "signature", url: SHARD_URL },
  { name: "ct-2", kind: "certificate", url: SHARD_URL },
] as const;
const SHARD_NAMES = SHARDS.map(({ name }) => name);
const worker = compose({ ca, tsa, log, trust, oidc, witness, monitor, web }, () => ({}) as never);

let state: string;
let settings: Readonly<Record<string, string>>;
beforeAll(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-cache-"));
  const read = openLocalSettings({ port: 8787, state, accept: null });
  if (!read.ok) throw new Error(read.error);
  settings = read.value;
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

let logs: Readonly<Record<"signature" | "certificate" | (typeof SHARD_NAMES)[number], NaiveLog>>;
let admits: boolean;
let context: CachingContext;
let env: ComposedEnv;
beforeEach(() => {
  logs = {
    signature: new NaiveLog("signature", naiveRecords("signature", ENTRIES)),
    certificate: new NaiveLog("certificate", naiveRecords("certificate", ENTRIES)),
    // Entries that differ from those of the first logs.
    "sig-2": new NaiveLog("signature", naiveRecords("signature", ENTRIES + 1).slice(1), "sig-2"),
    "ct-2": new NaiveLog("certificate", naiveRecords("certificate", ENTRIES + 1).slice(1), "ct-2"),
  };
  for (const naive of Object.values(logs)) naive.publish(1);
  admits = true;
  const limiter = { limit: () => Promise.resolve({ success: admits }) };
  env = {
    ...settings,
    SHARDS: JSON.stringify(SHARDS),
    SEQUENCER: { getByName: (name: keyof typeof logs) => logs[name] },
    TILES: { get: (key: string) => Promise.resolve(stored(key)) },
    ANCHOR: {},
    USED_TOKENS: {},
    TUF: {},
    GRANTS: {},
    MONITOR: {},
    INDEX: {},
    READS: limiter,
    WRITES: limiter,
    CLIENTS: limiter,
    IDENTITIES: limiter,
  } as unknown as ComposedEnv;
  context = tilesContext(serviceEnv.log(env));
});

function stored(key: string): object | null {
  const bytes = Object.values(logs)
    .map(({ objects }) => objects.get(key))
    .find((found) => found !== undefined);
  return bytes === undefined ? null : { arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer) };
}

const ask = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  worker.fetch(new Request(`${URL_TEXT}${path}`, { headers, method }), env, context as never);
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const keys = (): readonly string[] => context.calls.map(({ key }) => key);
const hits = (): readonly boolean[] => context.calls.map(({ isHit }) => isHit);

describe("the key of a tile", () => {
  it("has the log's name in its props, and the path of the tile", async () => {
    await ask("/tile/0/000");
    await ask("/ct/tile/0/001.p/44");
    expect(keys().map((key) => JSON.parse(key) as unknown)).toEqual([
      ["Tiles", { log: "signature" }, "/tile/0/000"],
      ["Tiles", { log: "certificate" }, "/tile/0/001.p/44"],
    ]);
  });

  it("is never another log's: each log serves its own tile, warm or cold", async () => {
    for (const path of ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]) {
      const askAll = async (): Promise<readonly Buffer[]> => {
        const paths = [
          `${URL_TEXT}/${path}`,
          `${URL_TEXT}/ct/${path}`,
          `${SHARD_URL}/${path}`,
          `${SHARD_URL}/ct/${path}`,
        ];
        const answers = await Promise.all(paths.map((url) => worker.fetch(new Request(url), env, context as never)));
        return Promise.all(answers.map(bytesOf));
      };
      const cold = await askAll();
      expect(new Set(cold.map((bytes) => bytes.toString("hex"))).size).toBe(4);
      expect(await askAll()).toEqual(cold);
    }
    expect(hits().filter(Boolean)).toHaveLength(12);
    expect(new Set(keys()).size).toBe(12);
  });

  it("contains a name that no two logs of a deployment share", () => {
    const url = parsePublicUrl(URL_TEXT);
    if (!url.ok) throw new Error(url.error.reason);
    const shards = parseShards(JSON.stringify(SHARDS), url.value);
    const names = shards.ok ? shards.value.map(({ name }) => name) : [];
    expect(names).toEqual(["signature", "certificate", ...SHARD_NAMES]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("is the same for every address, query and spelling of a header", async () => {
    const full = await bytesOf(await ask("/tile/entries/000", { "accept-encoding": "identity" }));
    for (const path of [
      "/api/v2/tile/entries/000",
      "/tile/entries/000?a=1",
      "//tile/entries/000",
      "/tile/entries/000#a",
    ]) {
      expect(await bytesOf(await ask(path))).toEqual(full);
    }
    for (const accepted of ["gzip", "gzip, br", "br;q=1.0, gzip;q=0.8", "*"]) {
      const response = await ask("/tile/entries/000", { "accept-encoding": accepted, "user-agent": accepted });
      expect(response.headers.get("content-encoding")).toBe("gzip");
    }
    expect(new Set(keys()).size).toBe(1);
    expect(hits()).toEqual([false, true, true, true, true, false, true, true, true]);
    expect(logs.signature.calls).toEqual([]);
  });

  it("is unreachable under another host name", async () => {
    await ask("/tile/0/000");
    const foreign = new Request("http://other.example:8787/tile/0/000");
    expect((await worker.fetch(foreign, env, context as never)).status).toBe(421);
    expect(context.calls).toHaveLength(1);
  });
});

describe("the cache", () => {
  it("keeps full tiles for a year, partial ones for a minute", async () => {
    for (const [path, cacheControl] of [
      ["/tile/0/000", "public, max-age=31536000, immutable"],
      ["/tile/0/000.p/7", "public, max-age=60"],
      ["/ct/tile/data/001.p/44", "public, max-age=60"],
    ] as const) {
      for (let i = 0; i < 2; i++) expect((await ask(path)).headers.get("cache-control")).toBe(cacheControl);
    }
    expect(hits()).toEqual([false, true, false, true, false, true]);
  });

  it("keeps no 404, whether the tile may appear later or not", async () => {
    const missing = ["/tile/0/001", "/tile/0/001.p/45", "/tile/2/000.p/1", "/ct/tile/data/007"];
    for (const path of [...missing, ...missing]) {
      const response = await ask(path);
      expect([path, response.status, response.headers.get("cache-control")]).toEqual([path, 404, "no-store"]);
    }
    expect(hits()).not.toContain(true);
    logs.signature.records.push(...naiveRecords("signature", ENTRIES + 1).slice(ENTRIES));
    expect((await ask("/tile/0/001.p/45")).status).toBe(200);
  });

  it("never sees a path that no tile has: the entrypoint is not called", async () => {
    for (const path of ["/tile/0/0", "/tile/data/000", "/ct/tile/entries/000", "/tile/x", "/tile/0/000.p/256"]) {
      expect((await ask(path)).status).toBe(404);
    }
    expect(context.calls).toEqual([]);
  });

  it("keeps no error", async () => {
    admits = false;
    const network = { "cf-connecting-ip": "192.0.2.1" };
    expect((await ask("/tile/0/001.p/3", network)).status).toBe(429);
    admits = true;
    expect((await ask("/tile/0/001.p/3", network)).status).toBe(200);
  });

  it("keeps no checkpoint: an old one must not outlive a failing log", async () => {
    await ask("/checkpoint");
    await ask("/ct/checkpoint");
    expect(context.calls).toEqual([]);
  });
});

describe("a cached response", () => {
  it("carries the id of the current request", async () => {
    for (const id of ["first", "second"]) {
      const response = await ask("/tile/0/000", { "x-request-id": id });
      expect(response.headers.get("x-request-id")).toBe(id);
    }
    expect(hits()).toEqual([false, true]);
  });

  it("has no body for HEAD, and the headers of GET", async () => {
    const get = await ask("/tile/0/000");
    const head = await ask("/tile/0/000", {}, "HEAD");
    expect(await bytesOf(head)).toHaveLength(0);
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect(head.headers.get("content-length")).toBe("8192");
  });
});

describe("wrangler.toml", () => {
  interface Config {
    readonly main: string;
    readonly cache?: { readonly enabled: boolean; readonly cross_version_cache?: boolean };
    readonly exports?: Readonly<
      Record<string, { readonly type: string; readonly cache?: { readonly enabled: boolean } }>
    >;
  }
  const read = (name: string | null): Config =>
    unstable_readConfig(
      { config: join(ROOT, "wrangler.toml"), env: name ?? undefined },
      { hideWarnings: true },
    ) as never;

  /** The names that the Worker with this entry file exports, re-exported ones included. */
  const exportsOf = async (main: string): Promise<readonly string[] | undefined> => {
    const { metafile } = await build({
      entryPoints: [main],
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      conditions: ["workerd"],
      external: ["cloudflare:*", "node:*"],
    });
    return Object.values(metafile.outputs)[0]?.exports;
  };

  it.each(environments())("disables the cache for -e %s, except for the entrypoint of the tiles", async (name) => {
    const { cache, exports = {}, main } = read(name);
    expect(cache).toEqual({ enabled: false, cross_version_cache: false });
    const hasTiles = [null, "dev", "log"].includes(name);
    expect(exports).toEqual(
      hasTiles
        ? {
            default: { type: "worker", cache: { enabled: false } },
            Tiles: { type: "worker", cache: { enabled: true } },
          }
        : {},
    );
    // The platform refuses a name that the Worker does not export.
    expect(await exportsOf(main)).toEqual(expect.arrayContaining(Object.keys(exports)));
  });
});
