// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { makeCaMaterial } from "../../../test/support/authority/ca.ts";
import { MATERIAL, makeService, muteConsole, START } from "../../../test/support/authority/ca-service.ts";
import { spkiSha256 } from "../../../test/support/authority/fingerprint.ts";

muteConsole();

describe("GET /api/v2/trustBundle", () => {
  it("answers with the chain, each certificate ending in a newline", async () => {
    const { fetch } = makeService();
    const response = await fetch("/api/v2/trustBundle");
    const certificates = MATERIAL.CA_CHAIN.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(certificates).toHaveLength(2);
    expect(await response.json()).toEqual({ chains: [{ certificates }] });
    expect(response.headers.get("content-type")).toBe("application/json");
    const again = await fetch("/api/v2/trustBundle", {
      headers: { "if-none-match": response.headers.get("etag") ?? "" },
    });
    expect(again.status).toBe(304);
    expect((await fetch("/api/v2/trustBundle", { method: "HEAD" })).status).toBe(200);
  });
});

describe("a deployment with other CAs", () => {
  it("publishes all chains, its own first", async () => {
    const old = makeCaMaterial(START, "secp384r1").CA_CHAIN;
    const coming = makeCaMaterial(START).CA_CHAIN;
    const { fetch } = makeService({ OTHER_CA_CHAINS: old + coming });
    const split = (pem: string): readonly string[] => pem.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(await (await fetch("/api/v2/trustBundle")).json()).toEqual({
      chains: [MATERIAL.CA_CHAIN, old, coming].map((pem) => ({ certificates: split(pem) })),
    });
    const response = await fetch("/api/v1/rootCert");
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      200,
      "application/pem-certificate-chain",
      MATERIAL.CA_CHAIN + old + coming,
    ]);
  });

  it.each([
    { atMs: -1, isPublished: true },
    { atMs: 0, isPublished: false },
  ])("publishes a former chain until the retirement of one of its keys: $atMs ms", async ({ atMs, isPublished }) => {
    const old = makeCaMaterial(START).CA_CHAIN;
    for (const certificate of old.split(/(?<=-----END CERTIFICATE-----\n)/)) {
      const retired = new Date(START - (START % 1000) + 1000).toISOString().replace(".000Z", "Z");
      const row = { sha256: spkiSha256(certificate), retired };
      const service = makeService({ OTHER_CA_CHAINS: old, RETIRED_KEYS: JSON.stringify([row]) });
      service.clock.advance(Date.parse(retired) + atMs - START);
      const pem = await (await service.fetch("/api/v1/rootCert")).text();
      expect(pem).toBe(MATERIAL.CA_CHAIN + (isPublished ? old : ""));
    }
  });
});
