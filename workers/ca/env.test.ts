// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { unixMs } from "../../shared/time.ts";
import { FakeCertificateLog, makeCaEnv, makeCaMaterial } from "../../test/support/authority/ca.ts";
import { spkiSha256 } from "../../test/support/authority/fingerprint.ts";
import { readConfig } from "./env.ts";

const NOW = unixMs(1_800_000_000_000);
const MATERIAL = makeCaMaterial(NOW);
const OTHER = makeCaMaterial(NOW);
const ENV = makeCaEnv(MATERIAL, new FakeCertificateLog(() => NOW), { jwks: async () => ({ keys: [] }) });
const [ISSUING = "", ROOT = ""] = MATERIAL.CA_CHAIN.split(/(?<=-----END CERTIFICATE-----\n)/);

const problems = (env: Readonly<Record<string, unknown>>, allowLoopback = false): readonly string[] => {
  const config = readConfig({ ...ENV, ...env }, allowLoopback);
  return config.ok ? [] : config.error.problems;
};

const pem = (key: ReturnType<typeof generateKeyPairSync>["privateKey"]): string =>
  key.export({ type: "pkcs8", format: "pem" }).toString();

describe("the configuration of the CA", () => {
  it("requires four settings, and says what to write for the one that used to be optional", () => {
    expect(problems({})).toEqual([]);
    expect(problems({ PUBLIC_URL: "", CA_CHAIN: undefined, CA_KEY: undefined, ISSUERS: "" })).toEqual([
      "PUBLIC_URL is missing",
      "CA_CHAIN is missing",
      "CA_KEY is missing",
      expect.stringMatching(
        /^ISSUERS is missing: list .* or write "public" for all issuers of Sigstore's public instance/,
      ),
    ]);
  });

  it("names everything that is wrong at once", () => {
    expect(problems({ PUBLIC_URL: "x", CA_CHAIN: "", CA_KEY: "x", ISSUERS: "x" })).toEqual([
      "PUBLIC_URL is not a URL; give it as https://HOST",
      "CA_CHAIN is missing",
      "CA_KEY must be one PKCS#8 PEM block (BEGIN PRIVATE KEY)",
      "ISSUERS is not JSON (json_invalid)",
    ]);
  });

  it("accepts P-384, and a root that issues directly", () => {
    expect(problems({ ...makeCaMaterial(NOW, "secp384r1") })).toEqual([]);
    // The root's key is not the online one, so this is the only problem.
    expect(problems({ CA_CHAIN: ROOT })).toEqual(["CA_KEY is not the key of the first certificate of CA_CHAIN"]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["an address with a path", { PUBLIC_URL: "https://a.example/x" }, "PUBLIC_URL must be scheme and host alone"],
    ["a chain that is not PEM", { CA_CHAIN: "x" }, "CA_CHAIN is not PEM text of certificates"],
    [
      "a key in the chain",
      { CA_CHAIN: MATERIAL.CA_KEY },
      "CA_CHAIN has something other than a certificate in position 1",
    ],
    ["a chain in reverse order", { CA_CHAIN: ROOT + ISSUING }, "CA_CHAIN is out of order"],
    ["a chain without its root", { CA_CHAIN: ISSUING }, "CA_CHAIN must end in its root"],
    [
      "a chain of another key",
      { CA_CHAIN: OTHER.CA_CHAIN },
      "CA_KEY is not the key of the first certificate of CA_CHAIN",
    ],
    ["a key that is not PEM", { CA_KEY: "x" }, "CA_KEY must be one PKCS#8 PEM block"],
    ["two keys", { CA_KEY: MATERIAL.CA_KEY + OTHER.CA_KEY }, "CA_KEY must be one PKCS#8 PEM block"],
    ["a damaged key", { CA_KEY: MATERIAL.CA_KEY.replace(/^M....../m, "MAAAAAA") }, "CA_KEY is not a private key"],
    [
      "an RSA key",
      { CA_KEY: pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey) },
      "CA_KEY must be an ECDSA key",
    ],
    ["an Ed25519 key", { CA_KEY: pem(generateKeyPairSync("ed25519").privateKey) }, "CA_KEY must be an ECDSA key"],
    [
      "a P-521 key",
      { CA_KEY: pem(generateKeyPairSync("ec", { namedCurve: "secp521r1" }).privateKey) },
      "CA_KEY must be an ECDSA key",
    ],
    ["other chains that are not PEM", { OTHER_CA_CHAINS: "x" }, "OTHER_CA_CHAINS is not PEM text of certificates"],
    [
      "another chain without its root",
      { OTHER_CA_CHAINS: ISSUING },
      "OTHER_CA_CHAINS has a chain that does not end in its root",
    ],
    [
      "another chain in reverse order",
      { OTHER_CA_CHAINS: ROOT + ISSUING },
      "OTHER_CA_CHAINS has a chain that does not end in its root",
    ],
    [
      "other chains with a key among them",
      { OTHER_CA_CHAINS: MATERIAL.CA_KEY },
      "OTHER_CA_CHAINS has something other than a certificate",
    ],
    [
      "the key in use among the retired ones",
      { RETIRED_KEYS: JSON.stringify([{ sha256: spkiSha256(MATERIAL.CA_CHAIN), retired: "2030-01-01T00:00:00Z" }]) },
      "CA_CHAIN has a key that RETIRED_KEYS retires",
    ],
    ["retired keys that are not JSON", { RETIRED_KEYS: "x" }, "RETIRED_KEYS must be a JSON list of retired keys"],
    ["a lifetime of zero", { CERTIFICATE_LIFETIME: "0" }, "CERTIFICATE_LIFETIME must be 60 to 3600 seconds"],
    ["a lifetime of a day", { CERTIFICATE_LIFETIME: "86400" }, "CERTIFICATE_LIFETIME must be 60 to 3600 seconds"],
    [
      "a lifetime that is not a number",
      { CERTIFICATE_LIFETIME: "10m" },
      "CERTIFICATE_LIFETIME must be 60 to 3600 seconds",
    ],
    ["issuers that are not JSON", { ISSUERS: "[" }, "ISSUERS is not JSON (json_invalid)"],
    ["an issuer without a type", { ISSUERS: '[{"issuer-url":"https://a.example"}]' }, "ISSUERS[0].type must be one of"],
    [
      "a loopback issuer",
      { ISSUERS: '[{"issuer-url":"http://localhost:1","type":"email"}]' },
      "ISSUERS has http://localhost:1, which is a loopback address, for development only",
    ],
  ])("reports %s", (_, env, problem) => {
    expect(problems(env)).toEqual([expect.stringContaining(problem)]);
  });

  it("never shows a secret", () => {
    expect(problems({ CA_KEY: `${MATERIAL.CA_KEY}x` }).join()).not.toContain(MATERIAL.CA_KEY.slice(60, 80));
  });

  const urls = (env: Readonly<Record<string, unknown>>, allowLoopback = false): readonly string[] => {
    const config = readConfig({ ...ENV, ...env }, allowLoopback);
    return config.ok ? config.value.issuers.issuers.map(({ url }) => url) : [];
  };

  it("accepts the public issuers or the listed ones", () => {
    expect(urls({ ISSUERS: "public" })).toHaveLength(27);
    expect(urls({ ISSUERS: "public" })).toEqual(
      expect.arrayContaining([
        "https://accounts.google.com",
        "https://token.actions.githubusercontent.com",
        "https://oidc.eks.*.amazonaws.com/id/*",
      ]),
    );
    expect(urls({ ISSUERS: '[{"issuer-url":"https://a.example","type":"email"}]' })).toEqual(["https://a.example"]);
    // A setting holds at most 5 KB; a longer text continues in the next one.
    expect(
      urls({ ISSUERS: '[{"issuer-url":"https://a.exa', ISSUERS_2: 'mple","type":', ISSUERS_3: '"email"}]' }),
    ).toEqual(["https://a.example"]);
    expect(urls({ ISSUERS: '[{"issuer-url":"http://localhost:1","type":"email"}]' }, true)).toHaveLength(1);
    expect(urls({ ISSUERS: "[]" })).toEqual([]);
  });

  it("trusts the built-in issuer where it can issue: on a loopback address, and where it has a connector", () => {
    const OIDC_CONNECTORS = '[{"type":"oidc","config":{"issuer":"https://login.example.com","clientID":"x"}}]';
    expect(urls({ OIDC_CONNECTORS })).toContain("https://sigstore.example.com/oidc");
    expect(urls({ OIDC_CONNECTORS: "[]" })).not.toContain("https://sigstore.example.com/oidc");
    for (const allowLoopback of [false, true]) {
      expect(urls({}, allowLoopback)).not.toContain("https://sigstore.example.com/oidc");
      expect(urls({ PUBLIC_URL: "http://localhost:8787" }, allowLoopback)).toContain("http://localhost:8787/oidc");
      expect(urls({ PUBLIC_URL: "http://localhost:8787", ISSUERS: "[]" }, allowLoopback)).toHaveLength(1);
    }
  });

  it("keeps the address of the built-in issuer for it", () => {
    const row = { "issuer-url": "https://sigstore.example.com/oidc", type: "email" };
    expect(problems({ ISSUERS: JSON.stringify([row]) })).toEqual([
      "ISSUERS[0].issuer-url appears twice or is the built-in issuer",
    ]);
  });
});
