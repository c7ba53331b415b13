// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodePem } from "../../../shared/bytes/pem.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import type { Credential } from "../../../shared/rekor/verify.ts";
import { unixMs } from "../../../shared/time.ts";
import { IN_FLIGHT_MS } from "../../../shared/trust/retired-keys.ts";
import type { Certificate } from "../../../shared/x509/certificate.ts";
import { CA, leafNamed, ROOT } from "../../../test/support/authority/signing-chain.ts";
import { createSigningKey, signingKey } from "../../../test/support/authority/signing-keys.ts";
import { valueOf } from "../../../test/support/value-of.ts";
import { DEFAULT_BOUNDS } from "./write-budget.ts";
import {
  applyWritePolicy,
  type PolicyIssuer,
  parseSigningAlgorithms,
  parseWritePolicy,
  type WritePolicy,
} from "./write-policy.ts";

const listed = signingKey("ecdsa-p256");
const listedPem = encodePem("PUBLIC KEY", listed.spki);

const inUse = (certificate: Certificate): PolicyIssuer => ({
  certificate,
  retirement: null,
  isIssuing: true,
});
const RETIRED_AT = unixMs(Date.parse("2026-11-29T12:00:00Z"));

const apply = (
  of: Omit<WritePolicy, "bounds">,
  credential: Credential,
  now: number = RETIRED_AT,
): ReturnType<typeof applyWritePolicy> => applyWritePolicy({ ...of, bounds: DEFAULT_BOUNDS }, credential, unixMs(now));

function policy(accept: string | null, keys: string | null = null): WritePolicy {
  const parsed = parseWritePolicy(accept, keys, [inUse(CA)]);
  if (!parsed.ok) throw new Error(parsed.error);
  return { ...parsed.value, bounds: DEFAULT_BOUNDS };
}

const bare = ({ publicKey: key }: { readonly publicKey: Credential["key"] }): Credential => ({
  key,
  certificate: null,
});

function certified(certificate: Certificate): Credential {
  const key = parsePublicKey(certificate.spki);
  if (!key.ok) throw new Error(key.error.code);
  return { key: key.value, certificate };
}

