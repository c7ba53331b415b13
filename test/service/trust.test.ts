// SPDX-License-Identifier: Apache-2.0
// The trust documents over HTTP: they name the keys and services that are running.

import { createHash, createPublicKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { SigningConfig, TrustedRoot } from "@sigstore/protobuf-specs";
import { toTrustMaterial } from "@sigstore/verify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStack, type TestStack } from "../support/process/stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

const get = async (path: string): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${stack.url}${path}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  return (await answer.json()) as Record<string, unknown>;
};
const keyFile = (name: string): string => readFileSync(`${stack.state}/keys/${name}`, "utf8");
const spkiOf = (name: string): Buffer => createPublicKey(keyFile(name)).export({ type: "spki", format: "der" });
const certificatesOf = (name: string): readonly string[] =>
  keyFile(name)
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((pem) => pem !== "")
    .map((pem) => new X509Certificate(pem).raw.toString("base64"));

describe("GET /trusted_root.json", () => {
  test("contains the keys of this deployment", async () => {
    const root = TrustedRoot.fromJSON(await get("/trusted_root.json"));
    expect(root.mediaType).toBe("application/vnd.dev.sigstore.trustedroot+json;version=0.1");
    expect([root.tlogs.length, root.ctlogs.length]).toStrictEqual([2, 1]);
    for (const [log, file, baseUrl] of [
      [root.tlogs[0], "signature-log.key.pem", stack.url],
      [root.tlogs[1], "shards/rekor-v1/log.key.pem", `${stack.url}/rekor-v1`],
      [root.ctlogs[0], "certificate-log.key.pem", `${stack.url}/ct`],
    ] as const) {
      expect(log?.baseUrl).toBe(baseUrl);
      expect(log?.publicKey?.rawBytes).toStrictEqual(spkiOf(file));
      expect(log?.logId?.keyId).toStrictEqual(createHash("sha256").update(spkiOf(file)).digest());
      expect(log?.publicKey?.validFor?.start?.getTime()).toBeLessThan(Date.now() - 3_500_000);
    }
    for (const [authorities, file] of [
      [root.certificateAuthorities, "ca-chain.pem"],
      [root.timestampAuthorities, "tsa-chain.pem"],
    ] as const) {
      expect(authorities).toHaveLength(1);
      const served = authorities[0]?.certChain?.certificates.map(({ rawBytes }) => rawBytes.toString("base64"));
      expect(served).toStrictEqual(certificatesOf(file));
      expect(authorities[0]?.validFor?.start?.getTime()).toBeLessThan(Date.now());
    }
    expect(toTrustMaterial(root).tlogs).toHaveLength(2);
  });

  test("stays the same across a restart", async () => {
    const before = await get("/trusted_root.json");
    await stack.restart();
    expect(await get("/trusted_root.json")).toStrictEqual(before);
  });

  test("rejects other methods with 405", async () => {
    const answer = await fetch(`${stack.url}/trusted_root.json`, { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).toStrictEqual([405, "GET, HEAD"]);
    expect(await answer.json()).toStrictEqual({ code: 405, message: "use GET, HEAD" });
  });
});

describe("GET /signing_config.json", () => {
  test("names services that respond", async () => {
    const config = SigningConfig.fromJSON(await get("/signing_config.json"));
    const urls = [config.caUrls, config.oidcUrls, config.rekorTlogUrls, config.tsaUrls].map((services) =>
      services.map(({ url, majorApiVersion }) => [url, majorApiVersion]),
    );
    expect(urls).toStrictEqual([
      [[stack.url, 1]],
      // The stack's own provider, with its development connector.
      [[`${stack.url}/oidc`, 1]],
      // The first that a client knows: those of Rekor v2 never write to the other.
      [
        [stack.url, 2],
        [`${stack.url}/rekor-v1`, 1],
      ],
      [[`${stack.url}/api/v1/timestamp`, 1]],
    ]);
    const endpoints = [
      `${config.caUrls[0]?.url}/api/v2/trustBundle`,
      `${config.rekorTlogUrls[0]?.url}/checkpoint`,
      `${config.tsaUrls[0]?.url}/certchain`,
    ];
    for (const endpoint of endpoints) expect([endpoint, (await fetch(endpoint)).status]).toStrictEqual([endpoint, 200]);
  });
});
