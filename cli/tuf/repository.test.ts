// SPDX-License-Identifier: Apache-2.0

import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Result } from "../../shared/result.ts";
import { unixMs } from "../../shared/time.ts";
import { canonicalJson } from "../../shared/tuf/canonical-json.ts";
import type { TargetDocuments } from "../../shared/tuf/target-files.ts";
import { type OfflineTexts, openOffline } from "../../shared/tuf/trust-file.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { createOfflineKey, createOnlineKey, type OfflineKey, onlineKeyOf, openOfflineKey } from "./keys.ts";
import { createRepository, extendExpiry, keysOf, publishTargets, rotateKeys } from "./repository.ts";
import { readTrustFile, writeTrustFile } from "./trust-file.ts";

const NOW = unixMs(Date.parse("2026-11-23T10:20:30.789Z"));
const DOCUMENTS: TargetDocuments = { "trusted_root.json": { text: '{"ä":1}\n', custom: null } };

let folder: string;
let keys: readonly OfflineKey[];
const key = (i: number): OfflineKey => keys[i] ?? fail("no such key");
const online = createOnlineKey();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-tuf-"));
  keys = Array.from({ length: 6 }, (_, i) => valueOf(createOfflineKey(join(folder, `${i}.pem`), null)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fail(reason: string): never {
  throw new Error(reason);
}
const errorOf = <T, E>(result: Result<T, E>): E => (result.ok ? fail("it succeeded") : result.error);
const role = (members: readonly OfflineKey[], threshold: number) => ({
  keys: members.map((member) => member.key),
  threshold,
});

/** Root: two of the keys 0, 1, 2. Targets: key 3. */
const made = (signers = keys): OfflineTexts =>
  valueOf(
    createRepository({
      root: role(keys.slice(0, 3), 2),
      targets: role([key(3)], 1),
      online: online.key,
      documents: DOCUMENTS,
      signers,
      now: NOW,
    }),
  );

describe("key files", () => {
  it("open in openssl with their passphrase only", () => {
    const file = join(folder, "protected.pem");
    const created = valueOf(createOfflineKey(file, "correct horse"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, "utf8")).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const read = execFileSync("openssl", ["pkey", "-in", file, "-passin", "pass:correct horse", "-pubout"]);
    expect(read.toString()).toBe(created.key.keyval.public);
    expect(spawnSync("openssl", ["pkey", "-in", file, "-passin", "pass:battery"]).status).not.toBe(0);
    const asn1 = execFileSync("openssl", ["asn1parse", "-in", file]).toString();
    for (const name of ["PBES2", "scrypt", "aes-256-cbc"]) expect(asn1).toContain(name);
    expect(valueOf(openOfflineKey(file, "correct horse")).keyId).toBe(created.keyId);
    expect(errorOf(openOfflineKey(file, "battery")).code).toBe("key_file_passphrase_wrong");
    expect(errorOf(openOfflineKey(file, null)).code).toBe("key_file_passphrase_missing");
  });

  it("written by openssl open", () => {
    const file = join(folder, "openssl.pem");
    const generated = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc", "-pass", "pass:x"];
    execFileSync("openssl", ["genpkey", ...generated, "-out", file], { stdio: "ignore" });
    const publicKey = execFileSync("openssl", ["pkey", "-in", file, "-passin", "pass:x", "-pubout"]).toString();
    expect(valueOf(openOfflineKey(file, "x")).key.keyval.public).toBe(publicKey);
  });

  it("are not overwritten, and reject other contents", () => {
    const file = join(folder, "0.pem");
    const before = readFileSync(file, "utf8");
    expect(errorOf(createOfflineKey(file, null))).toMatchObject({ code: "key_file_unwritable", reason: "EEXIST" });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(errorOf(openOfflineKey(join(folder, "none"), null)).code).toBe("key_file_unreadable");
    const p384 = join(folder, "p384.pem");
    execFileSync("openssl", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", p384]);
    expect(errorOf(openOfflineKey(p384, null)).code).toBe("key_file_invalid");
    expect(onlineKeyOf(readFileSync(p384, "utf8"))).toBeNull();
  });

  it("hold an online key in the form that a Worker reads", () => {
    expect(createPrivateKey(online.pem).asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
    expect(onlineKeyOf(online.pem)).toEqual(online.key);
  });
});

describe("a new repository", () => {
  it("is signed over canonical JSON, which openssl verifies", () => {
    const { root } = valueOf(openOffline(made()));
    expect(root.signatures).toHaveLength(3);
    expect(root.signed.expires).toBe("2027-11-23T10:20:30Z");
    const message = join(folder, "message");
    writeFileSync(message, canonicalJson(root.signed));
    for (const { keyid, sig } of root.signatures) {
      const [publicKey, signature] = [join(folder, "public.pem"), join(folder, "signature")];
      writeFileSync(publicKey, root.signed.keys[keyid]?.keyval.public ?? "");
      writeFileSync(signature, Buffer.from(sig, "hex"));
      const args = ["dgst", "-sha256", "-verify", publicKey, "-signature", signature, message];
      expect(execFileSync("openssl", args).toString()).toBe("Verified OK\n");
    }
  });

  it("needs enough keys of each role", () => {
    const options = { root: role(keys.slice(0, 3), 2), targets: role([key(3)], 1), online: online.key, now: NOW };
    const create = (signers: readonly OfflineKey[]) => createRepository({ ...options, documents: DOCUMENTS, signers });
    expect(create([key(0), key(2), key(3)]).ok).toBe(true);
    expect(errorOf(create([key(0), key(0), key(3)]))).toEqual({
      code: "tuf_signers_missing",
      role: "root",
      previous: false,
      needed: 2,
    });
    expect(errorOf(create(keys.slice(0, 3)))).toMatchObject({ code: "tuf_signers_missing", role: "targets" });
    for (const threshold of [0, 4, 1.5]) {
      const wrong = { ...options, root: role(keys.slice(0, 3), threshold), documents: DOCUMENTS, signers: keys };
      expect(errorOf(createRepository(wrong))).toEqual({ code: "tuf_role_invalid", role: "root" });
    }
    const twice = { ...options, targets: role([key(3), key(3)], 2), documents: DOCUMENTS, signers: keys };
    expect(errorOf(createRepository(twice))).toEqual({ code: "tuf_role_invalid", role: "targets" });
  });
});

describe("a change", () => {
  it("of the documents signs the next targets, without a root key", () => {
    const documents = { "b.pem": { text: "b", custom: null } };
    const texts = valueOf(publishTargets(made(), { documents, signers: [key(3)], now: NOW }));
    expect(texts.files).toEqual({ "b.pem": "b" });
    expect(valueOf(openOffline(texts))).toMatchObject({
      root: { signed: { version: 1 } },
      targets: { signed: { version: 2 } },
    });
    expect(errorOf(publishTargets(made(), { documents, signers: [key(0)], now: NOW })).code).toBe(
      "tuf_signers_missing",
    );
  });

  it("of the root keys is signed by the former and the new keys", () => {
    const change = { root: role([key(4), key(5)], 2) };
    const texts = valueOf(rotateKeys(made(), { change, signers: keys, now: NOW }));
    const { root, targets } = valueOf(openOffline(texts));
    expect([texts.roots.length, root.signed.version, targets.signed.version]).toEqual([2, 2, 1]);
    expect(root.signatures).toHaveLength(5);
    expect(keysOf(root.signed).root).toEqual(change.root);
    const short = (signers: readonly OfflineKey[]) => errorOf(rotateKeys(made(), { change, signers, now: NOW }));
    expect(short([key(0), key(4), key(5)])).toMatchObject({ role: "root", previous: true, needed: 2 });
    expect(short([key(0), key(1), key(4)])).toMatchObject({ role: "root", previous: false, needed: 2 });
  });

  it("of the targets keys signs the targets again", () => {
    const change = { targets: role([key(4)], 1) };
    expect(errorOf(rotateKeys(made(), { change, signers: keys.slice(0, 3), now: NOW }))).toMatchObject({
      role: "targets",
    });
    const texts = valueOf(rotateKeys(made(), { change, signers: [key(0), key(1), key(4)], now: NOW }));
    const { targets } = valueOf(openOffline(texts));
    expect(targets.signed.version).toBe(2);
    expect(targets.signatures.map(({ keyid }) => keyid)).toEqual([key(4).keyId]);
  });

  it("of the online key changes nothing else", () => {
    const next = createOnlineKey();
    const texts = valueOf(rotateKeys(made(), { change: { online: next.key }, signers: keys, now: NOW }));
    const { root, targets } = valueOf(openOffline(texts));
    expect(keysOf(root.signed)).toMatchObject({ online: next.key, root: { threshold: 2 } });
    expect(Object.keys(root.signed.keys)).toHaveLength(5);
    expect(targets.signed.version).toBe(1);
  });

  it("of the expiry signs the next version of each role", () => {
    const now = unixMs(NOW + 86_400_000);
    const texts = valueOf(extendExpiry(made(), { roles: ["root", "targets"], signers: keys, now }));
    const { root, targets } = valueOf(openOffline(texts));
    expect([root.signed.version, root.signed.expires]).toEqual([2, "2027-11-24T10:20:30Z"]);
    expect([targets.signed.version, targets.signed.expires]).toEqual([2, "2027-11-24T10:20:30Z"]);
    expect(texts.files).toEqual(made().files);
  });

  it("of an invalid repository is refused", () => {
    const damaged = { ...made(), files: { "trusted_root.json": "another" } };
    for (const edited of [
      publishTargets(damaged, { documents: DOCUMENTS, signers: keys, now: NOW }),
      rotateKeys(damaged, { change: {}, signers: keys, now: NOW }),
      extendExpiry(damaged, { roles: ["targets"], signers: keys, now: NOW }),
    ]) {
      expect(errorOf(edited)).toMatchObject({
        code: "tuf_repository_invalid",
        reason: "The target file trusted_root.json is not the one that was signed.",
      });
    }
  });
});

it("a trust file holds deployments side by side", () => {
  const file = join(folder, "trust.json");
  expect(valueOf(readTrustFile(file, "https://a.example"))).toBeNull();
  valueOf(writeTrustFile(file, "https://a.example", made()));
  valueOf(writeTrustFile(file, "https://b.example", made()));
  const next = made();
  valueOf(writeTrustFile(file, "https://a.example", next));
  expect(valueOf(readTrustFile(file, "https://a.example"))).toEqual(next);
  expect(valueOf(readTrustFile(file, "https://b.example"))).not.toBeNull();
  expect(valueOf(readTrustFile(file, "https://c.example"))).toBeNull();
  writeFileSync(file, "[]");
  expect(errorOf(readTrustFile(file, "https://a.example"))).toContain("is not a JSON object");
  expect(errorOf(writeTrustFile(file, "https://a.example", next))).toContain("is not a JSON object");
});