describe("applyWritePolicy", () => {
  it("accepts everything if the log is open", async () => {
    expect(await apply(policy("open"), bare(createSigningKey("ecdsa-p256")))).toMatchObject({ ok: true });
    expect(await apply(policy("open"), certified(leafNamed("byStranger")))).toMatchObject({ ok: true });
  });

  it.each(["own-ca", "own-ca+listed-keys"] as const)(
    "takes signing certificates of our CA under %s",
    async (accept) => {
      expect(await apply(policy(accept), certified(leafNamed("email")))).toMatchObject({ ok: true });
      expect(await apply(policy(accept), certified(leafNamed("uri")))).toMatchObject({ ok: true });
    },
  );

  it.each([
    ["byStranger", "policy_certificate_foreign"],
    ["byNamesake", "policy_certificate_foreign"],
    ["byRoot", "policy_certificate_foreign"],
    ["noSct", "policy_certificate_purpose"],
    ["precertificate", "policy_certificate_purpose"],
    ["timeStamping", "policy_certificate_purpose"],
    ["noPurpose", "policy_certificate_purpose"],
  ])("rejects the certificate %s: %s", async (name, code) => {
    const accept = "own-ca+listed-keys";
    expect(await apply(policy(accept), certified(leafNamed(name)))).toEqual({
      ok: false,
      error: { code, accept },
    });
  });

  it("accepts signing certificates of every CA of a rotation", async () => {
    const rotated = parseWritePolicy(null, null, [ROOT, CA].map(inUse));
    if (!rotated.ok) throw new Error(rotated.error);
    expect(await apply(rotated.value, certified(leafNamed("email")))).toMatchObject({ ok: true });
    expect((await apply(rotated.value, certified(leafNamed("byStranger")))).ok).toBe(false);
  });

  it.each([
    { isCompromised: false, closesAt: RETIRED_AT + IN_FLIGHT_MS },
    { isCompromised: true, closesAt: RETIRED_AT },
  ])(
    "closes to a retired CA, no matter who else may write: compromised $isCompromised",
    async ({ isCompromised, closesAt }) => {
      const retirement = { retiredAt: RETIRED_AT, isCompromised };
      const leaf = certified(leafNamed("email"));
      for (const accept of ["own-ca", "own-ca+listed-keys", "open"]) {
        const of = valueOf(parseWritePolicy(accept, null, [{ ...inUse(CA), retirement }, inUse(ROOT)]));
        expect(await apply(of, leaf, closesAt - 1)).toMatchObject({ ok: true });
        const error = { code: "policy_certificate_retired", retiredAt: RETIRED_AT };
        expect(await apply(of, leaf, closesAt)).toEqual({ ok: false, error });
      }
    },
  );

  it("rejects what a retired root issued itself, also under an open policy", async () => {
    const retirement = { retiredAt: RETIRED_AT, isCompromised: true };
    const issuers = [inUse(CA), { certificate: ROOT, retirement, isIssuing: false }];
    const open = { ...valueOf(parseWritePolicy("open", null, issuers)), bounds: DEFAULT_BOUNDS };
    expect((await apply(open, certified(leafNamed("byRoot")), RETIRED_AT - 1)).ok).toBe(true);
    expect(await apply(open, certified(leafNamed("byRoot")))).toMatchObject({
      error: { code: "policy_certificate_retired" },
    });
    expect((await apply(open, certified(leafNamed("email")))).ok).toBe(true);
  });

  it("accepts listed bare keys and no others", async () => {
    const both = policy("own-ca+listed-keys", listedPem);
    expect(await apply(both, bare(listed))).toMatchObject({ ok: true });
    const other = createSigningKey("ecdsa-p256");
    const fingerprint = createHash("sha256").update(other.spki).digest("hex");
    expect(await apply(both, bare(other))).toEqual({
      ok: false,
      error: { code: "policy_key_not_listed", accept: "own-ca+listed-keys", fingerprint },
    });
    const leaf = leafNamed("byStranger");
    const leafListed = policy("own-ca+listed-keys", encodePem("PUBLIC KEY", leaf.spki));
    expect(await apply(leafListed, certified(leaf))).toMatchObject({
      error: { code: "policy_certificate_foreign" },
    });
  });

  it("rejects every key under own-ca, listed or not", async () => {
    expect(await apply(policy("own-ca", listedPem), bare(listed))).toMatchObject({
      error: { code: "policy_key_not_listed" },
    });
  });
});

