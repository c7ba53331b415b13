// SPDX-License-Identifier: Apache-2.0
import { constants, createECDH, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import REQUESTS from "../../test/vectors/csr/requests.json" with { type: "json" };
import { encodeHex } from "../bytes/hex.ts";
import { encodePem } from "../bytes/pem.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { verifyPossession } from "./possession.ts";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const ec = (namedCurve: string): Pair => generateKeyPairSync("ec", { namedCurve });
const P256 = ec("prime256v1");
const P384 = ec("secp384r1");
const P521 = ec("secp521r1");
const ED25519: Pair = generateKeyPairSync("ed25519");
const RSA: Pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const EMAIL = "alice@example.com";

const pemOf = ({ publicKey }: Pair): string => publicKey.export({ type: "spki", format: "pem" }).toString();
const over = (text: string, { privateKey }: Pair, hash: string | null): Uint8Array =>
  sign(hash, Buffer.from(text), privateKey);

async function outcome(
  pem: string,
  proof: Uint8Array,
  challenges: readonly string[] = [EMAIL, "sub"],
): Promise<string> {
  const key = await verifyPossession({ kind: "public-key", pem, proof }, challenges);
  return key.ok ? "ok" : key.error.code;
}

const ed25519Pem = (hex: string): string =>
  encodePem("PUBLIC KEY", Buffer.from(`302a300506032b6570032100${hex}`, "hex"));

/**
 * Points of small order, and invalid encodings: "Taming the many EdDSAs", https://eprint.iacr.org/2020/1244, table 1.
 */
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];
const NOT_CANONICAL = [
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

describe("an Ed25519 key", () => {
  // For a key of small order, R = identity and S = 0 satisfy the equation of RFC 8032 §5.1.7 for many messages.
  const forged = Buffer.from(`${SMALL_ORDER[0]}${"00".repeat(32)}`, "hex");

  it.each(SMALL_ORDER)("of small order is rejected: %s", async (hex) => {
    expect(await outcome(ed25519Pem(hex), forged)).toBe("public_key_weak");
  });

  it.each([...NOT_CANONICAL, "02".padEnd(64, "0")])("that is not an encoded point is rejected: %s", async (hex) => {
    expect(await outcome(ed25519Pem(hex), forged)).toBe("public_key_invalid");
  });
});

describe("a proof of possession", () => {
  it.each([
    ["P-256", P256, "sha256", "ok"],
    ["P-256", P256, "sha384", "proof_invalid"],
    ["P-384", P384, "sha384", "ok"],
    ["P-384", P384, "sha256", "ok"],
    ["P-384", P384, "sha512", "proof_invalid"],
    ["P-521", P521, "sha512", "ok"],
    ["P-521", P521, "sha256", "ok"],
    ["P-521", P521, "sha384", "proof_invalid"],
    ["Ed25519", ED25519, null, "ok"],
    ["RSA", RSA, "sha256", "ok"],
    ["RSA", RSA, "sha384", "proof_invalid"],
  ])("by %s with %4$s is %5$s", async (_, pair, hash, expected) => {
    expect(await outcome(pemOf(pair), over(EMAIL, pair, hash))).toBe(expected);
  });

  it("returns the key exactly as in the request", async () => {
    const key = await verifyPossession({ kind: "public-key", pem: pemOf(P256), proof: over(EMAIL, P256, "sha256") }, [
      EMAIL,
    ]);
    const spki = P256.publicKey.export({ type: "spki", format: "der" });
    expect(key.ok && encodeHex(key.value.spki)).toBe(spki.toString("hex"));
  });

  it("accepts PKCS#1 for RSA and turns it into an SPKI", async () => {
    const pem = RSA.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
    const key = await verifyPossession({ kind: "public-key", pem, proof: over(EMAIL, RSA, "sha256") }, [EMAIL]);
    const spki = RSA.publicKey.export({ type: "spki", format: "der" });
    expect(key.ok && encodeHex(key.value.spki)).toBe(spki.toString("hex"));
  });

  it.each([
    ["the subject", "sub", "ok"],
    ["the address with a line break", `${EMAIL}\n`, "proof_invalid"],
    ["the address in another case", EMAIL.toUpperCase(), "proof_invalid"],
    ["something else", "bob@example.com", "proof_invalid"],
    ["nothing", "", "proof_invalid"],
  ])("over %s is %3$s", async (_, text, expected) => {
    expect(await outcome(pemOf(P256), over(text, P256, "sha256"))).toBe(expected);
  });

  it.each([
    ["missing", new Uint8Array(0), "proof_missing"],
    ["by another key", over(EMAIL, ec("prime256v1"), "sha256"), "proof_invalid"],
    [
      "in raw form",
      sign("sha256", Buffer.from(EMAIL), { key: P256.privateKey, dsaEncoding: "ieee-p1363" }),
      "proof_invalid",
    ],
    ["with a trailing byte", Buffer.concat([over(EMAIL, P256, "sha256"), Buffer.of(0)]), "proof_invalid"],
    ["not a signature", Buffer.from("hello"), "proof_invalid"],
    ["over a hash of the address", over(String(Buffer.from(EMAIL).toString("hex")), P256, "sha256"), "proof_invalid"],
  ])("that is %s is %3$s", async (_, proof, expected) => {
    expect(await outcome(pemOf(P256), proof)).toBe(expected);
  });

  it("by RSA-PSS is rejected", async () => {
    const options = { key: RSA.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(await outcome(pemOf(RSA), sign("sha256", Buffer.from(EMAIL), options))).toBe("proof_invalid");
  });
});

function compressedPoint(): Buffer {
  const keys = createECDH("prime256v1");
  keys.generateKeys();
  return keys.getPublicKey(null, "compressed");
}

describe("a public key", () => {
  const proof = over(EMAIL, P256, "sha256");
  const compressed = compressedPoint();
  const p256Info = Buffer.from("301306072a8648ce3d020106082a8648ce3d030107", "hex");
  const bits = Buffer.concat([Buffer.of(0x03, compressed.length + 1, 0x00), compressed]);
  const compressedSpki = Buffer.concat([Buffer.of(0x30, p256Info.length + bits.length), p256Info, bits]);
  const der = (pair: Pair): Uint8Array => pair.publicKey.export({ type: "spki", format: "der" });
  const offCurve = Uint8Array.from(der(P256));
  offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;

  it.each([
    ["that is missing", "", "public_key_pem_invalid"],
    ["that is not PEM", "hello", "public_key_pem_invalid"],
    ["in base64 alone", Buffer.from(der(P256)).toString("base64"), "public_key_pem_invalid"],
    ["twice", pemOf(P256) + pemOf(P256), "public_key_pem_invalid"],
    ["behind a boundary without an end", `-----BEGIN PUBLIC KEY-----\n${pemOf(P256)}`, "public_key_pem_invalid"],
    ["that is private", P256.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "public_key_pem_invalid"],
    ["that calls itself a certificate", encodePem("CERTIFICATE", der(P256)), "public_key_pem_invalid"],
    ["that calls itself EC PUBLIC KEY", encodePem("EC PUBLIC KEY", der(P256)), "public_key_pem_invalid"],
    ["with a trailing byte", encodePem("PUBLIC KEY", Buffer.concat([der(P256), Buffer.of(0)])), "public_key_invalid"],
    ["truncated", encodePem("PUBLIC KEY", der(P256).subarray(0, -1)), "public_key_invalid"],
    ["off its curve", encodePem("PUBLIC KEY", offCurve), "public_key_invalid"],
    ["with a compressed point", encodePem("PUBLIC KEY", compressedSpki), "public_key_invalid"],
    ["SPKI under the label of PKCS#1", encodePem("RSA PUBLIC KEY", der(RSA)), "public_key_invalid"],
    ["on secp256k1", pemOf(ec("secp256k1")), "public_key_unsupported"],
    ["on P-224", pemOf(ec("secp224r1")), "public_key_weak"],
    ["X25519", pemOf(generateKeyPairSync("x25519")), "public_key_unsupported"],
    ["Ed448", pemOf(generateKeyPairSync("ed448")), "public_key_unsupported"],
    ["RSA-1024", pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 })), "public_key_weak"],
    ["RSA-2056", pemOf(generateKeyPairSync("rsa", { modulusLength: 2056 })), "public_key_weak"],
    [
      "RSA with e = 3",
      pemOf(generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 })),
      "public_key_weak",
    ],
    ["RSA-PSS", pemOf(generateKeyPairSync("rsa-pss", { modulusLength: 2048 })), "public_key_unsupported"],
  ])("%s is %3$s", async (_, pem, expected) => {
    expect(await outcome(pem, proof)).toBe(expected);
  });
});

describe("a certificate signing request", () => {
  it.each(REQUESTS)("$name is $outcome", async ({ pem, outcome: expected, spki }) => {
    const key = await verifyPossession({ kind: "csr", pem: encodeUtf8(pem) }, []);
    expect(key.ok ? "ok" : key.error.code).toBe(expected);
    if (key.ok) expect(encodeHex(key.value.spki)).toBe(spki);
  });
});
