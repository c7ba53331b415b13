// SPDX-License-Identifier: Apache-2.0
// Reads of the signature log over HTTP: every tile and bundle, entries with their proofs, duplicates.

import { createPublicKey, verify } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Hash, hash } from "../../shared/tlog/hash.ts";
import { ed25519KeyId, NOTE_ED25519 } from "../../shared/tlog/note.ts";
import { parseTlogProof, verifyTlogProof } from "../../shared/tlog/tlog-proof.ts";
import { noteVerifier } from "../../shared/tlog/verify-note.ts";
import {
  artifactRequest,
  clientKey,
  parseNote,
  postArtifacts,
  postRaw,
  readBytes,
  readCheckpoint,
  readRecords,
  rootOfEntry,
  rootOfRecords,
  sha256Hex,
  tilePath,
} from "../support/logs/log-client.ts";
import type { LogEntryJson } from "../support/logs/log-entry.ts";
import { isConsistent, naiveRoot, naiveTile, rootFromProof } from "../support/logs/naive-tree.ts";
import { plainLeafHash } from "../support/logs/tree-hashes.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";

/** One full tile and a partial one; the genesis entry is the first. */
const ENTRIES = 299;
const key = clientKey();
const artifacts = Array.from({ length: ENTRIES }, (_, i) => `artifact ${i}`);

