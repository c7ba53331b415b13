// SPDX-License-Identifier: Apache-2.0
// The signature log as readers meet it over HTTP: every tile and bundle, entries with their proofs, duplicates.

import { createPublicKey, verify } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  artifactRequest,
  clientKey,
  type LogEntryJson,
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
} from "../support/log-client.ts";
import { naiveLeafHash, naiveTile } from "../support/naive-tree.ts";
import { startStack, type TestStack } from "../support/stack.ts";

/** One full tile and an open one; the genesis entry is the first. */
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

describe("the answers to writes", () => {
  test("give each entry an index of its own and a proof that leads to the checkpoint's root", () => {
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
  test("is the same at both places, signed by the log's two keys over the text", async () => {
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

  test("is the root of the bundles, and every checkpoint that was given before is a root of a prefix", async () => {
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
    const leaves = records.map(naiveLeafHash);
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
  test("answer HEAD and If-None-Match, and say how long they may be kept", async () => {
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

  test("that are no paths of a tile are 404 in text, another method is 405", async () => {
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

  test("that are partial stay what they were while the log grows", async () => {
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

interface EntryAnswer {
  readonly index: number;
  readonly log: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly entry: LogEntryJson;
  readonly hints: unknown;
}

describe("GET /api/entries/<index>", () => {
  test.each([0, 1, 127, 255, 256, 290])("gives entry %i with its proof to the current checkpoint", async (index) => {
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
  });

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

describe("an entry that is in the log already", () => {
  // ECDSA signatures differ each time: the same entry is the same request.
  const requests = ["twice, in the open tile", "twice, later"].map((artifact) => artifactRequest(key, artifact));

  test("gets 201 with its index and a proof made from tiles, in the open tile and in a published one", async () => {
    const [request = {}] = requests;
    const first = (await (await postRaw(stack.url, request)).json()) as LogEntryJson;
    await postArtifacts(stack.url, key, ["in between"]);
    const again = await postRaw(stack.url, request);
    expect([again.status, again.headers.get("x-log-index")]).toStrictEqual([201, first.logIndex]);
    await expectSame(first, await again.json());
    // 256 more: the tile with the entry fills up and goes to R2.
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
