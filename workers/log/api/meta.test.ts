// SPDX-License-Identifier: Apache-2.0

import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";

const errors = recordErrors();

describe("GET /api/meta/<N>", () => {
  test("answers with the sidecar of a published bundle, immutable", async () => {
    const service = makeLogService(600, 2);
    const response = await send(service, "/api/meta/1", { headers: { "accept-encoding": "gzip" } });
    expect([response.status, response.headers.get("content-type")]).toStrictEqual([200, "application/x-ndjson"]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-encoding")).toBe("gzip");
    const sidecar = gunzipSync(Buffer.from(await response.arrayBuffer()));
    expect(sidecar).toStrictEqual(Buffer.from(service.logs.signature.objects.get("signature/meta/1") ?? []));
    expect(service.logs.signature.calls).toStrictEqual([]);
  });

  // The second bundle is full but not published yet, the third is open, the fourth does not exist.
  test.each([1, 2, 3, 9007199254740991])("%i is 404 until it is published", async (index) => {
    const response = await send(makeLogService(600, 1), `/api/meta/${index}`);
    expect([response.status, response.headers.get("cache-control")]).toStrictEqual([404, "no-store"]);
    expect(await response.json()).toMatchObject({ code: 5 });
    expect(errors).toStrictEqual([]);
  });

  test.each(["-1", "00", "x", "0.p", "%30"])("%s is malformed: 400", async (index) => {
    expect((await send(makeLogService(600, 1), `/api/meta/${index}`)).status).toBe(400);
  });

  test("is 503 with a log line if R2 has lost the sidecar", async () => {
    const service = makeLogService(600, 2);
    service.logs.signature.objects.clear();
    expect((await send(service, "/api/meta/0")).status).toBe(503);
    expect(JSON.parse(errors[0] ?? "")).toMatchObject({ code: "object_missing", key: "signature/meta/0" });
  });
});
