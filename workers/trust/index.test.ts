// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { LogDescription } from "../../shared/rpc/sequencer.ts";
import { unixMs } from "../../shared/time.ts";
import { type OpensslChain, timestampChain } from "../../test/support/process/openssl.ts";
import { makeLogDescription } from "../../test/support/trust/log-description.ts";
import type { TrustEnv } from "./env.ts";
import service from "./index.ts";

const PUBLIC_URL = "https://sigstore.example.com";
const DOCUMENTS = ["/trusted_root.json", "/signing_config.json", "/client_trust_config.json"];

let ca: OpensslChain;
let tsa: OpensslChain;

beforeAll(() => {
  ca = timestampChain();
  tsa = timestampChain();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An environment whose logs describe themselves with `describeLogs`. */
const envWith = (describeLogs: (logName: string) => Promise<LogDescription>): TrustEnv => ({
  PUBLIC_URL,
  TUF: { getByName: () => ({ serve: () => Promise.resolve({ kind: "absent" }) }) } as never,
  CA_CHAIN: ca.chain,
  TSA_CHAIN: tsa.chain,
  SEQUENCER: { getByName: (name: string) => ({ describe: () => describeLogs(name) }) } as never,
});
const describeLog = (origin: string): LogDescription => ({
  ...makeLogDescription(Date.parse("2026-11-23T10:20:30Z")),
  origin,
  headTimestamp: unixMs(Date.parse("2026-11-23T10:20:31Z")),
});
const running = (): TrustEnv => envWith((name) => Promise.resolve(describeLog(name)));
const ask = (env: TrustEnv, path: string, init: RequestInit = {}): Promise<Response> =>
  service.fetch(new Request(`${PUBLIC_URL}${path}`, init), env);

describe("the trust documents", () => {
  test.each(DOCUMENTS)("%s is JSON, cacheable for a minute and readable by any origin", async (path) => {
    const answer = await ask(running(), path);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=60",
      "content-type": "application/json",
    });
    expect(await answer.json()).toHaveProperty("mediaType");
  });

  test("contain the keys that the logs name", async () => {
    const logs = { signature: describeLog("a"), certificate: describeLog("b") };
    const env = envWith((name) => Promise.resolve(logs[name as keyof typeof logs]));
    const keyOf = ({ spki }: LogDescription): string => Buffer.from(spki).toString("base64");
    expect(await (await ask(env, "/trusted_root.json")).json()).toMatchObject({
      tlogs: [{ baseUrl: PUBLIC_URL, publicKey: { rawBytes: keyOf(logs.signature) } }],
      ctlogs: [{ baseUrl: `${PUBLIC_URL}/ct`, publicKey: { rawBytes: keyOf(logs.certificate) } }],
    });
  });

  test("contain each log's key, and offer the newest signature log that accepts entries", async () => {
    const shards = [
      { name: "sig-1", kind: "signature", url: "https://one.example.com" },
      { name: "sig-2", kind: "signature", url: "https://two.example.com" },
      { name: "sig-3", kind: "signature", url: "https://three.example.com", from: "2999-01-01T00:00:00Z" },
      { name: "ct-1", kind: "certificate", url: "https://one.example.com" },
    ];
    const frozenAt = unixMs(Date.parse("2026-12-01T00:00:00Z"));
    const offered = async (frozen: readonly string[], inSettings: readonly string[] = []): Promise<unknown> => {
      const describeOne = (name: string): Promise<LogDescription> =>
        Promise.resolve({ ...describeLog(name), frozenAt: frozen.includes(name) ? frozenAt : null });
      const rows = [
        ...shards.map((row) => Object.assign({}, row, { frozen: inSettings.includes(row.name) })),
        ...(inSettings.includes("signature") ? [{ name: "signature", frozen: true }] : []),
      ];
      const env = { ...envWith(describeOne), SHARDS: JSON.stringify(rows) };
      const root = (await (await ask(env, "/trusted_root.json")).json()) as Record<string, { baseUrl: string }[]>;
      expect(root["tlogs"]?.map(({ baseUrl }) => baseUrl)).toEqual([
        PUBLIC_URL,
        "https://one.example.com",
        "https://two.example.com",
        "https://three.example.com",
      ]);
      expect(root["ctlogs"]?.map(({ baseUrl }) => baseUrl)).toEqual([`${PUBLIC_URL}/ct`, "https://one.example.com/ct"]);
      const config = (await (await ask(env, "/signing_config.json")).json()) as { rekorTlogUrls: { url: string }[] };
      return config.rekorTlogUrls.map(({ url }) => url);
    };
    expect(await offered([])).toEqual(["https://two.example.com"]);
    expect(await offered(["sig-2"], ["sig-2"])).toEqual(["https://one.example.com"]);
    // One is frozen in the settings and not yet in the log, the other vice versa.
    expect(await offered([], ["sig-2"])).toEqual(["https://one.example.com"]);
    expect(await offered(["sig-2"])).toEqual(["https://one.example.com"]);
    // A log whose time has not come is better than none.
    const others = ["signature", "sig-1", "sig-2"];
    expect(await offered(others, others)).toEqual(["https://three.example.com"]);
    expect(await offered([...others, "sig-3"], others)).toEqual([]);
  });

  test("answer HEAD, and 304 to a client that has them", async () => {
    const env = running();
    const head = await ask(env, "/trusted_root.json", { method: "HEAD" });
    expect([head.status, await head.text()]).toStrictEqual([200, ""]);
    const headers = { "if-none-match": head.headers.get("etag") ?? "" };
    expect((await ask(env, "/trusted_root.json", { headers })).status).toBe(304);
  });

  test("read the logs once in ten seconds, however many clients there are", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const describeLogs = vi.fn((name: string) => Promise.resolve(describeLog(name)));
    const env = envWith(describeLogs);
    for (const path of [...DOCUMENTS, ...DOCUMENTS]) await ask(env, path);
    expect(describeLogs).toHaveBeenCalledTimes(2);
    vi.setSystemTime(Date.now() + 10_000);
    await ask(env, "/trusted_root.json");
    expect(describeLogs).toHaveBeenCalledTimes(4);
  });

  test("are 503 while a log does not respond, and complete again afterwards", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    let broken = true;
    const env = envWith((name) =>
      broken && name === "certificate" ? Promise.reject(new Error("storage lost")) : Promise.resolve(describeLog(name)),
    );
    const answer = await ask(env, "/trusted_root.json", { headers: { "x-request-id": "abc" } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toStrictEqual({
      code: 503,
      message: "the trust service failed; its log has request abc",
    });
    expect(JSON.parse(String(log.mock.calls[0]?.[0]))).toMatchObject({
      requestId: "abc",
      error: "Error: storage lost",
    });
    broken = false;
    expect((await ask(env, "/trusted_root.json")).status).toBe(200);
  });

  test("are 503 if a log takes longer than four seconds", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.useFakeTimers();
    const answer = ask(
      envWith(() => new Promise(() => undefined)),
      "/signing_config.json",
    );
    await vi.advanceTimersByTimeAsync(4000);
    expect((await answer).status).toBe(503);
    expect(String(log.mock.calls[0]?.[0])).toContain("the signature log did not answer");
  });
});

