// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { der, makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";
import { isConsistent, naiveRoot, rootFromProof } from "../../../test/support/logs/naive-tree.ts";

const errors = recordErrors();

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
    const service = makeLogService(600, 1);
    const { leaves } = service.logs[log];
    const indexes = [0, 1, 255, 256, 511, 599];
    for (const size of [null, 1, 2, 7, 255, 256, 257, 512, 599, 600]) {
      const treeSize = size ?? 600;
      for (const index of indexes.filter((candidate) => candidate < treeSize)) {
        const query = `index=${index}&log=${log}${size === null ? "" : `&size=${size}`}`;
        const response = await send(service, `/api/proof/inclusion?${query}`);
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
    const response = await send(makeLogService(3), `/api/proof/inclusion${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  test.each(["index=3", "index=0&size=4", "index=9007199254740990&size=9007199254740991"])(
    "%s is 404",
    async (query) => {
      const response = await send(makeLogService(3), `/api/proof/inclusion?${query}`);
      expect([response.status, response.headers.get("cache-control")]).toStrictEqual([404, "no-store"]);
    },
  );

  test.each([0, 2])("never sends a proof in an older tree whose leaf %i was changed", async (index) => {
    const service = makeLogService(700, 2);
    const tile = service.logs.signature.objects.get("signature/tile/0/000");
    if (tile !== undefined) tile[32 * index] = (tile[32 * index] ?? 0) ^ 1;
    const response = await send(service, "/api/proof/inclusion?index=0&size=5");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: 0, treeSize: 700 });
  });
});

describe("GET /api/proof/consistency", () => {
  test.each(["signature", "certificate"] as const)(
    "proves each tree of the %s log a prefix of larger ones",
    async (log) => {
      const service = makeLogService(600, 1);
      const { leaves } = service.logs[log];
      const sizes = [0, 1, 2, 7, 8, 255, 256, 257, 512, 600];
      for (const from of sizes) {
        for (const to of [null, ...sizes].filter((size) => size === null || size >= from)) {
          const query = `from=${from}&log=${log}${to === null ? "" : `&to=${to}`}`;
          const response = await send(service, `/api/proof/consistency?${query}`);
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
    const response = await send(makeLogService(0), "/api/proof/consistency?from=0&log=certificate");
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
    const response = await send(makeLogService(3), `/api/proof/consistency${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining(message) },
    ]);
  });

  test.each(["from=4", "from=0&to=4"])("%s is 404", async (query) => {
    expect((await send(makeLogService(3), `/api/proof/consistency?${query}`)).status).toBe(404);
  });

  test("never sends a proof that the tiles do not give", async () => {
    const service = makeLogService(700, 2);
    const tile = service.logs.signature.objects.get("signature/tile/0/001");
    if (tile !== undefined) tile[0] = (tile[0] ?? 0) ^ 1;
    const response = await send(service, "/api/proof/consistency?from=100&to=300");
    expect(response.status).toBe(503);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: null, treeSize: 700 });
  });
});
