// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PublicUrl, parsePublicUrl } from "../../shared/http/public-url.ts";
import { unixMs } from "../../shared/time.ts";
import { describeKeysError, openKeys, type Secrets } from "./keys.ts";

const now = unixMs(Date.now());
const DAY_MS = 86_400_000;
let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "sigedge-keys-"));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

function url(text: string): PublicUrl {
  const parsed = parsePublicUrl(text);
  if (!parsed.ok) throw new Error(parsed.error.reason);
  return parsed.value;
}
const here = url("http://localhost:8787");

function open(): Secrets {
  const secrets = openKeys(state, here, now);
  if (!secrets.ok) throw new Error(describeKeysError(secrets.error));
  return secrets.value;
}

const file = (name: string): string => join(state, "keys", name);

/** Writes each certificate of a chain to a file, for openssl. */
function split(chain: string): string[] {
  const pems = chain.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----\n/g) ?? [];
  return pems.map((pem, i) => {
    const path = join(state, `certificate-${i}.pem`);
    writeFileSync(path, pem);
    return path;
  });
}

const openssl = (...args: string[]): string => execFileSync("openssl", args, { encoding: "utf8" });

describe("a new state folder", () => {
  it("has every setting of every service, and keeps them", () => {
    const first = open();
    expect(Object.keys(first).toSorted()).toEqual([
      "CA_CHAIN",
      "CA_KEY",
      "CERTIFICATE_LOG_KEY",
      "OIDC_KEY",
      "OIDC_SEAL_KEY",
      "OIDC_SUBJECT_KEY",
      "SIGNATURE_LOG_ED25519_KEY",
      "SIGNATURE_LOG_KEY",
      "TSA_CHAIN",
      "TSA_KEY",
    ]);
    expect(open()).toEqual(first);
  });

  it("is readable by its owner only, and has no unfinished files", () => {
    open();
    expect(statSync(join(state, "keys")).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(state, "keys"))) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
    expect(readdirSync(state)).toEqual(["keys"]);
  });

  it("of an older version gets the secrets of the identity provider once", () => {
    const before = open();
    rmSync(file("oidc-seal.txt"));
    const after = open();
    expect(after["OIDC_SEAL_KEY"]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(after["OIDC_SEAL_KEY"]).not.toBe(before["OIDC_SEAL_KEY"]);
    expect(open()).toEqual(after);
    expect(after["OIDC_SUBJECT_KEY"]).toBe(before["OIDC_SUBJECT_KEY"]);
  });

  it("works without the root keys, which can be moved offline", () => {
    const before = open();
    rmSync(file("ca-root.key.pem"));
    rmSync(file("tsa-root.key.pem"));
    expect(open()).toEqual(before);
  });

  it("keeps existing keys after another run died while it created its own", () => {
    const before = open();
    writeFileSync(join(state, "keys.unfinished-abc"), "");
    expect(open()).toEqual(before);
  });
});

describe("the certificates, as openssl reads them", () => {
  it("chain for code signing", () => {
    const [issuing = "", root = ""] = split(open()["CA_CHAIN"] ?? "");
    expect(openssl("verify", "-x509_strict", "-check_ss_sig", "-CAfile", root, issuing)).toContain("OK");
    const text = openssl("x509", "-in", issuing, "-noout", "-text");
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0\n/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(text).toMatch(/Extended Key Usage: ?\n\s+Code Signing\n/);
    expect(text).toContain("NIST CURVE: P-256");
    expect(text).toContain("Signature Algorithm: ecdsa-with-SHA384");
    const rootText = openssl("x509", "-in", root, "-noout", "-text");
    expect(rootText).toMatch(/Basic Constraints: critical\s+CA:TRUE\n/);
    expect(rootText).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(rootText).not.toContain("Extended Key Usage");
    expect(rootText).toContain("NIST CURVE: P-384");
  });

  it("chain for timestamps", () => {
    const [leaf = "", root = ""] = split(open()["TSA_CHAIN"] ?? "");
    const verified = openssl("verify", "-x509_strict", "-purpose", "timestampsign", "-CAfile", root, leaf);
    expect(verified).toContain("OK");
    const text = openssl("x509", "-in", leaf, "-noout", "-text");
    expect(text).toMatch(/Extended Key Usage: critical\n\s+Time Stamping\n/);
    expect(text).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(text).not.toContain("CA:TRUE");
  });

  it("are valid from an hour ago, for years, and named after the host and the key", () => {
    const secrets = open();
    for (const chain of [secrets["CA_CHAIN"], secrets["TSA_CHAIN"]]) {
      for (const path of split(chain ?? "")) {
        const certificate = new X509Certificate(readFileSync(path));
        expect(certificate.validFromDate.getTime()).toBeLessThanOrEqual(now - 3_599_000);
        expect(certificate.validToDate.getTime()).toBeGreaterThan(now + 2.9 * 365 * DAY_MS);
        expect(certificate.subject).toMatch(/^O=localhost\nCN=Sigedge .* [0-9a-f]{8}$/);
      }
    }
  });
});