let stack: TestStack;
let posted: readonly LogEntryJson[] = [];
beforeAll(async () => {
  stack = await startStack({ vars: { ACCEPT: "open" } });
  posted = await postArtifacts(stack.url, key, artifacts);
});
afterAll(() => stack.stop());

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${stack.url}/${path}`, init);
const sizeOf = async (): Promise<number> => (await readCheckpoint(stack.url)).treeSize;

describe("the responses to writes", () => {
  test("give each entry its own index and a proof that leads to the checkpoint's root", () => {
    expect(new Set(posted.map(({ logIndex }) => logIndex)).size).toBe(ENTRIES);
    for (const entry of posted) {
      const { rootHash, checkpoint, treeSize } = entry.inclusionProof;
      expect(rootOfEntry(entry)?.toString("base64")).toBe(rootHash);
      const { treeSize: signedSize, rootHash: signedRoot } = parseNote(checkpoint.envelope);
      expect([String(signedSize), signedRoot.toString("base64")]).toStrictEqual([treeSize, rootHash]);
    }
  });
});

describe("the checkpoint", () => {
  test("is the same at both paths, signed by the log's two keys", async () => {
    const note = await (await get("checkpoint")).text();
    expect(await (await get("api/v2/checkpoint")).text()).toBe(note);
    const { origin, text, signatures } = parseNote(note);
    expect(origin).toBe("localhost");
    const keys = ["SIGNATURE_LOG_KEY", "SIGNATURE_LOG_ED25519_KEY"].map((name) =>
      createPublicKey(stack.vars[name] ?? ""),
    );
    expect(signatures.map(({ name }) => name)).toStrictEqual(["localhost", "localhost"]);
    for (const [i, { signature }] of signatures.entries()) {
      const publicKey = keys[i] ?? expect.fail("no key");
      expect(verify(i === 0 ? "sha256" : null, Buffer.from(text), publicKey, signature)).toBe(true);
    }
    const spki = keys[0]?.export({ format: "der", type: "spki" }) ?? Buffer.alloc(0);
    expect(signatures[0]?.keyId.toString("hex")).toBe(sha256Hex(spki).slice(0, 8));
  });

  test("has the root of the bundles, and every earlier checkpoint has the root of a prefix", async () => {
    const { treeSize, rootHash } = await readCheckpoint(stack.url);
    expect(treeSize).toBe(ENTRIES + 1);
    const records = await readRecords(stack.url, treeSize, "entries");
    expect(rootOfRecords(records)).toStrictEqual(rootHash);
    const given = new Map(posted.map(({ inclusionProof: { treeSize: size, rootHash: root } }) => [Number(size), root]));
    for (const [size, root] of given) expect(rootOfRecords(records, size).toString("base64")).toBe(root);
    for (const { logIndex, canonicalizedBody } of posted) {
      expect(records[Number(logIndex)]?.toString("base64")).toBe(canonicalizedBody);
    }
  });
});

describe.each(["", "api/v2/"])("tiles at /%s", (prefix) => {
  test("exist in every width up to the head, and not beyond", async () => {
    const size = await sizeOf();
    const records = await readRecords(stack.url, size, "entries");
    const leaves = records.map(plainLeafHash);
    for (let width = 1; width <= size - 256; width++) {
      const tile = await readBytes(`${stack.url}/${prefix}${tilePath(0, 1, width)}`);
      expect(tile).toStrictEqual(Buffer.concat(leaves.slice(256, 256 + width)));
      const bundle = await readBytes(`${stack.url}/${prefix}${tilePath("entries", 1, width)}`);
      const framed = records.slice(256, 256 + width).map((record) => Buffer.concat([uint16(record.length), record]));
      expect(bundle).toStrictEqual(Buffer.concat(framed));
    }
    for (const width of [1, 2, 100, 128, 255, 256]) {
      const tile = await readBytes(`${stack.url}/${prefix}${tilePath(0, 0, width)}`);
      expect(tile).toStrictEqual(Buffer.concat(leaves.slice(0, width)));
    }
    const upper = await readBytes(`${stack.url}/${prefix}${tilePath(1, 0, 1)}`);
    expect(upper).toStrictEqual(Buffer.concat(naiveTile(leaves, 1, 0)));
    const beyond = [
      tilePath(0, 1, size - 255),
      tilePath(0, 1),
      tilePath("entries", 1),
      tilePath(0, 2, 1),
      tilePath(1, 0, 2),
      tilePath(2, 0, 1),
    ];
    for (const path of beyond) {
      const response = await get(prefix + path);
      expect([path, response.status, response.headers.get("cache-control")]).toStrictEqual([path, 404, "no-store"]);
    }
  });
});

const uint16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

describe("tiles", () => {
  test("answer HEAD and If-None-Match, and carry Cache-Control", async () => {
    for (const [path, cacheControl] of [
      [tilePath(0, 0), "public, max-age=31536000, immutable"],
      [tilePath("entries", 0), "public, max-age=31536000, immutable"],
      [tilePath(0, 0, 7), "public, max-age=60"],
      [tilePath(0, 1, 7), "public, max-age=60"],
      ["checkpoint", "public, max-age=1"],
    ] as const) {
      const response = await get(path);
      const body = await response.arrayBuffer();
      expect([path, response.headers.get("cache-control")]).toStrictEqual([path, cacheControl]);
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const etag = response.headers.get("etag") ?? "";
      const head = await get(path, { method: "HEAD" });
      expect([head.status, head.headers.get("etag"), (await head.arrayBuffer()).byteLength]).toStrictEqual([
        200,
        etag,
        0,
      ]);
      expect(body.byteLength).toBeGreaterThan(0);
      const known = await get(path, { headers: { "if-none-match": etag } });
      expect([known.status, known.headers.get("cache-control")]).toStrictEqual([304, cacheControl]);
    }
  });

  test("are 404 in text for malformed paths, 405 for other methods", async () => {
    for (const path of [
      "tile/0/0",
      "tile/0/000.p/0",
      "tile/0/000.p/256",
      "tile/data/000",
      "tile/x",
      "tile/9/000",
      "tile/0/x001",
    ]) {
      const response = await get(path);
      expect([path, response.status]).toStrictEqual([path, 404]);
      expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    }
    expect((await get("tile/0/000", { method: "POST", body: "" })).status).toBe(405);
  });

  test("that are partial do not change while the log grows", async () => {
    const size = await sizeOf();
    const paths = [
      tilePath(0, 1, 5),
      tilePath(0, 1, size - 256),
      tilePath("entries", 1, size - 256),
      tilePath(1, 0, 1),
    ];
    const before = await Promise.all(paths.map((path) => readBytes(`${stack.url}/${path}`)));
    await postArtifacts(stack.url, key, ["growth 1", "growth 2", "growth 3"]);
    expect(await sizeOf()).toBe(size + 3);
    expect(await Promise.all(paths.map((path) => readBytes(`${stack.url}/${path}`)))).toStrictEqual(before);
    const longer = await readBytes(`${stack.url}/${tilePath("entries", 1, size - 253)}`);
    expect(longer.subarray(0, before[2]?.length)).toStrictEqual(before[2]);
  });
});

/** A request by node:http, which does not change headers or body. */
function raw(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${stack.url}/${path}`, { method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", reject).end();
  });
}

interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe("bundles", () => {
  test("are gzipped for clients that accept it, full or partial, with an ETag per encoding", async () => {
    for (const path of [tilePath("entries", 0), tilePath("entries", 1, 40)]) {
      const plain = await raw(path);
      expect(plain.headers["content-encoding"]).toBeUndefined();
      const packed = await raw(path, { "accept-encoding": "br;q=1, gzip;q=0.5" });
      expect(packed.headers["content-encoding"]).toBe("gzip");
      expect(packed.headers["content-length"]).toBe(String(packed.body.length));
      expect(packed.body.length).toBeLessThan(plain.body.length / 2);
      expect(gunzipSync(packed.body)).toStrictEqual(plain.body);
      const tags = [plain.headers.etag, packed.headers.etag];
      expect(new Set(tags).size).toBe(2);
      for (const tag of tags) {
        const headers = { "accept-encoding": "gzip", "if-none-match": tag ?? "" };
        const known = await raw(path, headers);
        expect([known.status, known.headers.etag, known.body.length]).toStrictEqual([304, tag, 0]);
      }
      for (const { headers } of [plain, packed]) expect(headers.vary).toBe("accept-encoding");
    }
  });

  test("are not gzipped for other clients, and hashes never are", async () => {
    for (const accepted of ["identity", "gzip;q=0", "br"]) {
      const { headers } = await raw(tilePath("entries", 0), { "accept-encoding": accepted });
      expect([accepted, headers["content-encoding"]]).toStrictEqual([accepted, undefined]);
    }
    const { headers, body } = await raw(tilePath(0, 0), { "accept-encoding": "gzip" });
    expect([headers["content-encoding"], headers.vary, body.length]).toStrictEqual([undefined, undefined, 8192]);
  });
});

describe("ranges of a tile", () => {
  test("are served one at a time", async () => {
    const { body: whole, headers } = await raw(tilePath(0, 0));
    expect(headers["accept-ranges"]).toBe("bytes");
    for (const [range, start, end] of [
      ["bytes=0-31", 0, 32],
      ["bytes=32-", 32, 8192],
      ["bytes=-32", 8160, 8192],
      ["bytes=8000-9000", 8000, 8192],
    ] as const) {
      const part = await raw(tilePath(0, 0), { range });
      expect([range, part.status, part.headers["content-range"]]).toStrictEqual([
        range,
        206,
        `bytes ${start}-${end - 1}/8192`,
      ]);
      expect(part.body).toStrictEqual(whole.subarray(start, end));
      expect(part.headers.etag).toBe(headers.etag);
    }
    const beyond = await raw(tilePath(0, 0), { range: "bytes=8192-" });
    expect([beyond.status, beyond.headers["content-range"], beyond.headers["cache-control"]]).toStrictEqual([
      416,
      "bytes */8192",
      "no-store",
    ]);
    for (const range of ["bytes=0-1,4-5", "bytes=5-1", "hashes=0-1"]) {
      expect([range, (await raw(tilePath(0, 0), { range })).status]).toStrictEqual([range, 200]);
    }
  });

  test("are of the unencoded form, and of the bytes that If-Range names", async () => {
    const { body, headers } = await raw(tilePath("entries", 0));
    const resumed = { "accept-encoding": "gzip", range: "bytes=100-199", "if-range": headers.etag ?? "" };
    const part = await raw(tilePath("entries", 0), resumed);
    expect([part.status, part.headers["content-encoding"]]).toStrictEqual([206, undefined]);
    expect(part.body).toStrictEqual(body.subarray(100, 200));
    const changed = await raw(tilePath("entries", 0), { ...resumed, "if-range": '"another"' });
    expect([changed.status, changed.body.length]).toStrictEqual([200, body.length]);
  });
});

