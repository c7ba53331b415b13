// SPDX-License-Identifier: Apache-2.0

import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLocalSettings } from "./settings.ts";

const SHARDS = [
  { name: "sig-2", kind: "signature", url: "http://127.0.0.2:8787" },
  { name: "ct-2", kind: "certificate", url: "http://127.0.0.2:8787" },
];
let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-settings-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const read = (): ReturnType<typeof openLocalSettings> => openLocalSettings({ port: 8787, state, accept: null });
const write = (rows: unknown): void => writeFileSync(join(state, "shards.json"), JSON.stringify(rows));
const settings = (): Readonly<Record<string, string>> => {
  const result = read();
  if (!result.ok) throw new Error(result.error);
  return result.value;
};
const keys = (): Record<string, Record<string, string>> =>
  JSON.parse(settings()["SHARD_KEYS"] ?? "null") as Record<string, Record<string, string>>;

it("a new folder has a log for clients of Rekor v1; an older one has the logs that it had", () => {
  const names = (): readonly string[] => Object.keys(settings()).filter((name) => name.startsWith("SHARD"));
  expect(names()).toEqual(["SHARD_KEYS", "SHARDS"]);
  expect(JSON.parse(settings()["SHARDS"] ?? "")).toEqual([
    { name: "rekor-v1", kind: "rekor-v1", url: "http://localhost:8787" },
  ]);
  rmSync(join(state, "shards.json"));
  expect(names()).toEqual([]);
});

it("a log in shards.json gets keys of its own, which stay", () => {
  write(SHARDS);
  const made = keys();
  const typeOf = (pem = ""): string => createPrivateKey(pem).asymmetricKeyType ?? "";
  expect(typeOf(made["sig-2"]?.["ecdsa"])).toBe("ec");
  expect(typeOf(made["sig-2"]?.["ed25519"])).toBe("ed25519");
  expect(Object.keys(made["ct-2"] ?? {})).toEqual(["ecdsa"]);
  expect(made["sig-2"]?.["ecdsa"]).not.toBe(made["ct-2"]?.["ecdsa"]);
  expect(JSON.parse(settings()["SHARDS"] ?? "")).toEqual(SHARDS);
  write([
    ...SHARDS,
    { name: "signature", frozen: true },
    { ...SHARDS[0], name: "sig-3", url: "http://127.0.0.3:8787" },
  ]);
  expect(keys()).toMatchObject(made);
  expect(Object.keys(keys())).toEqual(["sig-2", "ct-2", "sig-3"]);
});

it("keeps private keys in files that only their owner can read", () => {
  write(SHARDS);
  settings();
  const folder = join(state, "keys", "shards", "sig-2");
  expect(readdirSync(folder).toSorted()).toEqual(["log-ed25519.key.pem", "log.key.pem"]);
  for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  for (const at of [folder, join(folder, "..")]) expect(statSync(at).mode & 0o777).toBe(0o700);
});

it("does not replace a missing key, since its log has signed with it", () => {
  write(SHARDS);
  settings();
  rmSync(join(state, "keys", "shards", "sig-2", "log.key.pem"));
  expect(read()).toMatchObject({
    ok: false,
    error: expect.stringMatching(/sig-2\/log\.key\.pem is missing; restore it/),
  });
});

it("names the file and the member that are wrong", () => {
  write([{ ...SHARDS[0], url: "http://localhost:8787" }]);
  expect(read()).toMatchObject({
    ok: false,
    error: `${join(state, "shards.json")}: [0].url has the host name of the signature log signature; use another host name, not only another port`,
  });
});

it("signs a trust repository that has every log and offers the newest", () => {
  write([...SHARDS, { name: "certificate", frozen: true }]);
  const { TRUST_FILE = "{}", PUBLIC_URL = "" } = settings();
  const { files } = (JSON.parse(TRUST_FILE) as Record<string, { files: Record<string, string> }>)[PUBLIC_URL] ?? {
    files: {},
  };
  const urls = (name: string, list: string, member: string): readonly string[] => {
    const document = JSON.parse(files[name] ?? "{}") as Record<string, Record<string, string>[]>;
    return (document[list] ?? []).map((item) => item[member] ?? "");
  };
  expect(urls("trusted_root.json", "tlogs", "baseUrl")).toEqual([PUBLIC_URL, "http://127.0.0.2:8787"]);
  expect(urls("trusted_root.json", "ctlogs", "baseUrl")).toEqual([`${PUBLIC_URL}/ct`, "http://127.0.0.2:8787/ct"]);
  expect(urls("signing_config.v0.2.json", "rekorTlogUrls", "url")).toEqual(["http://127.0.0.2:8787"]);
});

it.each([
  ["a setting without a file of its own", '{"WITNESS_MODE":"require-quorum"}', null],
  ["a wrong value", '{"WITNESS_MODE":"maybe"}', /WITNESS_MODE must be fail-open or require-quorum/],
  ["a name that is no setting", '{"WITNES_MODE":"fail-open"}', /WITNES_MODE cannot be set there/],
  ["a key", '{"WITNESS_KEY":"x"}', /WITNESS_KEY cannot be set there/],
  ["the URL", '{"PUBLIC_URL":"https://other.example"}', /PUBLIC_URL cannot be set there/],
  ["a number", '{"CERTIFICATE_LIFETIME":600}', /CERTIFICATE_LIFETIME is not a text/],
  ["no object", "[]", /is not a JSON object/],
])("settings.json with %s", (_, json, refusal) => {
  writeFileSync(join(state, "settings.json"), json);
  const result = read();
  if (refusal === null) expect(result).toMatchObject({ ok: true, value: { WITNESS_MODE: "require-quorum" } });
  else expect(result).toMatchObject({ ok: false, error: expect.stringMatching(refusal) });
});
