// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, expect, it } from "vitest";
import { unixMs } from "../../../shared/time.ts";
import { readLogSetup, type SequencerEnv } from "../env.ts";

const pem = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" }).toString();
const p256 = (): string => pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const ed25519 = (): string => pem(generateKeyPairSync("ed25519").privateKey);

const SHARDS = [
  { name: "sig-2027", kind: "signature", url: "https://2027.example.com" },
  { name: "ct-2027", kind: "certificate", url: "https://2027.example.com" },
];
const KEYS = { "sig-2027": { ecdsa: p256(), ed25519: ed25519() }, "ct-2027": { ecdsa: p256() } };
const FIRST = p256();

const envWith = (changes: Partial<Record<keyof SequencerEnv, string>> = {}): SequencerEnv =>
  ({
    PUBLIC_URL: "https://sigstore.example.com",
    SIGNATURE_LOG_KEY: FIRST,
    SIGNATURE_LOG_ED25519_KEY: ed25519(),
    CERTIFICATE_LOG_KEY: p256(),
    SHARDS: JSON.stringify(SHARDS),
    SHARD_KEYS: JSON.stringify(KEYS),
    ...changes,
  }) as unknown as SequencerEnv;

const problemsOf = (env: SequencerEnv, name: string): readonly string[] => {
  const setup = readLogSetup(env, name);
  return setup.ok ? [] : setup.error.problems;
};

describe("readLogSetup", () => {
  it.each([
    ["signature", "sigstore.example.com", 2, 1],
    ["certificate", "sigstore.example.com/ct", 1, 0],
    ["sig-2027", "2027.example.com", 2, 1],
    ["ct-2027", "2027.example.com/ct", 1, 0],
  ])("gives log %s its own origin and keys", (name, origin, vkeys, genesis) => {
    const setup = readLogSetup(envWith(), name);
    if (!setup.ok) throw new Error(setup.error.problems.join());
    expect(setup.value.config).toMatchObject({ name, origin });
    expect(setup.value.format.vkeys.map((vkey) => vkey.split("+")[0])).toEqual(Array(vkeys).fill(origin));
    expect(setup.value.genesis).toHaveLength(genesis);
  });

  it("names the successor of a frozen log", () => {
    const setup = readLogSetup(envWith(), "signature");
    const successor = setup.ok ? setup.value.successor(unixMs(0)) : null;
    expect(successor).toBe("https://2027.example.com");
    const last = readLogSetup(envWith({ SHARDS: '[{"name":"signature","frozen":true}]' }), "signature");
    expect(last.ok && last.value.successor(unixMs(0))).toBeNull();
  });

  it("throws for a name that no log has", () => {
    expect(() => readLogSetup(envWith(), "sig-2028")).toThrow("no log is called sig-2028");
  });

  it("ignores wrong keys of other logs", () => {
    for (const keys of ["[", "{}", JSON.stringify({ "sig-2027": 1, "sig-2030": { ecdsa: p256() } })]) {
      expect(problemsOf(envWith({ SHARD_KEYS: keys }), "signature")).toEqual([]);
    }
    expect(problemsOf(envWith({ SHARD_KEYS: JSON.stringify({ ...KEYS, "ct-2027": 1 }) }), "sig-2027")).toEqual([]);
  });

  it("joins keys that are split over two settings", () => {
    const text = JSON.stringify(KEYS);
    const env = envWith({ SHARD_KEYS: text.slice(0, 300), SHARD_KEYS_2: text.slice(300) });
    expect(problemsOf(env, "ct-2027")).toEqual([]);
  });

  it.each<[string, keys: string, problem: string]>([
    ["a missing setting", "", "SHARD_KEYS.sig-2027 is missing"],
    ["invalid JSON", "{", "SHARD_KEYS must be a JSON object, each name in it once"],
    ["a name twice", '{"a":1,"a":1}', "SHARD_KEYS must be a JSON object, each name in it once"],
    ["a missing row", JSON.stringify({ "ct-2027": { ecdsa: p256() } }), "SHARD_KEYS.sig-2027 is missing"],
    [
      "a missing second key",
      JSON.stringify({ "sig-2027": { ecdsa: p256() } }),
      "must be an object with ecdsa and ed25519",
    ],
    [
      "a key of another kind",
      JSON.stringify({ "sig-2027": { ecdsa: ed25519(), ed25519: ed25519() } }),
      "SHARD_KEYS.sig-2027.ecdsa is not a P-256 private key in PKCS#8 PEM",
    ],
    [
      "an ECDSA key in place of the Ed25519 key",
      JSON.stringify({ "sig-2027": { ecdsa: p256(), ed25519: p256() } }),
      "SHARD_KEYS.sig-2027.ed25519 is not an Ed25519 private key in PKCS#8 PEM",
    ],
    [
      "a first log's key",
      JSON.stringify({ "sig-2027": { ecdsa: FIRST, ed25519: ed25519() } }),
      "SHARD_KEYS.sig-2027.ecdsa is another log's key: every log needs its own",
    ],
    [
      "another shard's key",
      JSON.stringify({ ...KEYS, "ct-2027": { ecdsa: `${KEYS["sig-2027"].ecdsa}\n` } }),
      "SHARD_KEYS.sig-2027.ecdsa is also the key of ct-2027: every log needs its own",
    ],
  ])("reports wrong keys and shows none: %s", (_, keys, problem) => {
    const [line = "", ...more] = problemsOf(envWith({ SHARD_KEYS: keys }), "sig-2027");
    expect(line).toContain(problem);
    expect(line).not.toContain("BEGIN");
    expect(more).toEqual([]);
  });
});
