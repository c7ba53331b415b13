// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test, vi } from "vitest";
import { makeLogService, recordErrors, send } from "../../../test/support/logs/log-service.ts";

const errors = recordErrors();

describe("reads of tiles and checkpoints", () => {
  test.each(["/tile/", "/api/v2/tile/", "/ct/tile/"])("answer for tiles below %s", async (prefix) => {
    const service = makeLogService(300, 1);
    const bundles = prefix.startsWith("/ct") ? "data" : "entries";
    for (const [path, cacheControl] of [
      ["0/000", "public, max-age=31536000, immutable"],
      ["0/000.p/255", "public, max-age=60"],
      ["0/001.p/44", "public, max-age=60"],
      ["1/000.p/1", "public, max-age=60"],
      [`${bundles}/000`, "public, max-age=31536000, immutable"],
      [`${bundles}/001.p/44`, "public, max-age=60"],
    ] as const) {
      const response = await send(service, prefix + path);
      expect([path, response.status]).toStrictEqual([path, 200]);
      expect(response.headers.get("cache-control")).toBe(cacheControl);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
      const etag = response.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
      const again = await send(service, prefix + path, { headers: { "if-none-match": etag } });
      expect([again.status, await again.text()]).toStrictEqual([304, ""]);
      const head = await send(service, prefix + path, { method: "HEAD" });
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
    const response = await send(makeLogService(300, 1), path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(errors).toStrictEqual([]);
  });

  test("answer with the checkpoint at each of its paths", async () => {
    const service = makeLogService(3);
    for (const path of ["/checkpoint", "/api/v2/checkpoint", "//checkpoint", "/ct/checkpoint"]) {
      const response = await send(service, path);
      expect(await response.text()).toBe("naive\n3\n");
      expect(response.headers.get("cache-control")).toBe("public, max-age=1");
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    }
    expect(service.logs.signature.calls).toStrictEqual(["head"]);
    expect(service.logs.certificate.calls).toStrictEqual(["head"]);
  });

  test("that reach the sequencer count once per request against the sender's limit", async () => {
    const service = makeLogService(700, 1);
    await send(service, "/tile/0/000");
    expect(service.limited).toStrictEqual([]);
    await send(service, "/tile/0/002.p/1", { headers: { "cf-connecting-ip": "192.0.2.1" } });
    await send(service, "/api/entries/699");
    expect(service.limited).toStrictEqual(["log.example.com reads 192.0.2.1", "log.example.com reads unknown"]);
    service.admits = false;
    const text = await send(service, "/tile/entries/002.p/2");
    expect([text.status, text.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(await text.text()).toMatch(/^too many reads/);
    const json = await send(service, "/api/entries/650");
    expect([json.status, json.headers.get("retry-after")]).toStrictEqual([429, "10"]);
    expect(await json.json()).toMatchObject({ code: 8 });
  });

  test.each(["/tile/0/002", "/tile/1/000", "/tile/entries/002", "/ct/tile/0/002", "/ct/tile/data/002"])(
    "of %s at every width are one question to the sequencer",
    async (path) => {
      const service = makeLogService(512 + 255, 2);
      const kind = path.startsWith("/ct/") ? "certificate" : "signature";
      const widths = Array.from({ length: path.includes("/1/") ? 2 : 255 }, (_, i) => i + 1);
      // All within one second, however slow the machine is.
      vi.useFakeTimers({ toFake: ["Date"] });
      for (const width of widths) expect((await send(service, `${path}.p/${width}`)).status).toBe(200);
      vi.useRealTimers();
      expect(service.logs[kind].calls).toHaveLength(2);
    },
  );

  test("that fail are 503 with a request id and a log line, never 404 and never empty", async () => {
    const service = makeLogService(10);
    service.logs.signature.failing = "Durable Object is overloaded";
    const headers = { "x-request-id": "r-1" };
    const text = await send(service, "/tile/0/000.p/1", { headers });
    expect([text.status, text.headers.get("retry-after")]).toStrictEqual([503, "1"]);
    expect(await text.text()).toContain("r-1");
    const json = await send(service, "/api/entries/1?log=signature", { headers });
    expect([json.status, await json.json()]).toMatchObject([503, { code: 14 }]);
    expect(errors.length).toBe(2);
    const line: unknown = JSON.parse(errors[1] ?? "");
    expect(line).toMatchObject({ requestId: "r-1", path: "/api/entries/1", method: "GET" });
    expect(errors[1]).toContain("overloaded");
  });

  test("of an object that R2 has lost are 503 with a log line", async () => {
    const service = makeLogService(300, 1);
    service.logs.signature.objects.clear();
    const response = await send(service, "/tile/0/000", { headers: { "x-request-id": "r-2" } });
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
