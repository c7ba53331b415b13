// SPDX-License-Identifier: Apache-2.0

import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { ClientTrustConfig, SigningConfig, TrustedRoot } from "@sigstore/protobuf-specs";
import { bundleBuilderFromSigningConfig } from "@sigstore/sign";
import { toTrustMaterial } from "@sigstore/verify";
import { beforeAll, describe, expect, test } from "vitest";
import { type OpensslChain, timestampChain } from "../../test/support/process/openssl.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { parsePublicUrl } from "../http/public-url.ts";
import { logsOf } from "../logs/config.ts";
import { unixMs } from "../time.ts";
import { parseChain } from "../x509/chain.ts";
import { type Chain, type TrustedLog, type TrustMaterial, withoutCompromised } from "./material.ts";
import { parseOidcProviders } from "./oidc-providers.ts";
import { keyFingerprint, NO_RETIRED_KEYS, type RetiredKeys } from "./retired-keys.ts";
import { clientTrustConfig, signingConfig } from "./signing-config.ts";
import { trustedRoot } from "./trusted-root.ts";

/** After the start of chains that the tests make. */
const END = new Date(Math.floor(Date.now() / 1000) * 1000 + 60_000).toISOString().replace(".000Z", "Z");
const CREATED_AT = unixMs(Date.parse("2026-11-23T10:20:30.987Z"));

const chainOf = (pem: string): Chain => {
  const chain = parseChain(pem);
  if (!chain.ok || chain.value[0] === undefined) throw new Error("chain");
  return [chain.value[0], ...chain.value.slice(1)];
};
const newLog = (baseUrl: string): TrustedLog => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  const logId = new Uint8Array(createHash("sha256").update(spki).digest());
  return { baseUrl, spki, logId, createdAt: CREATED_AT, frozenAt: null };
};

let ca: OpensslChain;
let tsa: OpensslChain;
let material: TrustMaterial;
let signatureLog: TrustedLog;
let certificateLog: TrustedLog;
let start: { readonly ca: string; readonly tsa: string };

