// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { der, makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";
import { naiveRoot, rootFromProof } from "../../../test/support/logs/naive-tree.ts";
import { plainLeafHash } from "../../../test/support/logs/tree-hashes.ts";

const errors = recordErrors();

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
    const service = makeLogService(600, 1);
    const root = naiveRoot(service.logs[log].leaves);
    for (const index of [0, 255, 256, 599]) {
      const response = await send(service, `/api/entries/${index}?log=${log}`);
      expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-cache"]);
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
      const leaf = plainLeafHash(der(canonicalizedBody));
      const path = inclusionProof.hashes.map(der);
      expect(rootFromProof(leaf, { leafIndex: index, treeSize: 600 }, path)).toStrictEqual(root);
    }
  });

  test.each(["", ".tlog-proof"])("is not sent again to a client that has it: 304 for its ETag %s", async (suffix) => {
    const service = makeLogService(3);
    const path = `/api/entries/2${suffix}`;
    const etag = (await send(service, path)).headers.get("etag") ?? "";
    const statuses = [etag, '"another"'].map(async (tag) => {
      const response = await send(service, path, { headers: { "if-none-match": tag } });
      return response.status;
    });
    expect(await Promise.all(statuses)).toStrictEqual([304, 200]);
  });

  test("answers with the certificate as submitted", async () => {
    const json = await (await send(makeLogService(3), "/api/entries/2?log=certificate")).json();
    expect(json).toMatchObject({ certificate: Buffer.from("record 2").toString("base64") });
    expect(json).not.toHaveProperty("hints");
  });

  test("defaults to the signature log, and answers with null if there are no hints", async () => {
    const json = await (await send(makeLogService(3), "/api/entries/2")).json();
    expect(json).toMatchObject({ log: "signature", hints: null });
    expect(json).not.toHaveProperty("certificate");
  });

  test.each(["3", "9007199254740991"])("%s is beyond the head: 404", async (index) => {
    const response = await send(makeLogService(3), `/api/entries/${index}`);
    expect([response.status, await response.json()]).toMatchObject([404, { code: 5 }]);
  });

  test.each(["-1", "01", "1.0", "0x1", "%31", "a", "1e3", "9007199254740992", "99999999999999999999"])(
    "%s is malformed: 400",
    async (index) => {
      const response = await send(makeLogService(3), `/api/entries/${index}`);
      expect([response.status, await response.json()]).toMatchObject([400, { code: 3 }]);
    },
  );

  test.each(["?log=", "?log=rekor"])("%s does not name a log: 400", async (query) => {
    expect((await send(makeLogService(3), `/api/entries/0${query}`)).status).toBe(400);
  });

  test("never sends a proof that does not verify", async () => {
    const service = makeLogService(600, 2);
    const tile = service.logs.signature.objects.get("signature/tile/0/000");
    // The leaf hash of entry 1 is the first hash in the proof of entry 0.
    if (tile !== undefined) tile[40] = (tile[40] ?? 0) ^ 1;
    const response = await send(service, "/api/entries/0");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "proof_mismatch", leafIndex: 0, treeSize: 600 });
  });
});

describe("GET /api/entries/<index>.tlog-proof", () => {
  test.each(["signature", "certificate"] as const)(
    "gives the proof of an entry of the %s log as a file",
    async (log) => {
      const service = makeLogService(600, 1);
      for (const index of [0, 255, 256, 599]) {
        const response = await send(service, `/api/entries/${index}.tlog-proof?log=${log}`);
        expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-cache"]);
        expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
        const [proof = "", checkpoint] = (await response.text()).split("\n\n");
        const [header, indexLine, ...hashes] = proof.split("\n");
        expect([header, indexLine]).toStrictEqual(["c2sp.org/tlog-proof@v1", `index ${index}`]);
        const leaf = service.logs[log].leaves[index] ?? Buffer.alloc(0);
        const root = rootFromProof(leaf, { leafIndex: index, treeSize: 600 }, hashes.map(der));
        expect(root).toStrictEqual(naiveRoot(service.logs[log].leaves));
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
    const response = await send(makeLogService(3), `/api/entries/${name}`);
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([status, "application/json"]);
  });
});
