// SPDX-License-Identifier: Apache-2.0
// The routes of the service, and what it answers when it cannot work.

import { X509Certificate } from "node:crypto";
import { describe, expect, test, vi } from "vitest";
import { der, makeLogService, recordErrors, send, sendTo } from "../../test/support/logs/log-service.ts";
import vectors from "../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import type { LogEnv } from "./env.ts";

const errors = recordErrors();

describe("a service that is not configured", () => {
  test.each(["/checkpoint", "/api/v2/log/entries", "/ct/ct/v1/get-roots", "/nowhere"])(
    "answers 503 on %s",
    async (path) => {
      const response = await sendTo(path, {});
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
    [{ LISTED_KEYS: "no PEM" }, "LISTED_KEYS must have 1 to 64 public keys"],
    [{ SIGNING_ALGORITHMS: "ROT13" }, "SIGNING_ALGORITHMS has ROT13"],
  ])("names the wrong setting: %o", async (settings, problem) => {
    const env = { ...makeLogService().env, ...settings };
    const response = await sendTo("/checkpoint", env);
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
    const response = await send(makeLogService(), path, { method });
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
    const response = await send(makeLogService(), path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    if (status === 405) expect(response.headers.get("allow")).toMatch(/^(GET, HEAD|POST)$/);
    expect(await response.text()).toMatch(/^[A-Z].*\n$/);
  });
});

describe("a frozen log", () => {
  const SHARDS = [
    { name: "sig-2", kind: "signature", url: "https://two.example.com" },
    { name: "ct-2", kind: "certificate", url: "https://two.example.com" },
  ];
  const FREEZE = ["signature", "certificate"].map((name) => ({ name, frozen: true }));
  const post = (env: LogEnv, path: string, body: string): Promise<Response> =>
    sendTo(path, env, { method: "POST", body });

  test.each(["{}", "", "no JSON"])(
    "answers %j with 405 and the URL to write to, before it reads anything",
    async (body) => {
      const service = makeLogService();
      const env = { ...service.env, SHARDS: JSON.stringify([...SHARDS, ...FREEZE]) };
      const entry = await post(env, "/api/v2/log/entries", body);
      const message = "This log has been frozen, please switch to the latest log. It is https://two.example.com";
      expect([entry.status, entry.headers.get("allow")]).toStrictEqual([405, ""]);
      // rekor-tiles, tests/freeze_test.go: its client's error is "unexpected response: " status " " body.
      const error = `unexpected response: ${entry.status} ${await entry.text()}`;
      expect(error).toContain("unexpected response: 405 This log has been frozen, please switch to the latest log.");
      expect([error, entry.headers.get("content-type")]).toStrictEqual([
        `unexpected response: 405 ${message}\n`,
        "text/plain; charset=utf-8",
      ]);
      for (const path of ["/ct/ct/v1/add-chain", "/ct/ct/v1/add-pre-chain"]) {
        const chain = await post(env, path, body);
        expect([chain.status, chain.headers.get("content-type")]).toStrictEqual([405, "text/plain; charset=utf-8"]);
        expect(await chain.text()).toBe(`${message}/ct\n`);
      }
      expect([service.submitted, service.limited, errors]).toStrictEqual([[], [], []]);
    },
  );

  test("says so if there is no other log", async () => {
    const env = { ...makeLogService().env, SHARDS: JSON.stringify(FREEZE) };
    expect(await (await post(env, "/api/v2/log/entries", "{}")).text()).toBe(
      "This log has been frozen, please switch to the latest log. No log of this deployment accepts entries.\n",
    );
  });

  test("that the settings do not freeze answers with the sequencer's error", async () => {
    const service = makeLogService();
    service.answer = { ok: false, error: { code: "log_frozen", writeTo: "https://two.example.com/ct" } };
    const certificate = vectors.cases[0]?.certificate ?? "";
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(new X509Certificate(der(certificate)).validTo) });
    const response = await post(service.env, "/ct/ct/v1/add-chain", JSON.stringify({ chain: [certificate] }));
    vi.useRealTimers();
    expect([response.status, await response.text()]).toStrictEqual([
      405,
      "This log has been frozen, please switch to the latest log. It is https://two.example.com/ct\n",
    ]);
  });
});
