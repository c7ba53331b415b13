// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from "vitest";
import { type PublicUrl, parsePublicUrl } from "../http/public-url.ts";
import { Settings } from "../settings/settings.ts";
import { unixMs } from "../time.ts";
import type { LogConfig } from "./config.ts";
import { listWritableLogs, MAX_LOGS, parseShards, readLogs } from "./shards.ts";

const urlOf = (text: string): PublicUrl => {
  const url = parsePublicUrl(text);
  if (!url.ok) throw new Error(url.error.reason);
  return url.value;
};
const MAIN = urlOf("https://sigstore.example.com");
const logsOf = (rows: unknown, url = MAIN): readonly LogConfig[] => {
  const logs = parseShards(JSON.stringify(rows), url);
  if (!logs.ok) throw new Error(logs.error.join("; "));
  return logs.value;
};

const SHARD = { name: "sig-2027", kind: "signature", url: "https://2027.example.com" };
const CT_SHARD = { name: "ct-2027", kind: "certificate", url: "https://2027.example.com" };
const FROZEN = { name: "signature", frozen: true };

describe("parseShards", () => {
  test("has the first two logs without a row", () => {
    expect(logsOf([])).toStrictEqual([
      {
        name: "signature",
        kind: "signature",
        origin: "sigstore.example.com",
        baseUrl: "https://sigstore.example.com",
        host: "sigstore.example.com",
        isFrozen: false,
        usedFrom: null,
      },
      {
        name: "certificate",
        kind: "certificate",
        origin: "sigstore.example.com/ct",
        baseUrl: "https://sigstore.example.com/ct",
        host: "sigstore.example.com",
        isFrozen: false,
        usedFrom: null,
      },
    ]);
  });

  test("opens one log per row, in order, and freezes", () => {
    const rows = [FROZEN, { ...SHARD, from: "2027-01-01T00:00:00Z" }, { ...CT_SHARD, frozen: true }];
    const [signature, certificate, shard, ctShard] = logsOf(rows);
    expect([signature?.isFrozen, certificate?.isFrozen]).toEqual([true, false]);
    expect(shard).toStrictEqual({
      name: "sig-2027",
      kind: "signature",
      origin: "2027.example.com",
      baseUrl: "https://2027.example.com",
      host: "2027.example.com",
      isFrozen: false,
      usedFrom: Date.parse("2027-01-01T00:00:00Z"),
    });
    expect(ctShard).toMatchObject({
      origin: "2027.example.com/ct",
      baseUrl: "https://2027.example.com/ct",
      isFrozen: true,
    });
  });

  test("accepts other loopback hosts with their port if PUBLIC_URL is a loopback address", () => {
    const [, , shard] = logsOf([{ ...SHARD, url: "http://127.0.0.2:8787" }], urlOf("http://localhost:8787"));
    expect(shard).toMatchObject({ origin: "127.0.0.2", host: "127.0.0.2:8787", baseUrl: "http://127.0.0.2:8787" });
  });

  test.each<[what: string, rows: unknown, problem: string]>([
    ["an object", {}, "must be a list of logs"],
    ["a row that is not an object", [[]], "[0] must be an object"],
    ["null", [null], "[0] must be an object"],
    [
      "no name",
      [{ ...SHARD, name: undefined }],
      "[0].name must be 1 to 32 characters of a-z, 0-9 and -, and must not begin or end with -",
    ],
    ["upper case", [{ ...SHARD, name: "Sig" }], "[0].name must be 1 to 32"],
    ["a path", [{ ...SHARD, name: "../signature" }], "[0].name must be 1 to 32"],
    ["a name that ends in -", [{ ...SHARD, name: "sig-" }], "[0].name must be 1 to 32"],
    ["a long name", [{ ...SHARD, name: "a".repeat(33) }], "[0].name must be 1 to 32"],
    [
      "a name twice",
      [SHARD, { ...SHARD, url: "https://2028.example.com" }],
      "[1].name is sig-2027, the name of another row",
    ],
    ["another row for a first log", [FROZEN, FROZEN], "[1].name is signature, the name of another row"],
    [
      "a first log with a URL",
      [{ ...FROZEN, url: "https://a.example.com" }],
      "[0].url is not known here; signature is",
    ],
    [
      "a first log that is not frozen",
      [{ name: "certificate", frozen: false }],
      "[0].frozen must be true; certificate",
    ],
    ["a row for a first log that does not freeze it", [{ name: "certificate" }], "[0].frozen must be true"],
    ["an unknown member", [{ ...SHARD, Frozen: true }], "[0].Frozen is not known here; known are name, kind, url"],
    ["no kind", [{ ...SHARD, kind: undefined }], "[0].kind must be signature or certificate"],
    ["another kind", [{ ...SHARD, kind: "rekor" }], "[0].kind must be signature or certificate"],
    ["text instead of a flag", [{ ...SHARD, frozen: "true" }], "[0].frozen must be true or false"],
    ["null instead of a flag", [{ ...SHARD, frozen: null }], "[0].frozen must be true or false"],
    ["a date without a time", [{ ...SHARD, from: "2027-01-01" }], "[0].from must be a time in UTC"],
    ["a month 13", [{ ...SHARD, from: "2027-13-01T00:00:00Z" }], "[0].from must be a time in UTC"],
    ["no URL", [{ ...SHARD, url: undefined }], "[0].url must be https://HOST"],
    ["http", [{ ...SHARD, url: "http://2027.example.com" }], "[0].url must start with https://"],
    ["a path in the URL", [{ ...SHARD, url: "https://2027.example.com/log" }], "[0].url must be scheme and host alone"],
    ["a loopback host", [{ ...SHARD, url: "http://127.0.0.2:8787" }], "[0].url and PUBLIC_URL must both be loopback"],
    ["the main host", [{ ...SHARD, url: MAIN.href }], "[0].url has the host name of the signature log signature"],
    ["another port of it", [{ ...CT_SHARD, url: `${MAIN.href}:8443` }], "host name of the certificate log certificate"],
    [
      "a host of two logs of a kind",
      [SHARD, { ...SHARD, name: "b", url: "https://2027.example.com:8443" }],
      "[1].url has the host name of the signature log sig-2027; use another host name, not only another port",
    ],
    [
      "too many",
      Array.from({ length: MAX_LOGS - 1 }, (_, i) => ({ ...SHARD, name: `s${i}`, url: `https://s${i}.example.com` })),
      "results in 17 logs; at most 16 are allowed",
    ],
  ])("rejects %s", (_, rows, problem) => {
    const parsed = parseShards(JSON.stringify(rows), MAIN);
    expect(parsed.ok ? [] : parsed.error).toEqual([expect.stringContaining(problem)]);
  });

  test.each([
    ["text that is not JSON", "[", "is not JSON"],
    ["a repeated member", '[{"name":"signature","frozen":true,"frozen":true}]', "has a member twice"],
  ])("rejects %s", (_, text, problem) => {
    expect(parseShards(text, MAIN)).toEqual({ ok: false, error: [problem] });
  });

  test("names all problems at once", () => {
    const parsed = parseShards(JSON.stringify([{ ...SHARD, url: "x", from: 3 }, 1]), MAIN);
    expect(parsed.ok ? [] : parsed.error).toHaveLength(3);
  });
});