describe("the service", () => {
  test("rejects other methods with 405 and other paths with 404", async () => {
    const wrong = await ask(running(), "/trusted_root.json", { method: "POST" });
    expect([wrong.status, wrong.headers.get("allow")]).toStrictEqual([405, "GET, HEAD"]);
    expect(await wrong.json()).toStrictEqual({ code: 405, message: "use GET, HEAD" });
    const absent = await ask(running(), "/other.json");
    expect(absent.status).toBe(404);
    expect(await absent.json()).toStrictEqual({ code: 404, message: "there is no such trust document" });
  });

  test.each([
    {
      what: "nothing",
      env: () => ({}),
      problem:
        "PUBLIC_URL is missing; CA_CHAIN is missing; TSA_CHAIN is missing; SEQUENCER is missing: wrangler.toml must bind it; TUF is missing: wrangler.toml must bind it",
    },
    {
      what: "a chain without its root",
      env: () => ({ ...running(), CA_CHAIN: ca.leaf }),
      problem: "CA_CHAIN must end in its root",
    },
    {
      what: "no PEM",
      env: () => ({ ...running(), TSA_CHAIN: "x" }),
      problem: "TSA_CHAIN is not PEM text of certificates",
    },
  ])("with $what answers 503 on every route", async ({ env, problem }) => {
    for (const path of ["/trusted_root.json", "/other"]) {
      const answer = await ask(env(), path);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toStrictEqual({
        code: 14,
        message: `this deployment is not configured: ${problem}`,
        details: [],
      });
    }
  });
});