describe("a page of another origin", () => {
  test("may read everything, even conditionally, and write nothing", async () => {
    const headers = {
      origin: "https://page.example",
      "access-control-request-method": "GET",
      "access-control-request-headers": "if-none-match, range",
    };
    for (const path of ["checkpoint", tilePath(0, 0), "api/v2/checkpoint", "api/entries/0", "api/proof/inclusion"]) {
      const allowed = await raw(path, headers, "OPTIONS");
      expect([path, allowed.status]).toStrictEqual([path, 204]);
      expect(allowed.headers).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "*",
      });
    }
    for (const path of ["checkpoint", tilePath(0, 0), tilePath(0, 9), "api/entries/0", "api/entries/x"]) {
      expect((await raw(path)).headers).toMatchObject({
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "*",
      });
    }
    const writing = { ...headers, "access-control-request-method": "POST" };
    expect((await raw("api/v2/log/entries", writing, "OPTIONS")).status).toBe(501);
  });
});

interface ProofAnswer {
  readonly treeSize: number;
  readonly rootHash: string;
  readonly leafHash: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string | null;
}

interface ConsistencyAnswer {
  readonly from: Pick<ProofAnswer, "treeSize" | "rootHash">;
  readonly to: Pick<ProofAnswer, "treeSize" | "rootHash">;
  readonly hashes: readonly string[];
  readonly checkpoint: string | null;
}

const bytes = (base64: string): Buffer => Buffer.from(base64, "base64");
const jsonOf = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;