describe("an unusable state folder", () => {
  const P256 = () => openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256");
  const rejects: readonly [what: string, spoil: () => void, line: RegExp][] = [
    [
      "a key file of random text",
      () => writeFileSync(file("ca.key.pem"), "noise"),
      /ca\.key\.pem is not a P-256 private key/,
    ],
    [
      "a truncated key file",
      () => writeFileSync(file("oidc.key.pem"), open()["OIDC_KEY"]?.slice(0, 400) ?? ""),
      /oidc\.key\.pem is not a RSA-2048/,
    ],
    ["a key of another kind", () => writeFileSync(file("oidc.key.pem"), P256()), /oidc\.key\.pem is not a RSA-2048/],
    ["a missing key", () => rmSync(file("tsa.key.pem")), /tsa\.key\.pem is missing/],
    [
      "a CA key of another certificate",
      () => writeFileSync(file("ca.key.pem"), P256()),
      /ca-chain\.pem does not match its private keys/,
    ],
    [
      "a TSA key of another certificate",
      () => writeFileSync(file("tsa.key.pem"), P256()),
      /tsa-chain\.pem does not match its private keys/,
    ],
    ["a missing chain", () => rmSync(file("ca-chain.pem")), /ca-chain\.pem is missing/],
    [
      "a chain of one certificate",
      () => writeFileSync(file("ca-chain.pem"), readFileSync(split(open()["CA_CHAIN"] ?? "")[0] ?? "")),
      /ca-chain\.pem does not hold 2 certificates/,
    ],
    [
      "a chain of random text",
      () => writeFileSync(file("tsa-chain.pem"), "noise"),
      /tsa-chain\.pem does not hold 2 certificates/,
    ],
    ["a missing address", () => rmSync(file("public-url.txt")), /public-url\.txt is missing; restore it/],
    [
      "another URL",
      () => writeFileSync(file("public-url.txt"), "http://localhost:9999\n"),
      /belongs to http:\/\/localhost:9999/,
    ],
  ];

  it.each(rejects)("%s: one clear line", (_, spoil, line) => {
    open();
    spoil();
    const result = openKeys(state, here, now);
    if (result.ok) throw new Error("accepted");
    const text = describeKeysError(result.error);
    expect(text).toMatch(line);
    expect(text).not.toContain("\n");
  });

  it("expired certificates", () => {
    open();
    const later = openKeys(state, here, unixMs(now + 4 * 365 * DAY_MS));
    expect(later).toMatchObject({ ok: false, error: { code: "key_file_damaged" } });
  });

  it.each(["/dev/null/state", "/proc/sigedge"])("%s cannot be written", (folder) => {
    const result = openKeys(folder, here, now);
    if (result.ok) throw new Error("accepted");
    expect(describeKeysError(result.error)).toMatch(/^cannot write the state folder .* \(E[A-Z]+\); choose another/);
  });

  it.skipIf(process.getuid?.() === 0)("a folder without write permission", () => {
    chmodSync(state, 0o500);
    expect(openKeys(state, here, now)).toMatchObject({ ok: false, error: { code: "state_unwritable" } });
  });
});
