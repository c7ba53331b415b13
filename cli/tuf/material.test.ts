// SPDX-License-Identifier: Apache-2.0

import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { unixMs } from "../../shared/time.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { certifyAuthority, certifyTimestampAuthority } from "../keys/certificates.ts";
import { materialOf } from "./material.ts";

const NOW = unixMs(Date.UTC(2026, 10, 23));
const YEAR_MS = 365 * 24 * 3_600_000;
const newKey = (curve: string) => generateKeyPairSync("ec", { namedCurve: curve }).privateKey;
const keys = () => ({ root: newKey("secp384r1"), online: newKey("prime256v1") });
const at = (now: number) => ({ hostname: "sign.example.com", now: unixMs(now) });
const pem = () => newKey("prime256v1").export({ type: "pkcs8", format: "pem" }).toString();

let publicUrl: PublicUrl;
let settings: Readonly<Record<string, string>>;
beforeAll(() => {
  publicUrl = valueOf(parsePublicUrl("https://sign.example.com"));
  settings = {
    CA_CHAIN: certifyAuthority(keys(), at(NOW)),
    TSA_CHAIN: certifyTimestampAuthority(keys(), at(NOW)),
    SIGNATURE_LOG_KEY: pem(),
    CERTIFICATE_LOG_KEY: pem(),
  };
});

describe("the material of a deployment with a replaced CA and TSA", () => {
  const materialWith = (others: Readonly<Record<string, string>>) =>
    materialOf({ publicUrl, settings: { ...settings, ...others }, logsCreatedAt: null, now: NOW });

  it("trusts its logs from the first CA on, not from the newest", () => {
    const first = certifyAuthority(keys(), at(NOW - 2 * YEAR_MS));
    const coming = certifyAuthority(keys(), at(NOW + 1000));
    const material = valueOf(materialWith({ OTHER_CA_CHAINS: first + coming }));
    for (const { createdAt } of [...material.signatureLogs, ...material.certificateLogs])
      expect(createdAt).toBe(NOW - 2 * YEAR_MS - 3_600_000);
  });

  it("includes the former timestamp authorities", () => {
    const other = certifyTimestampAuthority(keys(), at(NOW - YEAR_MS));
    const { otherTsaChains } = valueOf(materialWith({ OTHER_TSA_CHAINS: other }));
    expect(otherTsaChains.map(([{ notBefore }]) => notBefore)).toEqual([NOW - YEAR_MS - 3_600_000]);
    expect(materialWith({ OTHER_TSA_CHAINS: "x" })).toMatchObject({
      error: "OTHER_TSA_CHAINS is not PEM text of certificates",
    });
  });
});
