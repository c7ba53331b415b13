// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";

const errors = recordErrors();

describe("GET /api/search", () => {
  test("answers with hits and with the size up to which each log is indexed", async () => {
    const service = makeLogService();
    service.database.database.exec(`
      INSERT INTO posting VALUES ('email:a@b', 'signature', 0), ('email:a@b', 'certificate', 0), ('email:a@b', 'signature', 1);
      INSERT INTO entry VALUES ('signature', 0, 1790000000000, 'sha256:00', 'A@b', 'https://issuer.test', 1),
        ('certificate', 0, 1789999999999, NULL, 'A@b', 'https://issuer.test', 1), ('signature', 1, 1790000001000, 'sha256:01', NULL, NULL, 1);
      INSERT INTO watermark (log, size) VALUES ('signature', 2), ('certificate', 1);`);
    const response = await send(service, "/api/search?email=a@b&limit=2");
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([200, "no-store"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const json = (await response.json()) as { readonly nextCursor: string };
    const { nextCursor, ...rest } = json;
    expect(rest).toMatchObject({
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
    const next = await send(service, `/api/search?email=a@b&limit=2&cursor=${nextCursor}`);
    expect(await next.json()).toMatchObject({ hits: [{ log: "certificate", index: 0 }], nextCursor: null });
  });

  test.each([
    ["", "give exactly one of"],
    ["?email=a@b&digest=sha256:00", "give exactly one of"],
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
});