describe("proofs", () => {
  test("of inclusion lead from the leaf to the root of the requested tree", async () => {
    const { treeSize: head, rootHash: headRoot } = await readCheckpoint(stack.url);
    const records = await readRecords(stack.url, head, "entries");
    const leaves = records.map(plainLeafHash);
    for (const [index, size] of [
      [0, null],
      [head - 1, null],
      [0, 1],
      [100, 255],
      [255, 256],
      [256, 257],
      [17, head],
    ] as const) {
      const query = size === null ? `index=${index}` : `index=${index}&size=${size}`;
      const { treeSize, rootHash, leafHash, hashes, checkpoint } = await jsonOf<ProofAnswer>(
        `api/proof/inclusion?${query}`,
      );
      expect([treeSize, bytes(leafHash)]).toStrictEqual([size ?? head, leaves[index]]);
      expect(bytes(rootHash)).toStrictEqual(naiveRoot(leaves, 0, treeSize));
      expect(rootFromProof(bytes(leafHash), { leafIndex: index, treeSize }, hashes.map(bytes))).toStrictEqual(
        bytes(rootHash),
      );
      const signed = checkpoint === null ? null : parseNote(checkpoint);
      expect(signed?.rootHash).toStrictEqual(treeSize === head ? headRoot : undefined);
    }
  });

  test("of consistency lead from one tree to another", async () => {
    const { treeSize: head } = await readCheckpoint(stack.url);
    const records = await readRecords(stack.url, head, "entries");
    for (const [from, to] of [
      [1, null],
      [255, 256],
      [100, 257],
      [256, head],
      [0, 5],
      [head, head],
    ] as const) {
      const query = to === null ? `from=${from}` : `from=${from}&to=${to}`;
      const answer = await jsonOf<ConsistencyAnswer>(`api/proof/consistency?${query}`);
      const trees = [answer.from, answer.to].map(({ treeSize, rootHash }) => ({
        size: treeSize,
        root: bytes(rootHash),
      }));
      const [older = { size: 0, root: Buffer.alloc(0) }, newer = older] = trees;
      expect([older.size, newer.size]).toStrictEqual([from, to ?? head]);
      for (const { size, root } of trees) expect(root).toStrictEqual(rootOfRecords(records, size));
      expect(isConsistent(older, newer, answer.hashes.map(bytes))).toBe(true);
      expect(answer.checkpoint === null).toBe(newer.size !== head);
    }
  });

  test("are 400 for malformed requests, 404 beyond the head, in JSON", async () => {
    const size = await sizeOf();
    for (const [path, status, code] of [
      ["inclusion", 400, 3],
      ["inclusion?index=01", 400, 3],
      ["inclusion?index=2&size=2", 400, 3],
      ["inclusion?index=0&log=rekor", 400, 3],
      [`inclusion?index=${size}`, 404, 5],
      [`inclusion?index=0&size=${size + 1}`, 404, 5],
      ["consistency?from=2&to=1", 400, 3],
      ["consistency?from=1&size=2", 400, 3],
      [`consistency?from=1&to=${size + 1}`, 404, 5],
    ] as const) {
      const response = await get(`api/proof/${path}`);
      expect([path, response.status, response.headers.get("cache-control")]).toStrictEqual([path, status, "no-store"]);
      expect(await response.json()).toMatchObject({ code, details: [] });
    }
  });

  test("are served as files that verify offline with the log's key", async () => {
    const key25519 = createPublicKey(stack.vars["SIGNATURE_LOG_ED25519_KEY"] ?? "");
    const { x = "" } = key25519.export({ format: "jwk" });
    const publicKey = new Uint8Array(Buffer.from(x, "base64url"));
    const keyId = ed25519KeyId("localhost", publicKey);
    const verifier = noteVerifier({ name: "localhost", keyId, type: NOTE_ED25519, key: publicKey });
    if (!verifier.ok) throw new Error(verifier.error.code);
    const trust = { origin: "localhost", logKeys: [verifier.value], witnesses: null };
    const records = await readRecords(stack.url, await sizeOf(), "entries");
    for (const index of [0, 255, 256]) {
      const response = await get(`api/entries/${index}.tlog-proof`);
      expect([response.status, response.headers.get("content-type")]).toStrictEqual([200, "text/plain; charset=utf-8"]);
      const proof = parseTlogProof(new Uint8Array(await response.arrayBuffer()));
      if (!proof.ok) throw new Error(proof.error.line);
      const leaf = (i: number): Hash => hash(new Uint8Array(plainLeafHash(records[i] ?? Buffer.alloc(0))));
      expect(await verifyTlogProof(proof.value, leaf(index), trust)).toMatchObject({ ok: true });
      expect(await verifyTlogProof(proof.value, leaf(index + 1), trust)).toMatchObject({ ok: false });
    }
    expect((await get(`api/entries/${await sizeOf()}.tlog-proof`)).status).toBe(404);
  });
});

describe("GET /api/meta/<N>", () => {
  test("has a line for each entry of a published bundle, and is 404 for the others", async () => {
    await expect.poll(async () => (await get("api/meta/0")).status, { timeout: 5000 }).toBe(200);
    const response = await get("api/meta/0");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const lines = (await response.text()).split("\n");
    expect([lines.length, lines.pop()]).toStrictEqual([257, ""]);
    const entry = await jsonOf<EntryAnswer>("api/entries/3");
    const { timestamp, hints } = JSON.parse(lines[3] ?? "") as { readonly timestamp: number; readonly hints: unknown };
    expect([Math.floor(timestamp / 1000), hints]).toStrictEqual([Math.floor(Date.parse(entry.timestamp) / 1000), null]);
    for (const index of [1, 2]) {
      const missing = await get(`api/meta/${index}`);
      expect([missing.status, missing.headers.get("cache-control")]).toStrictEqual([404, "no-store"]);
    }
    expect((await get("api/meta/one")).status).toBe(400);
  });
});

