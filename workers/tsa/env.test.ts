// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { type OpensslChain, timestampChain } from "../../test/support/process/openssl.ts";
import { readConfig, type TsaEnv } from "./env.ts";

const PUBLIC_URL = "https://sigstore.example.com";
const PKCS8 = { type: "pkcs8", format: "pem" } as const;

let good: OpensslChain;
let other: OpensslChain;

beforeAll(() => {
  good = timestampChain();
  other = timestampChain();
});

/** Every binding is there; the settings are those of the test. */
const withBindings = (env: TsaEnv): TsaEnv => ({ WRITES: { limit: async () => ({ success: true }) }, ...env });

const problems = (env: TsaEnv): readonly string[] => {
  const config = readConfig(withBindings(env));
  return config.ok ? [] : config.error.problems;
};

describe("readConfig", () => {
  test.each(["P-256", "P-384"] as const)("accepts a %s key with its chain", (curve) => {
    const { chain, key } = timestampChain({ curve });
    const config = readConfig(withBindings({ PUBLIC_URL, TSA_CHAIN: chain, TSA_KEY: key }));
    if (!config.ok) throw new Error(config.error.problems.join());
    expect(config.value.authority.signer.kind).toBe({ "P-256": "ecdsa-p256", "P-384": "ecdsa-p384" }[curve]);
    expect(config.value.chain).toHaveLength(2);
  });

  test("reads an environment once", () => {
    const env = { PUBLIC_URL, TSA_CHAIN: good.chain, TSA_KEY: good.key };
    expect(readConfig(env)).toBe(readConfig(env));
  });

  test("names everything that is missing at once", () => {
    expect(problems({})).toStrictEqual(["PUBLIC_URL is missing", "TSA_CHAIN is missing", "TSA_KEY is missing"]);
  });

  test("rejects the key of another certificate", () => {
    const problem = "TSA_KEY is not the key of the first certificate of TSA_CHAIN";
    expect(problems({ PUBLIC_URL, TSA_CHAIN: good.chain, TSA_KEY: other.key })).toStrictEqual([problem]);
  });

  test.each([
    { what: "no PEM", chain: () => "x", problem: "is not PEM text of certificates" },
    { what: "a leaf without its root", chain: () => good.leaf, problem: "must end in its root" },
    {
      what: "root before leaf",
      chain: () => `${good.root}${good.leaf}`,
      problem: "is out of order: certificate 1 was not issued by certificate 2",
    },
    {
      what: "the root alone",
      chain: () => good.root,
      problem: "has a first certificate that needs a critical extended key usage with timestamping alone",
    },
    {
      what: "a certificate for something else",
      chain: () => timestampChain({ extensions: ["extendedKeyUsage=critical,codeSigning"] }).chain,
      problem: "has a first certificate that needs a critical extended key usage with timestamping alone",
    },
  ])("rejects TSA_CHAIN with $what", ({ chain, problem }) => {
    expect(problems({ PUBLIC_URL, TSA_CHAIN: chain(), TSA_KEY: good.key })).toStrictEqual([`TSA_CHAIN ${problem}`]);
  });

  const ecKey = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey;
  test.each([
    { what: "no PEM", key: () => "x", problem: "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)" },
    { what: "a certificate", key: () => good.leaf, problem: "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)" },
    {
      what: "two keys",
      key: () => `${good.key}${other.key}`,
      problem: "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)",
    },
    {
      what: "a SEC1 key",
      key: () => ecKey("P-256").export({ type: "sec1", format: "pem" }).toString(),
      problem: "must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)",
    },
    {
      what: "a damaged key",
      key: () => "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      problem: "is not a private key",
    },
    {
      what: "a P-521 key",
      key: () => ecKey("P-521").export(PKCS8).toString(),
      problem: "must be an ECDSA key on P-256 or P-384",
    },
    {
      what: "an RSA key",
      key: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(PKCS8).toString(),
      problem: "must be an ECDSA key on P-256 or P-384",
    },
    {
      what: "an Ed25519 key",
      key: () => generateKeyPairSync("ed25519").privateKey.export(PKCS8).toString(),
      problem: "must be an ECDSA key on P-256 or P-384",
    },
  ])("rejects TSA_KEY with $what", ({ key, problem }) => {
    expect(problems({ PUBLIC_URL, TSA_CHAIN: good.chain, TSA_KEY: key() })).toStrictEqual([`TSA_KEY ${problem}`]);
  });
});