describe("readLogs", () => {
  test("reports under the name of the setting", () => {
    const settings = new Settings({ PUBLIC_URL: MAIN.href, SHARDS: "{}" }, {});
    const logs = readLogs(settings);
    expect(settings.finish(logs)).toEqual({
      ok: false,
      error: { code: "config_invalid", problems: ["SHARDS must be a list of logs"] },
    });
  });

  test("leaves problems of PUBLIC_URL to the caller", () => {
    const settings = new Settings({ SHARDS: "{}" }, {});
    readLogs(settings);
    expect(settings.finish(() => null).ok).toBe(true);
  });
});

describe("listWritableLogs", () => {
  const now = unixMs(Date.parse("2027-01-01T00:00:00Z"));
  const second = { ...SHARD, name: "sig-2", url: "https://2.example.com" };
  const third = { ...SHARD, name: "sig-3", url: "https://3.example.com" };
  const names = (rows: readonly object[], kind: "signature" | "certificate" = "signature"): readonly string[] =>
    listWritableLogs(logsOf(rows), kind, now).map(({ name }) => name);

  test("are the logs that are not frozen, newest first", () => {
    expect(names([second, third])).toEqual(["sig-3", "sig-2", "signature"]);
    expect(names([second, third, FROZEN])).toEqual(["sig-3", "sig-2"]);
    expect(names([second, { ...third, frozen: true }])).toEqual(["sig-2", "signature"]);
    expect(names([second, third], "certificate")).toEqual(["certificate"]);
    expect(names([FROZEN])).toEqual([]);
  });

  test("end with logs whose time is in the future, earliest first", () => {
    const rows = [
      { ...second, from: "2027-01-01T00:00:01Z" },
      { ...third, from: "2026-12-31T00:00:00Z" },
      { ...SHARD, from: "2027-01-01T00:00:00.000Z".replace(".000", "") },
    ];
    expect(names(rows)).toEqual(["sig-2027", "sig-3", "signature", "sig-2"]);
    const later = [
      { ...second, from: "2029-01-01T00:00:00Z" },
      { ...third, from: "2028-01-01T00:00:00Z" },
    ];
    expect(names([...later, FROZEN])).toEqual(["sig-3", "sig-2"]);
  });
});