beforeAll(() => {
  const publicUrl = parsePublicUrl("https://sigstore.example.com:8443");
  if (!publicUrl.ok) throw new Error(publicUrl.error.reason);
  const logs = logsOf(publicUrl.value);
  ca = timestampChain({ extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"] });
  tsa = timestampChain();
  signatureLog = newLog(logs.signature.baseUrl);
  certificateLog = newLog(logs.certificate.baseUrl);
  material = {
    publicUrl: publicUrl.value,
    signatureLogs: [signatureLog],
    certificateLogs: [certificateLog],
    offeredLogs: [{ ...signatureLog, rekorApi: 2 }],
    caChain: chainOf(ca.chain),
    otherCaChains: [],
    tsaChain: chainOf(tsa.chain),
    otherTsaChains: [],
    oidcProviders: [],
    retiredKeys: NO_RETIRED_KEYS,
  };
  const since = (pem: string): string => new X509Certificate(pem).validFromDate.toISOString().replace(".000Z", "Z");
  start = { ca: since(ca.leaf), tsa: since(tsa.leaf) };
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const der = (pem: string): string => base64(new X509Certificate(pem).raw);

describe("trustedRoot", () => {
  test("has exactly the fields that strict clients know", () => {
    const log = ({ spki, logId }: TrustedLog, baseUrl: string): object => ({
      baseUrl,
      hashAlgorithm: "SHA2_256",
      publicKey: {
        rawBytes: base64(spki),
        keyDetails: "PKIX_ECDSA_P256_SHA_256",
        validFor: { start: "2026-11-23T09:20:30Z" },
      },
      logId: { keyId: base64(logId) },
    });
    expect(trustedRoot(material)).toStrictEqual({
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [log(signatureLog, "https://sigstore.example.com:8443")],
      certificateAuthorities: [
        {
          subject: { organization: "test", commonName: "timestamp authority" },
          uri: "https://sigstore.example.com:8443",
          certChain: { certificates: [{ rawBytes: der(ca.leaf) }, { rawBytes: der(ca.root) }] },
          validFor: { start: start.ca },
        },
      ],
      ctlogs: [log(certificateLog, "https://sigstore.example.com:8443/ct")],
      timestampAuthorities: [
        {
          subject: { organization: "test", commonName: "timestamp authority" },
          uri: "https://sigstore.example.com:8443/api/v1/timestamp",
          certChain: { certificates: [{ rawBytes: der(tsa.leaf) }, { rawBytes: der(tsa.root) }] },
          validFor: { start: start.tsa },
        },
      ],
    });
  });

  test("lists the timestamp authorities before and after the one that signs, each until its certificate ends", () => {
    const other = timestampChain();
    const { timestampAuthorities } = trustedRoot({ ...material, otherTsaChains: [chainOf(other.chain)] }) as {
      readonly timestampAuthorities: readonly object[];
    };
    const end = new X509Certificate(other.leaf).validToDate.toISOString().replace(".000Z", "Z");
    expect(timestampAuthorities).toHaveLength(2);
    expect(timestampAuthorities[0]).toMatchObject({ validFor: { start: start.tsa } });
    expect(timestampAuthorities[1]).toMatchObject({
      uri: "https://sigstore.example.com:8443/api/v1/timestamp",
      certChain: { certificates: [{ rawBytes: der(other.leaf) }, { rawBytes: der(other.root) }] },
      validFor: { end },
    });
  });

  test("lists the CAs before and after the one that issues, each until its certificate ends", () => {
    const other = timestampChain({
      extensions: ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"],
    });
    const { certificateAuthorities } = trustedRoot({ ...material, otherCaChains: [chainOf(other.chain)] }) as {
      readonly certificateAuthorities: readonly object[];
    };
    const iso = (date: Date): string => date.toISOString().replace(".000Z", "Z");
    const { validFromDate, validToDate } = new X509Certificate(other.leaf);
    expect(certificateAuthorities).toHaveLength(2);
    expect(certificateAuthorities[0]).toMatchObject({ validFor: { start: start.ca } });
    expect(certificateAuthorities[1]).toMatchObject({
      uri: "https://sigstore.example.com:8443",
      certChain: { certificates: [{ rawBytes: der(other.leaf) }, { rawBytes: der(other.root) }] },
      validFor: { start: iso(validFromDate), end: iso(validToDate) },
    });
    const trusted = toTrustMaterial(
      TrustedRoot.fromJSON(trustedRoot({ ...material, otherCaChains: [chainOf(other.chain)] })),
    );
    expect(trusted.certificateAuthorities).toHaveLength(2);
  });

  describe("with retired keys", () => {
    const RETIRED = "2026-11-25T00:00:00Z";
    const retire = (keys: readonly { readonly spki: Uint8Array }[], retired = RETIRED): RetiredKeys =>
      new Map(
        keys.map((key) => [keyFingerprint(key), { retiredAt: unixMs(Date.parse(retired)), isCompromised: false }]),
      );
    const windows = (of: TrustMaterial): Readonly<Record<string, readonly unknown[]>> => {
      const root = trustedRoot(of) as Record<string, { validFor?: unknown; publicKey?: { validFor: unknown } }[]>;
      const lists = ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"];
      return Object.fromEntries(
        lists.map((list) => [list, (root[list] ?? []).map((one) => one.validFor ?? one.publicKey?.validFor)]),
      );
    };

    test("ends each range with the retirement, for a key and for the root above it", () => {
      const chain = chainOf(timestampChain().chain);
      const starts = { ...material, otherCaChains: [chain], otherTsaChains: [chain] };
      for (const keys of [chain.slice(0, 1), chain.slice(1)]) {
        const { certificateAuthorities, timestampAuthorities } = windows({ ...starts, retiredKeys: retire(keys, END) });
        expect(certificateAuthorities?.[1]).toMatchObject({ end: END });
        expect(timestampAuthorities?.[1]).toMatchObject({ end: END });
        expect(certificateAuthorities?.[0]).toEqual({ start: start.ca });
      }
      const { tlogs, ctlogs } = windows({ ...material, retiredKeys: retire([signatureLog, certificateLog]) });
      const range = { start: "2026-11-23T09:20:30Z", end: RETIRED };
      expect([tlogs, ctlogs]).toEqual([[range], [range]]);
    });

    test("never extends a range, whatever the retirement says", () => {
      const frozenAt = unixMs(Date.parse("2026-11-24T00:00:00Z"));
      const frozen = { ...signatureLog, frozenAt };
      const { tlogs } = windows({ ...material, signatureLogs: [frozen], retiredKeys: retire([frozen]) });
      expect(tlogs).toEqual([{ start: "2026-11-23T09:20:30Z", end: "2026-11-24T02:00:00Z" }]);
      const chain = chainOf(timestampChain().chain);
      const far = retire(chain, "9999-01-01T00:00:00Z");
      const { certificateAuthorities } = windows({ ...material, otherCaChains: [chain], retiredKeys: far });
      const notAfter = new Date(chain[0].notAfter).toISOString().replace(".000Z", "Z");
      expect(certificateAuthorities?.[1]).toMatchObject({ end: notAfter });
    });

    test("omits what was retired before its first use", () => {
      const chain = chainOf(timestampChain().chain);
      const retiredKeys = retire([...chain, signatureLog, certificateLog], "2020-01-01T00:00:00Z");
      const { tlogs, ctlogs, certificateAuthorities, timestampAuthorities } = windows({
        ...material,
        otherCaChains: [chain],
        otherTsaChains: [chain],
        retiredKeys,
      });
      expect([tlogs, ctlogs].map((list) => list?.length)).toEqual([0, 0]);
      expect([certificateAuthorities, timestampAuthorities].map((list) => list?.length)).toEqual([1, 1]);
    });

    test("gives clients without ranges no key that others may have", () => {
      const [planned, stolen] = [timestampChain(), timestampChain()].map(({ chain }) => chainOf(chain));
      if (planned === undefined || stolen === undefined) throw new Error("chains");
      const retiredKeys = new Map([
        ...retire([planned[0]]),
        [keyFingerprint(stolen[0]), { retiredAt: unixMs(Date.parse(END)), isCompromised: true }],
      ]);
      const others = [planned, stolen];
      const clean = withoutCompromised({ ...material, otherCaChains: others, otherTsaChains: others, retiredKeys });
      expect([clean.otherCaChains, clean.otherTsaChains]).toEqual([[planned], [planned]]);
      const stolenLogs = new Map(
        [signatureLog, certificateLog].map((log) => [
          keyFingerprint(log),
          { retiredAt: unixMs(Date.parse(RETIRED)), isCompromised: true },
        ]),
      );
      const { signatureLogs, certificateLogs } = withoutCompromised({ ...material, retiredKeys: stolenLogs });
      expect([signatureLogs, certificateLogs]).toEqual([[], []]);
    });
  });

  test("keeps a frozen log until two hours after its last entry", () => {
    const frozenAt = unixMs(Date.parse("2026-12-01T00:00:00.500Z"));
    const shard = newLog("https://2027.sigstore.example.com");
    const frozen = { ...signatureLog, frozenAt };
    const rotated = { ...material, signatureLogs: [frozen, shard], offeredLogs: [{ ...shard, rekorApi: 2 } as const] };
    expect(trustedRoot(rotated)).toMatchObject({
      tlogs: [
        { publicKey: { validFor: { start: "2026-11-23T09:20:30Z", end: "2026-12-01T02:00:00Z" } } },
        { baseUrl: shard.baseUrl, publicKey: { validFor: { start: "2026-11-23T09:20:30Z" } } },
      ],
    });
    const [first, second] = toTrustMaterial(TrustedRoot.fromJSON(trustedRoot(rotated))).tlogs;
    expect(first?.validFor.end.getTime()).toBeGreaterThanOrEqual(frozenAt);
    expect(second?.validFor.end.getTime()).toBeGreaterThan(Date.parse("9000-01-01T00:00:00Z"));
    expect(signingConfig(rotated)).toMatchObject({ rekorTlogUrls: [{ url: shard.baseUrl }] });
    expect(signingConfig({ ...rotated, offeredLogs: [] })).toMatchObject({ rekorTlogUrls: [] });
  });

  test("has no start for a log whose storage is lost", () => {
    const lost = { ...signatureLog, createdAt: unixMs(0) };
    expect(trustedRoot({ ...material, signatureLogs: [lost] })).toMatchObject({
      tlogs: [{ publicKey: { validFor: { start: "1970-01-01T00:00:00Z" } } }],
    });
  });

  test("gives @sigstore/verify the keys in use", () => {
    const trusted = toTrustMaterial(TrustedRoot.fromJSON(trustedRoot(material)));
    const [tlog] = trusted.tlogs;
    const spki = createPublicKey({ key: Buffer.from(signatureLog.spki), format: "der", type: "spki" });
    expect(tlog?.publicKey.equals(spki)).toBe(true);
    expect(tlog?.baseURL).toBe("https://sigstore.example.com:8443");
    expect(Buffer.from(tlog?.logID ?? "")).toStrictEqual(Buffer.from(signatureLog.logId));
    expect(tlog?.validFor.start).toStrictEqual(new Date("2026-11-23T09:20:30Z"));
    expect(trusted.ctlogs).toHaveLength(1);
    expect(trusted.certificateAuthorities[0]?.certChain).toHaveLength(2);
    expect(trusted.timestampAuthorities[0]?.certChain[0]?.verify(trusted.timestampAuthorities[0].certChain[1])).toBe(
      true,
    );
  });

  test.each([
    { name: "TrustedRoot", of: TrustedRoot, build: trustedRoot },
    { name: "SigningConfig", of: SigningConfig, build: signingConfig },
    { name: "ClientTrustConfig", of: ClientTrustConfig, build: clientTrustConfig },
  ])("$name survives protobuf unchanged, without unknown fields", ({ of, build }) => {
    // protobuf-specs leaves out an empty list.
    const oidcProviders = valueOf(parseOidcProviders('["https://login.example.com"]'));
    const written = build({ ...material, oidcProviders });
    const read: unknown = of.toJSON(of.fromJSON(written) as never);
    // Like us, protobuf-specs writes times with milliseconds and enums by name.
    expect(JSON.parse(JSON.stringify(read).replaceAll(".000Z", "Z"))).toStrictEqual(written);
  });
});

describe("signingConfig", () => {
  test("offers one service of each kind", () => {
    const operator = "sigstore.example.com";
    const rekor = { start: "2026-11-23T09:20:30Z" };
    const origin = "https://sigstore.example.com:8443";
    expect(signingConfig(material)).toStrictEqual({
      mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
      caUrls: [{ url: origin, majorApiVersion: 1, validFor: { start: start.ca }, operator }],
      oidcUrls: [],
      rekorTlogUrls: [{ url: origin, majorApiVersion: 2, validFor: rekor, operator }],
      tsaUrls: [{ url: `${origin}/api/v1/timestamp`, majorApiVersion: 1, validFor: { start: start.tsa }, operator }],
      rekorTlogConfig: { selector: "ANY" },
      tsaConfig: { selector: "ANY" },
    });
  });

  test("names the providers of the settings, each for as long as its row says", () => {
    const oidcProviders = valueOf(
      parseOidcProviders(
        JSON.stringify([
          "https://login.example.com/realms/staff",
          {
            url: "https://old.example.com/",
            operator: "old",
            validFor: { start: "2026-01-01T00:00:00Z", end: "2027-01-01T00:00:00Z" },
          },
        ]),
      ),
    );
    const config = signingConfig({ ...material, oidcProviders });
    expect(config).toMatchObject({
      oidcUrls: [
        {
          url: "https://login.example.com/realms/staff",
          majorApiVersion: 1,
          validFor: { start: start.ca },
          operator: "login.example.com",
        },
        {
          url: "https://old.example.com/",
          majorApiVersion: 1,
          validFor: { start: "2026-01-01T00:00:00Z", end: "2027-01-01T00:00:00Z" },
          operator: "old",
        },
      ],
    });
    const read: unknown = SigningConfig.toJSON(SigningConfig.fromJSON(config));
    expect(JSON.parse(JSON.stringify(read).replaceAll(".000Z", "Z"))).toStrictEqual(config);
  });

  test("lets @sigstore/sign sign", () => {
    const config = SigningConfig.fromJSON(signingConfig(material));
    const options = { signingConfig: config, bundleType: "messageSignature" } as const;
    const identityProvider = { getToken: () => Promise.resolve("") };
    expect(() => bundleBuilderFromSigningConfig({ ...options, identityProvider })).not.toThrow();
  });
});

describe("clientTrustConfig", () => {
  test("combines both documents", () => {
    expect(clientTrustConfig(material)).toStrictEqual({
      mediaType: "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
      trustedRoot: trustedRoot(material),
      signingConfig: signingConfig(material),
    });
  });
});