describe("parseWritePolicy", () => {
  it("takes listed keys with comments, and RSA keys in PKCS#1", () => {
    const rsa = signingKey("rsa-2048");
    const pkcs1 = String(rsa.publicObject.export({ type: "pkcs1", format: "pem" }));
    const commented = policy(null, `# the build server's\n${listedPem}\n# the release manager's\n${pkcs1}`);
    expect(commented.listedKeys.size).toBe(2);
    expect(commented.listedKeys).toEqual(policy(null, listedPem + encodePem("PUBLIC KEY", rsa.spki)).listedKeys);
  });

  it("takes keys of ssh and of minisign, each under the hash of its SPKI", () => {
    const ed25519 = signingKey("ed25519").spki;
    const [point, rsa] = [Buffer.from(ed25519).subarray(-32), signingKey("rsa-2048")];
    const string = (...bytes: readonly Uint8Array[]): Buffer => {
      const all = Buffer.concat(bytes);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(all.length);
      return Buffer.concat([length, all]);
    };
    const { n = "", e = "" } = rsa.publicObject.export({ format: "jwk" });
    const mpint = (base64: string): Buffer => {
      const bytes = Buffer.from(base64, "base64url");
      return string(Buffer.alloc((bytes[0] ?? 0) >> 7), bytes);
    };
    const blobs = [
      ["ssh-ed25519", string(Buffer.from("ssh-ed25519")), string(point)],
      ["ssh-rsa", string(Buffer.from("ssh-rsa")), mpint(e), mpint(n)],
    ] as const;
    const lines = blobs.map(
      ([type, ...parts]) => `${type} ${Buffer.concat(parts).toString("base64")} alice@example.com`,
    );
    const minisign = Buffer.concat([Buffer.from("Ed12345678"), point]).toString("base64");
    const keys = policy(null, `# of the release manager\n${lines.join("\n")}\n${listedPem}`).listedKeys;
    expect(keys).toEqual(
      policy(null, encodePem("PUBLIC KEY", ed25519) + encodePem("PUBLIC KEY", rsa.spki) + listedPem).listedKeys,
    );
    expect(policy(null, `untrusted comment: minisign public key\n${minisign}\n`).listedKeys).toEqual(
      policy(null, encodePem("PUBLIC KEY", ed25519)).listedKeys,
    );
  });

  it("defaults to own-ca+listed-keys", () => {
    expect(policy(null)).toMatchObject({ accept: "own-ca+listed-keys", issuers: [inUse(CA)], listedKeys: new Set() });
  });

  it("accepts keys of every kind", () => {
    const keys = (["ecdsa-p384", "ed25519", "rsa-2048"] as const).map((kind) => signingKey(kind).spki);
    const pem = keys.map((spki) => encodePem("PUBLIC KEY", spki)).join("\n");
    expect(policy(null, pem).listedKeys).toEqual(
      new Set(keys.map((spki) => createHash("sha256").update(spki).digest("hex"))),
    );
    expect(policy(null, Array.from({ length: 64 }, () => listedPem).join("")).listedKeys.size).toBe(1);
  });

  it.each([
    ["everybody", null, "ACCEPT must be one of own-ca, own-ca+listed-keys, open"],
    ["", null, "ACCEPT must be one of own-ca, own-ca+listed-keys, open"],
    [null, "keys", "LISTED_KEYS must have 1 to 64 public keys, in PEM or as lines of ssh or minisign"],
    [
      null,
      Array.from({ length: 65 }, () => listedPem).join(""),
      "LISTED_KEYS must have 1 to 64 public keys, in PEM or as lines of ssh or minisign",
    ],
    [
      null,
      listedPem + encodePem("CERTIFICATE", CA.der),
      "LISTED_KEYS: block 2 is not a PUBLIC KEY that the log accepts",
    ],
    [null, "ssh-dss AAAA alice", 'LISTED_KEYS: "ssh-dss AAAA alice" is not a key that the log accepts'],
    [
      null,
      "-----BEGIN PUBLIC KEY-----",
      "LISTED_KEYS must have 1 to 64 public keys, in PEM or as lines of ssh or minisign",
    ],
    [null, encodePem("PUBLIC KEY", CA.der), "LISTED_KEYS: block 1 is not a PUBLIC KEY that the log accepts"],
  ])("rejects %s, %s", (accept, keys, reason) => {
    expect(parseWritePolicy(accept, keys, [inUse(CA)])).toEqual({ ok: false, error: reason });
  });

  it("rejects a chain without a certificate", () => {
    expect(parseWritePolicy(null, null, [])).toEqual({ ok: false, error: "CA_CHAIN has no certificate" });
  });
});

describe("parseSigningAlgorithms", () => {
  it("defaults to all seven, and can only narrow", () => {
    const all = parseSigningAlgorithms(null);
    expect(all.ok && all.value.size).toBe(7);
    const some = parseSigningAlgorithms("PKIX_ECDSA_P256_SHA_256, PKIX_RSA_PKCS1V15_2048_SHA256\n");
    expect(some).toEqual({ ok: true, value: new Set(["PKIX_ECDSA_P256_SHA_256", "PKIX_RSA_PKCS1V15_2048_SHA256"]) });
  });

  it.each(["PKIX_ED25519", "ecdsa-p256", "constructor", ",", " "])("rejects %j", (names) => {
    expect(parseSigningAlgorithms(names).ok).toBe(false);
  });
});
