// SPDX-License-Identifier: Apache-2.0

import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { encodePem } from "../../shared/bytes/pem.ts";
import type { CertificateSubmission, SignatureSubmission } from "../../shared/rpc/sequencer.ts";
import { NaiveLog, naiveRecords } from "../../test/support/logs/naive-log.ts";
import { isConsistent, naiveLeafHash, naiveRoot, rootFromProof } from "../../test/support/logs/naive-tree.ts";
import { type MemoryD1, memoryD1 } from "../../test/support/logs/sqlite-d1.ts";
import { tilesContext } from "../../test/support/logs/tiles-context.ts";
import vectors from "../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import type { LogEnv } from "./env.ts";
import service from "./index.ts";

const der = (base64: string): Buffer => Buffer.from(base64, "base64");
const CA_CHAIN = encodePem("CERTIFICATE", der(vectors.ca)) + encodePem("CERTIFICATE", der(vectors.root));
const SCT = {
  logId: new Uint8Array(32).fill(9),
  timestamp: 1_790_000_000_123,
  extensions: Uint8Array.of(0, 0, 5, 0, 0, 0, 0, 7),
  signature: Uint8Array.of(0x30, 1, 2),
};

interface World {
  readonly env: LogEnv;
  readonly logs: Readonly<Record<"signature" | "certificate", NaiveLog>>;
  readonly database: MemoryD1;
  readonly submitted: (CertificateSubmission | SignatureSubmission)[];
  /** The senders whose reads and writes were counted. */
  readonly limited: string[];
  readonly limitedWrites: string[];
  /** The answer to an append. */
  answer: unknown;
  admits: boolean;
}

function makeWorld(size = 0, published = 0): World {
  const logs = {
    signature: new NaiveLog("signature", naiveRecords("signature", size)),
    certificate: new NaiveLog("certificate", naiveRecords("certificate", size)),
  };
  for (const log of Object.values(logs)) log.publish(published);
  const submitted: World["submitted"] = [];
  const limited: string[] = [];
  const limitedWrites: string[] = [];
  const limiter = (keys: string[]): object => ({
    limit: ({ key }: { readonly key: string }) => {
      keys.push(key);
      return Promise.resolve({ success: world.admits });
    },
  });
  const database = memoryD1();
  for (const log of Object.values(logs)) {
    Object.assign(log, {
      appendCertificate: (submission: CertificateSubmission) => {
        submitted.push(submission);
        return Promise.resolve(world.answer);
      },
      describe: () => Promise.resolve({ logId: new Uint8Array(32).fill(1) }),
    });
  }
  const env = {
    PUBLIC_URL: "https://log.example.com",
    CA_CHAIN,
    SEQUENCER: { getByName: (name: keyof typeof logs) => logs[name] },
    TILES: {
      get: (key: string) => {
        const bytes = logs.signature.objects.get(key) ?? logs.certificate.objects.get(key);
        return Promise.resolve(
          bytes === undefined ? null : { arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer) },
        );
      },
    },
    INDEX: database.d1,
    READS: limiter(limited),
    WRITES: limiter(limitedWrites),
  } as unknown as LogEnv;
  const stores = { env, logs, database, submitted, limited, limitedWrites };
  const world: World = { ...stores, answer: { ok: true, value: SCT }, admits: true };
  return world;
}

const ask = (world: World, path: string, init: RequestInit = {}): Promise<Response> =>
  askService(path, world.env, init);
const askService = (path: string, env: LogEnv, init: RequestInit = {}): Promise<Response> =>
  service.fetch(new Request(`https://log.example.com${path}`, init), env, tilesContext(env, false));

let errors: string[] = [];
beforeEach(() => {
  errors = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => errors.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a service that is not configured", () => {
  test.each(["/checkpoint", "/api/v2/log/entries", "/ct/ct/v1/get-roots", "/nowhere"])(
    "answers 503 on %s",
    async (path) => {
      const response = await askService(path, {});
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("60");
      const { message } = (await response.json()) as { readonly message: string };
      for (const name of ["PUBLIC_URL", "CA_CHAIN", "SEQUENCER", "TILES", "INDEX", "READS", "WRITES"]) {
        expect(message).toContain(`${name} is missing`);
      }
    },
  );

  test.each([
    [{ PUBLIC_URL: "http://log.example.com" }, "PUBLIC_URL must start with https://"],
    [{ CA_CHAIN: "no PEM" }, "CA_CHAIN is not PEM text of certificates"],
    [{ ACCEPT: "everybody" }, "ACCEPT must be one of"],
    [{ LISTED_KEYS: "no PEM" }, "LISTED_KEYS must be PEM text"],
    [{ SIGNING_ALGORITHMS: "ROT13" }, "SIGNING_ALGORITHMS has ROT13"],
  ])("names the wrong setting: %o", async (settings, problem) => {
    const env = { ...makeWorld().env, ...settings };
    const response = await askService("/checkpoint", env);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain(problem);
  });
});