interface EntryAnswer {
  readonly index: number;
  readonly log: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly entry: LogEntryJson;
  readonly hints: unknown;
}

describe("GET /api/entries/<index>", () => {
  test.each([0, 1, 127, 255, 256, 290])(
    "answers with entry %i and its proof in the current checkpoint",
    async (index) => {
      const answer = (await (await get(`api/entries/${index}`)).json()) as EntryAnswer;
      expect(answer).toMatchObject({ index, log: "signature", kind: "hashedrekord", hints: null });
      expect(Math.abs(Date.parse(answer.timestamp) - Date.now())).toBeLessThan(120_000);
      const { treeSize, rootHash } = await readCheckpoint(stack.url);
      const records = await readRecords(stack.url, treeSize, "entries");
      const { entry } = answer;
      expect(Buffer.from(entry.canonicalizedBody, "base64")).toStrictEqual(records[index]);
      expect(entry.inclusionProof.treeSize).toBe(String(treeSize));
      expect(rootOfEntry(entry)).toStrictEqual(rootHash);
      expect(parseNote(entry.inclusionProof.checkpoint.envelope).rootHash).toStrictEqual(rootHash);
      const known = posted.find(({ logIndex }) => logIndex === String(index));
      if (known !== undefined) {
        expect(entry).toMatchObject({ ...known, inclusionProof: {} });
        expect(Object.keys(entry)).toStrictEqual(Object.keys(known));
      }
    },
  );

  test("beyond the head is 404, a malformed index 400, in JSON", async () => {
    const size = await sizeOf();
    for (const [path, status, code] of [
      [`api/entries/${size}`, 404, 5],
      ["api/entries/9007199254740991", 404, 5],
      ["api/entries/00", 400, 3],
      ["api/entries/-1", 400, 3],
      ["api/entries/one", 400, 3],
      ["api/entries/0?log=rekor", 400, 3],
    ] as const) {
      const response = await get(path);
      expect([path, response.status, await response.json()]).toMatchObject([path, status, { code, details: [] }]);
    }
  });
});

describe("an entry that is already in the log", () => {
  // ECDSA signatures differ each time, so a duplicate is the same request.
  const requests = ["twice, in the open tile", "twice, later"].map((artifact) => artifactRequest(key, artifact));

  test("gets 201 with its index and a proof from tiles, in the partial tile and in a published one", async () => {
    const [request = {}] = requests;
    const first = (await (await postRaw(stack.url, request)).json()) as LogEntryJson;
    await postArtifacts(stack.url, key, ["in between"]);
    const again = await postRaw(stack.url, request);
    expect([again.status, again.headers.get("x-log-index")]).toStrictEqual([201, first.logIndex]);
    await expectSame(first, await again.json());
    // After 256 more, the tile with the entry is full and published to R2.
    await postArtifacts(
      stack.url,
      key,
      Array.from({ length: 256 }, (_, i) => `filler ${i}`),
    );
    const later = await postRaw(stack.url, request);
    expect([later.status, later.headers.get("x-log-index")]).toStrictEqual([201, first.logIndex]);
    await expectSame(first, await later.json());
  });

  async function expectSame(first: LogEntryJson, again: LogEntryJson): Promise<void> {
    const { inclusionProof, ...rest } = first;
    expect(again).toMatchObject(rest);
    expect(Number(again.inclusionProof.treeSize)).toBeGreaterThan(Number(inclusionProof.treeSize));
    expect(rootOfEntry(again)?.toString("base64")).toBe(again.inclusionProof.rootHash);
    const records = await readRecords(stack.url, Number(again.inclusionProof.treeSize), "entries");
    expect(rootOfRecords(records).toString("base64")).toBe(again.inclusionProof.rootHash);
  }
});
