// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { makeAppend } from "../../../shared/search/index-writes.ts";
import type { SearchRow } from "../../../shared/search/row.ts";
import { termKey } from "../../../shared/search/terms.ts";
import { unixMs } from "../../../shared/time.ts";
import { makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";
import { emailSigner, searchRow } from "../../../test/support/logs/search-rows.ts";
import type { MemoryD1 } from "../../../test/support/logs/sqlite-d1.ts";

const errors = recordErrors();
const NO_BUILD = {
  repository: null,
  repositoryId: null,
  owner: null,
  ownerId: null,
  workflow: null,
  ref: null,
  runner: null,
  visibility: null,
};

function feed({ run, d1 }: MemoryD1, name: string, rows: readonly (readonly [number, SearchRow])[]): void {
  const entries = rows.map(([time, search], leafIndex) => ({ leafIndex, timestamp: unixMs(time), search }));
  run(makeAppend({ name, creation: null }, entries).map(({ sql, values }) => d1.prepare(sql).bind(...values)));
}

describe("GET /api/search", () => {
  test("answers with hits and with the size up to which each log is indexed", async () => {
    const service = makeLogService();
    const alice = emailSigner("A@b", "https://issuer.test");
    const digest = `sha256:${"0a".repeat(32)}`;
    feed(service.database, "signature", [
      [1_790_000_000_000, searchRow({ signer: alice, digest, terms: [termKey("digest", digest)] })],
      [1_790_000_001_000, searchRow({ signer: alice, kind: "attestation", digest: `sha512:${"0b".repeat(64)}` })],
    ]);
    feed(service.database, "certificate", [[1_789_999_999_999, searchRow({ signer: alice, kind: "certificate" })]]);
    const response = await send(service, "/api/search?email=a@b&limit=2");
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-cache"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const json = (await response.json()) as { readonly nextCursor: string };
    const { nextCursor, ...rest } = json;
    const signer = { identity: "A@b", issuer: "https://issuer.test", predicateType: null, ...NO_BUILD };
    expect(rest).toStrictEqual({
      hits: [
        {
          index: 1,
          log: "signature",
          kind: "attestation",
          time: "2026-09-21T14:13:21Z",
          digest: `sha512:${"0b".repeat(64)}`,
          ...signer,
        },
        { index: 0, log: "signature", kind: "signature", time: "2026-09-21T14:13:20Z", digest, ...signer },
      ],
      completeThrough: 2,
      completeThroughByLog: { signature: 2, certificate: 1 },
      newestTimeByLog: { signature: "2026-09-21T14:13:21Z", certificate: "2026-09-21T14:13:19Z" },
    });
    const next = await send(service, `/api/search?email=a@b&limit=2&cursor=${nextCursor}`);
    expect(await next.json()).toMatchObject({ hits: [{ log: "certificate", index: 0 }], nextCursor: null });
  });

  test.each([
    ["", "give at least one of"],
    ["?email=a", "email must be"],
    ["?email=https://github.com/o/r/w.yml@refs/heads/main", "write identity="],
    ["?email=*@example.com", "not a wildcard"],
    ["?identity=*", "identity must be"],
    ["?issuer=", "issuer must be"],
    ["?digest=00", "digest must be"],
    ["?publicKey=00", "publicKey must be"],
    ["?email=a@b&limit=65", "1 to 64"],
    ["?email=a@b&cursor=x", "nextCursor"],
    ["?email=a@b&log=x", "log must be"],
    ["?email=a@b&q=x", "unknown parameter"],
    ["?email=a@b&format=xml", "json, csv, atom"],
    ["?email=a@b&email=a@b", "is repeated"],
  ])("%s is 400 and says what is expected", async (query, message) => {
    const response = await send(makeLogService(), `/api/search${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 3, message: expect.stringContaining(message) });
  });

  test("is 503 while D1 is down, and the logs still answer", async () => {
    const service = makeLogService(3);
    service.database.fail("D1_ERROR: overloaded");
    const response = await send(service, "/api/search?email=a@b");
    expect([response.status, response.headers.get("retry-after")]).toStrictEqual([503, "60"]);
    expect(await response.json()).toMatchObject({
      code: 14,
      message: expect.stringContaining("search index is unavailable"),
    });
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "search_unavailable", reason: "D1_ERROR: overloaded" });
    expect((await send(service, "/checkpoint")).status).toBe(200);
  });

  test.each([
    ["?email=a@b&format=csv", "*/*", "text/csv; charset=utf-8"],
    ["?email=a@b", "text/csv", "text/csv; charset=utf-8"],
    ["?email=a@b", "text/html, application/atom+xml;q=0.9", "application/atom+xml; charset=utf-8"],
    ["?email=a@b&format=json", "text/csv", "application/json"],
    ["?email=a@b", "text/html", "application/json"],
  ])("%s with Accept: %s is %s", async (query, accept, type) => {
    const response = await send(makeLogService(), `/api/search${query}`, { headers: { accept } });
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([200, type]);
    expect(response.headers.get("vary")).toContain("accept");
  });
});