describe("a path or method without a route", () => {
  test.each([
    ["GET", "/api/v2/log/entries", 501, 12],
    ["DELETE", "/api/v2/log/entries", 501, 12],
    ["OPTIONS", "/api/v2/log/entries", 501, 12],
    ["POST", "/api/search", 501, 12],
    ["POST", "/api/entries/0", 501, 12],
    ["GET", "/api/v2/log", 404, 5],
    ["POST", "/api/v2/log/entries/x", 404, 5],
    ["GET", "/api/entries", 404, 5],
    ["GET", "/api/entries/0/0", 404, 5],
  ])("%s %s is %i in JSON", async (method, path, status, code) => {
    const response = await ask(makeWorld(), path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({ code, details: [] });
  });

  test.each([
    ["POST", "/checkpoint", 405],
    ["PUT", "/tile/0/000", 405],
    ["POST", "/api/v2/checkpoint", 405],
    ["POST", "/api/v2/tile/0/000", 405],
    ["GET", "/ct/ct/v1/add-chain", 405],
    ["PUT", "/ct/ct/v1/add-pre-chain", 405],
    ["POST", "/ct/ct/v1/get-roots", 405],
    ["GET", "/ct/ct/v1/get-sth", 404],
    ["GET", "/ct/ct/v1/get-entries", 404],
    ["GET", "/ct/ct/v1/get-proof-by-hash", 404],
    ["GET", "/ct/nothing", 404],
    ["GET", "/ct/issuer/00", 404],
  ])("%s %s is %i in text", async (method, path, status) => {
    const response = await ask(makeWorld(), path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    if (status === 405) expect(response.headers.get("allow")).toMatch(/^(GET, HEAD|POST)$/);
    expect(await response.text()).toMatch(/^[A-Z].*\n$/);
  });
});

describe("reads", () => {
  test.each(["/tile/", "/api/v2/tile/", "/ct/tile/"])("answer for tiles below %s", async (prefix) => {
    const world = makeWorld(300, 1);
    const bundles = prefix.startsWith("/ct") ? "data" : "entries";
    for (const [path, cacheControl] of [
      ["0/000", "public, max-age=31536000, immutable"],
      ["0/000.p/255", "public, max-age=60"],
      ["0/001.p/44", "public, max-age=60"],
      ["1/000.p/1", "public, max-age=60"],
      [`${bundles}/000`, "public, max-age=31536000, immutable"],
      [`${bundles}/001.p/44`, "public, max-age=60"],
    ] as const) {
      const response = await ask(world, prefix + path);
      expect([path, response.status]).toStrictEqual([path, 200]);
      expect(response.headers.get("cache-control")).toBe(cacheControl);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const etag = response.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
      const again = await ask(world, prefix + path, { headers: { "if-none-match": etag } });
      expect([again.status, await again.text()]).toStrictEqual([304, ""]);
      const head = await ask(world, prefix + path, { method: "HEAD" });
      expect([head.status, head.headers.get("etag"), await head.text()]).toStrictEqual([200, etag, ""]);
    }
  });

  test.each([
    "/tile/0/001",
    "/tile/0/001.p/45",
    "/tile/0/002.p/1",
    "/tile/1/000",
    "/tile/2/000.p/1",
    "/tile/entries/001",
    "/tile/entries/001.p/45",
    "/tile/data/000",
    "/ct/tile/entries/000",
    "/tile/0/0",
    "/tile/0/000.p/0",
    "/tile/0/000.p/256",
    "/tile/0/000.p/01",
    "/tile/0/x000/000",
    "/tile/00/000",
    "/tile/0/000/",
    "/tile/0/%30%30%30",
    "/tile/-1/000",
    "/tile/0/000.p/",
    "/tile/0/000.p/1/1",
    "/tile/",
    "/tile",
    "/tile/7/000.p/1",
    "/tile/entries/meta",
    "/tile/0/../../meta/0",
  ])("%s is 404, as text, and not cached", async (path) => {
    const response = await ask(makeWorld(300, 1), path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(errors).toStrictEqual([]);
  });

  test("answer with the checkpoint at each of its paths", async () => {
    const world = makeWorld(3);
    for (const path of ["/checkpoint", "/api/v2/checkpoint", "//checkpoint", "/ct/checkpoint"]) {
      const response = await ask(world, path);
      expect(await response.text()).toBe("naive\n3\n");
      expect(response.headers.get("cache-control")).toBe("public, max-age=1");
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    }
    expect(world.logs.signature.calls).toStrictEqual(["head"]);
    expect(world.logs.certificate.calls).toStrictEqual(["head"]);
  });

  test("that reach the sequencer count once per request against the sender's limit", async () => {
    const world = makeWorld(700, 1);
    await ask(world, "/tile/0/000");
    expect(world.limited).toStrictEqual([]);
    await ask(world, "/tile/0/002.p/1", { headers: { "cf-connecting-ip": "192.0.2.1" } });
    await ask(world, "/api/entries/699");
    expect(world.limited).toStrictEqual(["192.0.2.1", "local"]);
    world.admits = false;
    const text = await ask(world, "/tile/0/002.p/2");
    expect([text.status, text.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(await text.text()).toMatch(/^too many reads/);
    const json = await ask(world, "/api/entries/650");
    expect([json.status, json.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(await json.json()).toMatchObject({ code: 8 });
  });

  test("that fail are 503 with a request id and a log line, never 404 and never empty", async () => {
    const world = makeWorld(10);
    world.logs.signature.failing = "Durable Object is overloaded";
    const headers = { "x-request-id": "r-1" };
    const text = await ask(world, "/tile/0/000.p/1", { headers });
    expect([text.status, text.headers.get("retry-after")]).toStrictEqual([503, "1"]);
    expect(await text.text()).toContain("r-1");
    const json = await ask(world, "/api/entries/1?log=signature", { headers });
    expect([json.status, await json.json()]).toMatchObject([503, { code: 14 }]);
    expect(errors.length).toBe(2);
    const line: unknown = JSON.parse(errors[1] ?? "");
    expect(line).toMatchObject({ requestId: "r-1", path: "/api/entries/1", method: "GET" });
    expect(errors[1]).toContain("overloaded");
  });

  test("of an object that R2 has lost are 503 with a log line", async () => {
    const world = makeWorld(300, 1);
    world.logs.signature.objects.clear();
    const response = await ask(world, "/tile/0/000", { headers: { "x-request-id": "r-2" } });
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([503, "no-store"]);
    expect(JSON.parse(errors[0] ?? "")).toStrictEqual({
      code: "object_missing",
      key: "signature/tile/0/000",
      requestId: "r-2",
      method: "GET",
      path: "/tile/0/000",
    });
  });
});

interface EntryJson {
  readonly index: number;
  readonly log: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly entry: {
    readonly canonicalizedBody: string;
    readonly inclusionProof: {
      readonly hashes: readonly string[];
      readonly treeSize: string;
      readonly logIndex: string;
    };
  };
}

describe("GET /api/entries/<index>", () => {
  test.each([
    ["signature", "hashedrekord", "0.0.2"],
    ["certificate", "x509_entry", "1"],
  ] as const)("gives an entry of the %s log with its proof", async (log, kind, version) => {
    const world = makeWorld(600, 1);
    const root = naiveRoot(world.logs[log].leaves);
    for (const index of [0, 255, 256, 599]) {
      const response = await ask(world, `/api/entries/${index}?log=${log}`);
      expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
      const json = (await response.json()) as EntryJson;
      expect(json).toMatchObject({
        index,
        log,
        kind,
        timestamp: "2026-09-21T14:13:20Z",
        entry: { kindVersion: { kind, version } },
      });
      const { canonicalizedBody, inclusionProof } = json.entry;
      expect(inclusionProof).toMatchObject({ logIndex: String(index), treeSize: "600" });
      const leaf = naiveLeafHash(der(canonicalizedBody));
      const path = inclusionProof.hashes.map(der);
      expect(rootFromProof(leaf, { leafIndex: index, treeSize: 600 }, path)).toStrictEqual(root);
    }
  });

  test("answers with the certificate as submitted", async () => {
    const json = await (await ask(makeWorld(3), "/api/entries/2?log=certificate")).json();
    expect(json).toMatchObject({ certificate: Buffer.from("record 2").toString("base64") });
    expect(json).not.toHaveProperty("hints");
  });

  test("defaults to the signature log, and answers with null if there are no hints", async () => {
    const json = await (await ask(makeWorld(3), "/api/entries/2")).json();
    expect(json).toMatchObject({ log: "signature", hints: null });
    expect(json).not.toHaveProperty("certificate");
  });

  test.each(["3", "9007199254740991"])("%s is beyond the head: 404", async (index) => {
    const response = await ask(makeWorld(3), `/api/entries/${index}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 5 }]);
  });

  test.each(["-1", "01", "1.0", "0x1", "%31", "a", "1e3", "9007199254740992", "99999999999999999999"])(
    "%s is malformed: 400",
    async (index) => {
      const response = await ask(makeWorld(3), `/api/entries/${index}`);
      expect([response.status, await response.json()]).toMatchObject([400, { code: 3 }]);
    },
  );

  test.each(["?log=", "?log=rekor"])("%s does not name a log: 400", async (query) => {
    expect((await ask(makeWorld(3), `/api/entries/0${query}`)).status).toBe(400);
  });

  test("never sends a proof that does not verify", async () => {
    const world = makeWorld(600, 2);
    const tile = world.logs.signature.objects.get("signature/tile/0/000");
    // The leaf hash of entry 1 is the first hash in the proof of entry 0.
    if (tile !== undefined) tile[40] = (tile[40] ?? 0) ^ 1;
    const response = await ask(world, "/api/entries/0");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: 0, treeSize: 600 });
  });
});

describe("GET /api/entries/<index>.tlog-proof", () => {
  test.each(["signature", "certificate"] as const)(
    "gives the proof of an entry of the %s log as a file",
    async (log) => {
      const world = makeWorld(600, 1);
      for (const index of [0, 255, 256, 599]) {
        const response = await ask(world, `/api/entries/${index}.tlog-proof?log=${log}`);
        expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
        expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
        const [proof = "", checkpoint] = (await response.text()).split("\n\n");
        const [header, indexLine, ...hashes] = proof.split("\n");
        expect([header, indexLine]).toStrictEqual(["c2sp.org/tlog-proof@v1", `index ${index}`]);
        const leaf = world.logs[log].leaves[index] ?? Buffer.alloc(0);
        const root = rootFromProof(leaf, { leafIndex: index, treeSize: 600 }, hashes.map(der));
        expect(root).toStrictEqual(naiveRoot(world.logs[log].leaves));
        expect(checkpoint).toBe("naive\n600\n");
      }
    },
  );

  test.each([
    ["3.tlog-proof", 404],
    ["x.tlog-proof", 400],
    [".tlog-proof", 400],
    ["01.tlog-proof", 400],
    ["1.tlog-proof.tlog-proof", 400],
    ["1.tlog", 400],
    ["1.tlog-proof?log=rekor", 400],
  ])("%s is %i", async (name, status) => {
    const response = await ask(makeWorld(3), `/api/entries/${name}`);
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([status, "application/json"]);
  });
});

interface TreeJson {
  readonly treeSize: number;
  readonly rootHash: string;
}

interface InclusionJson extends TreeJson {
  readonly leafHash: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string | null;
}

interface ConsistencyJson {
  readonly from: TreeJson;
  readonly to: TreeJson;
  readonly hashes: readonly string[];
  readonly checkpoint: string | null;
}

describe("GET /api/proof/inclusion", () => {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

  test.each(["signature", "certificate"] as const)("proves any leaf of the %s log in any tree", async (log) => {
    const world = makeWorld(600, 1);
    const { leaves } = world.logs[log];
    const indexes = [0, 1, 255, 256, 511, 599];
    for (const size of [null, 1, 2, 7, 255, 256, 257, 512, 599, 600]) {
      const treeSize = size ?? 600;
      for (const index of indexes.filter((candidate) => candidate < treeSize)) {
        const query = `index=${index}&log=${log}${size === null ? "" : `&size=${size}`}`;
        const response = await ask(world, `/api/proof/inclusion?${query}`);
        expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
        const { hashes, ...json } = (await response.json()) as InclusionJson;
        const leaf = leaves[index] ?? Buffer.alloc(0);
        const root = naiveRoot(leaves, 0, treeSize);
        expect(json).toStrictEqual({
          log,
          index,
          treeSize,
          leafHash: base64(leaf),
          rootHash: base64(root),
          checkpoint: treeSize === 600 ? "naive\n600\n" : null,
        });
        expect(rootFromProof(leaf, { leafIndex: index, treeSize }, hashes.map(der))).toStrictEqual(root);
      }
    }
  });

  test.each([
    ["", "index"],
    ["?size=2", "index"],
    ["?index=", "index"],
    ["?index=-1", "index"],
    ["?index=01", "index"],
    ["?index=1e0", "index"],
    ["?index=9007199254740992", "index"],
    ["?index=0&size=", "size"],
    ["?index=0&size=two", "size"],
    ["?index=2&size=2", "less than size"],
    ["?index=0&size=0", "less than size"],
    ["?index=0&index=0", "repeated"],
    ["?index=0&treeSize=2", "unknown parameter"],
    ["?index=0&log=rekor", "log must be"],
  ])("%s is 400 and says what is expected", async (query, message) => {
    const response = await ask(makeWorld(3), `/api/proof/inclusion${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  test.each(["index=3", "index=0&size=4", "index=9007199254740990&size=9007199254740991"])(
    "%s is 404",
    async (query) => {
      const response = await ask(makeWorld(3), `/api/proof/inclusion?${query}`);
      expect([response.status, response.headers.get("cache-control")]).toStrictEqual([404, "no-store"]);
    },
  );

  test.each([0, 2])("never sends a proof in an older tree whose leaf %i was changed", async (index) => {
    const world = makeWorld(700, 2);
    const tile = world.logs.signature.objects.get("signature/tile/0/000");
    if (tile !== undefined) tile[32 * index] = (tile[32 * index] ?? 0) ^ 1;
    const response = await ask(world, "/api/proof/inclusion?index=0&size=5");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: 0, treeSize: 700 });
  });
});

describe("GET /api/proof/consistency", () => {
  test.each(["signature", "certificate"] as const)(
    "proves each tree of the %s log a prefix of larger ones",
    async (log) => {
      const world = makeWorld(600, 1);
      const { leaves } = world.logs[log];
      const sizes = [0, 1, 2, 7, 8, 255, 256, 257, 512, 600];
      for (const from of sizes) {
        for (const to of [null, ...sizes].filter((size) => size === null || size >= from)) {
          const query = `from=${from}&log=${log}${to === null ? "" : `&to=${to}`}`;
          const response = await ask(world, `/api/proof/consistency?${query}`);
          expect([query, response.status]).toStrictEqual([query, 200]);
          const json = (await response.json()) as ConsistencyJson;
          const trees = [from, to ?? 600].map((size) => ({ size, root: naiveRoot(leaves, 0, size) }));
          const [older, newer] = trees;
          expect([json.from, json.to]).toStrictEqual(
            trees.map(({ size, root }) => ({ treeSize: size, rootHash: root.toString("base64") })),
          );
          expect(json.checkpoint).toBe(newer?.size === 600 ? "naive\n600\n" : null);
          if (older === undefined || newer === undefined) throw new Error("two trees");
          expect(isConsistent(older, newer, json.hashes.map(der))).toBe(true);
        }
      }
    },
  );

  test("answers with the empty proof for an empty log", async () => {
    const response = await ask(makeWorld(0), "/api/proof/consistency?from=0&log=certificate");
    const rootHash = naiveRoot([]).toString("base64");
    expect(await response.json()).toMatchObject({
      to: { treeSize: 0, rootHash },
      hashes: [],
      checkpoint: "naive\n0\n",
    });
  });

  test.each([
    ["", "from"],
    ["?to=2", "from"],
    ["?from=a", "from"],
    ["?from=1&to=b", "to"],
    ["?from=2&to=1", "must be at most to"],
    ["?from=1&from=2", "repeated"],
    ["?from=1&first=2", "unknown parameter"],
    ["?from=1&log=", "log must be"],
  ])("%s is 400 and says what is expected", async (query, message) => {
    const response = await ask(makeWorld(3), `/api/proof/consistency${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  test.each(["from=4", "from=0&to=4"])("%s is 404", async (query) => {
    expect((await ask(makeWorld(3), `/api/proof/consistency?${query}`)).status).toBe(404);
  });

  test("never sends a proof that the tiles do not give", async () => {
    const world = makeWorld(700, 2);
    const tile = world.logs.signature.objects.get("signature/tile/0/001");
    if (tile !== undefined) tile[0] = (tile[0] ?? 0) ^ 1;
    const response = await ask(world, "/api/proof/consistency?from=100&to=300");
    expect(response.status).toBe(503);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: null, treeSize: 700 });
  });
});

describe("GET /api/meta/<N>", () => {
  test("answers with the sidecar of a published bundle, immutable", async () => {
    const world = makeWorld(600, 2);
    const response = await ask(world, "/api/meta/1", { headers: { "accept-encoding": "gzip" } });
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([200, "application/x-ndjson"]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const sidecar = gunzipSync(Buffer.from(await response.arrayBuffer()));
    expect(sidecar).toStrictEqual(Buffer.from(world.logs.signature.objects.get("signature/meta/1") ?? []));
    expect(world.logs.signature.calls).toStrictEqual([]);
  });

  // The second bundle is full but not published yet, the third is open, the fourth does not exist.
  test.each([1, 2, 3, 9007199254740991])("%i is 404 until it is published", async (index) => {
    const response = await ask(makeWorld(600, 1), `/api/meta/${index}`);
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([404, "no-store"]);
    expect(await response.json()).toMatchObject({ code: 5 });
    expect(errors).toStrictEqual([]);
  });

  test.each(["-1", "00", "x", "0.p", "%30"])("%s is malformed: 400", async (index) => {
    expect((await ask(makeWorld(600, 1), `/api/meta/${index}`)).status).toBe(400);
  });

  test("is 503 with a log line if R2 has lost the sidecar", async () => {
    const world = makeWorld(600, 2);
    world.logs.signature.objects.clear();
    expect((await ask(world, "/api/meta/0")).status).toBe(503);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "object_missing", key: "signature/meta/0" });
  });
});

describe("a preflight", () => {
  test.each([
    "/checkpoint",
    "/tile/0/000",
    "/api/v2/tile/0/000",
    "/ct/tile/data/000",
    "/ct/ct/v1/get-roots",
    "/api/search",
    "/api/entries/0",
    "/api/entries/0.tlog-proof",
    "/api/proof/inclusion",
    "/api/meta/0",
  ])("for %s lets any page read it with any header", async (path) => {
    const response = await ask(makeWorld(), path, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": "*",
      allow: "GET, HEAD",
    });
  });

  test.each(["/ct/ct/v1/add-chain", "/api/v2/log/entries"])("for %s does not let pages write", async (path) => {
    const response = await ask(makeWorld(), path, { method: "OPTIONS" });
    expect([405, 501]).toContain(response.status);
    expect(response.headers.has("access-control-allow-methods")).toBe(false);
  });
});

describe("GET /api/search", () => {
  test("answers with hits and with the size up to which each log is indexed", async () => {
    const world = makeWorld();
    world.database.database.exec(`
      INSERT INTO posting VALUES ('email:a@b', 'signature', 0), ('email:a@b', 'certificate', 0), ('email:a@b', 'signature', 1);
      INSERT INTO entry VALUES ('signature', 0, 1790000000000, 'sha256:00', 'A@b', 'https://issuer.test', 1),
        ('certificate', 0, 1789999999999, NULL, 'A@b', 'https://issuer.test', 1), ('signature', 1, 1790000001000, 'sha256:01', NULL, NULL, 1);
      INSERT INTO watermark VALUES ('signature', 2), ('certificate', 1);`);
    const response = await ask(world, "/api/search?email=a@b&limit=2");
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const json = (await response.json()) as { readonly nextCursor: string };
    const { nextCursor, ...rest } = json;
    expect(rest).toStrictEqual({
      hits: [
        { index: 1, log: "signature", time: "2026-09-21T14:13:21Z", identity: null, issuer: null, digest: "sha256:01" },
        {
          index: 0,
          log: "signature",
          time: "2026-09-21T14:13:20Z",
          identity: "A@b",
          issuer: "https://issuer.test",
          digest: "sha256:00",
        },
      ],
      completeThrough: 2,
      completeThroughByLog: { signature: 2, certificate: 1 },
    });
    const next = await ask(world, `/api/search?email=a@b&limit=2&cursor=${nextCursor}`);
    expect(await next.json()).toMatchObject({ hits: [{ log: "certificate", index: 0 }], nextCursor: null });
  });

  test.each([
    ["", "give exactly one of"],
    ["?email=a@b&digest=sha256:00", "give exactly one of"],
    ["?email=a", "email must be"],
    ["?digest=00", "digest must be"],
    ["?publicKey=00", "publicKey must be"],
    ["?email=a@b&limit=65", "1 to 64"],
    ["?email=a@b&cursor=x", "nextCursor"],
    ["?email=a@b&log=x", "log must be"],
    ["?email=a@b&q=x", "unknown parameter"],
    ["?email=a@b&email=a@b", "is repeated"],
  ])("%s is 400 and says what is expected", async (query, message) => {
    const response = await ask(makeWorld(), `/api/search${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 3, message: expect.stringContaining(message) });
  });

  test("is 503 while D1 is down, and the logs still answer", async () => {
    const world = makeWorld(3);
    world.database.fail("D1_ERROR: overloaded");
    const response = await ask(world, "/api/search?email=a@b");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(await response.json()).toMatchObject({
      code: 14,
      message: expect.stringContaining("search index is unavailable"),
    });
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "search_unavailable", reason: "D1_ERROR: overloaded" });
    expect((await ask(world, "/checkpoint")).status).toBe(200);
  });
});

describe("the certificate log's submission API", () => {
  const [vector] = vectors.cases;
  const { precertificate = "", certificate = "" } = vector ?? {};
  const submit = (world: World, endpoint: string, body: unknown): Promise<Response> =>
    ask(world, `/ct/ct/v1/${endpoint}`, {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  test.each([
    ["add-pre-chain", precertificate, "precert_entry"],
    ["add-chain", certificate, "x509_entry"],
  ])("%s answers with the SCT", async (endpoint, leaf, entryType) => {
    const world = makeWorld();
    const response = await submit(world, endpoint, { chain: [leaf, vectors.ca, vectors.root] });
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
    expect(await response.json()).toStrictEqual({
      sct_version: 0,
      id: Buffer.alloc(32, 9).toString("base64"),
      timestamp: 1_790_000_000_123,
      extensions: "AAAFAAAAAAc=",
      signature: Buffer.from("04030003300102", "hex").toString("base64"),
    });
    expect(world.submitted).toMatchObject([
      { entryType, search: { identity: "alice@example.com", issuer: "https://issuer.test", digest: null } },
    ]);
    expect(world.submitted[0]).not.toHaveProperty("leaf");
  });

  test.each([
    ["text that is not JSON", "{", "not well-formed JSON"],
    ["nothing", "", "not well-formed JSON"],
    ["another member", { chain: [precertificate], more: 1 }, '{"chain"'],
    ["no chain", {}, '{"chain"'],
    ["an array", [precertificate], '{"chain"'],
    ["a chain that is not an array", { chain: precertificate }, '{"chain"'],
    ["a chain of numbers", { chain: [1] }, "base64"],
    ["base64 without padding", { chain: [precertificate.slice(0, -1)] }, "base64"],
    ["URL-safe base64", { chain: ["_-__"] }, "base64"],
    ["base64 with a line end", { chain: [`${precertificate}\n`] }, "base64"],
    ["an empty chain", { chain: [] }, "the chain is empty"],
    ["nine certificates", { chain: Array.from({ length: 9 }, () => vectors.ca) }, "at most 8"],
    ["a certificate", { chain: [certificate, vectors.ca] }, "add-chain"],
    [
      "a foreign CA",
      { chain: [vectors.refused.foreign, vectors.foreignCa] },
      "not issued by a CA that this log accepts",
    ],
    ["another purpose", { chain: [vectors.refused.otherPurpose, vectors.ca] }, "codeSigning"],
    ["a poison that is none", { chain: [vectors.refused.poisonNotNull, vectors.ca] }, "poison"],
    ["one certificate too many", { chain: [precertificate, vectors.ca, vectors.root, vectors.root] }, "certificate 3"],
    ["what is no certificate", { chain: ["MAA="] }, "not an X.509 v3 certificate"],
  ])("add-pre-chain rejects %s with 400", async (_, body, message) => {
    const world = makeWorld();
    const response = await submit(world, "add-pre-chain", body);
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([400, "text/plain; charset=utf-8"]);
    expect(await response.text()).toContain(message);
    expect(world.submitted).toStrictEqual([]);
  });

  test("add-chain rejects a precertificate", async () => {
    const response = await submit(makeWorld(), "add-chain", { chain: [precertificate, vectors.ca] });
    expect([response.status, await response.text()]).toMatchObject([400, expect.stringContaining("add-pre-chain")]);
  });

  test.each(["add-chain", "add-pre-chain"])("%s is limited by the sender's address", async (endpoint) => {
    const world = makeWorld();
    const headers = { "cf-connecting-ip": "192.0.2.7" };
    const post = (): Promise<Response> => ask(world, `/ct/ct/v1/${endpoint}`, { method: "POST", body: "{", headers });
    expect((await post()).status).toBe(400);
    world.admits = false;
    const refused = await post();
    expect([refused.status, refused.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(refused.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await refused.text()).toMatch(/^too many chains/);
    expect(world.limitedWrites).toStrictEqual(["192.0.2.7", "192.0.2.7"]);
    expect([world.limited, world.submitted]).toStrictEqual([[], []]);
  });

  test("a body above 512 KiB is 413", async () => {
    const response = await submit(makeWorld(), "add-chain", " ".repeat(512 * 1024 + 1));
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([413, "text/plain; charset=utf-8"]);
  });

  test.each([
    [{ code: "log_busy", retryAfterSeconds: 2 }, 503, "2"],
    [{ code: "log_starting", reason: "R2" }, 503, "1"],
    [{ code: "log_refusing", reason: "secret of the operator" }, 503, "60"],
    [{ code: "clock_behind", lastTimestamp: 2, now: 1 }, 503, "10"],
    [{ code: "entry_too_large", maxBytes: 32_768 }, 413, null],
  ])("the sequencer's %o is %i", async (error, status, retryAfter) => {
    const world = makeWorld();
    world.answer = { ok: false, error };
    const response = await submit(world, "add-chain", { chain: [certificate] });
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([status, retryAfter]);
    expect(await response.text()).not.toContain("secret of the operator");
    expect(errors.length).toBe(status === 503 ? 1 : 0);
  });

  test("get-roots answers with the root, /ct/issuer with each certificate of the chain", async () => {
    const world = makeWorld();
    const roots = await ask(world, "/ct/ct/v1/get-roots");
    expect(await roots.json()).toStrictEqual({ certificates: [vectors.root] });
    for (const [i, certificateDer] of [vectors.ca, vectors.root].entries()) {
      const response = await ask(world, `/ct/issuer/${vectors.fingerprints[i]}`);
      expect(Buffer.from(await response.arrayBuffer())).toStrictEqual(der(certificateDer));
      expect(response.headers.get("content-type")).toBe("application/pkix-cert");
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    }
    const upperCase = await ask(world, `/ct/issuer/${vectors.fingerprints[0]?.toUpperCase()}`);
    expect(upperCase.status).toBe(404);
  });
});

describe("a frozen log", () => {
  const SHARDS = [
    { name: "sig-2", kind: "signature", url: "https://two.example.com" },
    { name: "ct-2", kind: "certificate", url: "https://two.example.com" },
  ];
  const FREEZE = ["signature", "certificate"].map((name) => ({ name, frozen: true }));
  const post = (env: LogEnv, path: string, body: string): Promise<Response> =>
    askService(path, env, { method: "POST", body });

  test.each(["{}", "", "no JSON"])(
    "answers %j with 405 and the URL to write to, before it reads anything",
    async (body) => {
      const world = makeWorld();
      const env = { ...world.env, SHARDS: JSON.stringify([...SHARDS, ...FREEZE]) };
      const entry = await post(env, "/api/v2/log/entries", body);
      const message = "This log has been frozen, please switch to the latest log: https://two.example.com";
      expect([entry.status, entry.headers.get("allow")]).toStrictEqual([405, ""]);
      expect(await entry.json()).toStrictEqual({ code: 12, message, details: [] });
      for (const path of ["/ct/ct/v1/add-chain", "/ct/ct/v1/add-pre-chain"]) {
        const chain = await post(env, path, body);
        expect([chain.status, chain.headers.get("content-type")]).toStrictEqual([405, "text/plain; charset=utf-8"]);
        expect(await chain.text()).toBe(`${message}/ct\n`);
      }
      expect([world.submitted, world.limitedWrites, errors]).toStrictEqual([[], [], []]);
    },
  );

  test("says so if there is no other log", async () => {
    const env = { ...makeWorld().env, SHARDS: JSON.stringify(FREEZE) };
    const { message } = (await (await post(env, "/api/v2/log/entries", "{}")).json()) as { message: string };
    expect(message).toBe("This log has been frozen, and no other log of this deployment accepts entries.");
  });

  test("that the settings do not freeze answers with the sequencer's error", async () => {
    const world = makeWorld();
    world.answer = { ok: false, error: { code: "log_frozen", writeTo: "https://two.example.com/ct" } };
    const body = JSON.stringify({ chain: [vectors.cases[0]?.certificate] });
    const response = await post(world.env, "/ct/ct/v1/add-chain", body);
    expect([response.status, await response.text()]).toStrictEqual([
      405,
      "This log has been frozen, please switch to the latest log: https://two.example.com/ct\n",
    ]);
  });
});
