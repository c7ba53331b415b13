// SPDX-License-Identifier: Apache-2.0
// The faults that a signer must notice before anybody relies on them, in bundles and trusted roots by others.

import { describe, expect, it } from "vitest";
import { BEACON, GITHUB_ACTIONS, readBundleCases } from "../../test/support/bundles/cases.ts";
import { valueOf } from "../../test/support/value-of.ts";
import { decodeHex } from "../bytes/hex.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { parseBundle } from "./bundle.ts";
import { checkIssued, checkMade } from "./made.ts";
import { parseTrustedRoot, type TrustedRoot } from "./trusted-root.ts";

const { bundle, root, artifact } =
  readBundleCases().find(({ name }) => name.includes("rekor2-happy-path")) ?? expect.fail("no vector");
const ROOT = valueOf(parseTrustedRoot(root));
const { material } = valueOf(parseBundle(bundle));
const LEAF = material.kind === "certificates" ? material.ders[0] : expect.fail("no certificate");
const { spki, notBefore, notAfter } = valueOf(parseCertificate(LEAF));
const SHA256 = valueOf(decodeHex(artifact ?? ""));
const ISSUED = { leaf: LEAF, lifetimeMs: notAfter - notBefore, names: [BEACON], issuer: GITHUB_ACTIONS };

describe("a certificate that was issued", () => {
  it("is good with its chain, its SCT, its key and its name", async () => {
    expect(await checkIssued(LEAF, { root: ROOT, spki, identity: BEACON })).toEqual({ ok: true, value: ISSUED });
    expect(await checkIssued(LEAF, { root: ROOT, spki, identity: null })).toMatchObject({ ok: true });
  });

  const good = { root: ROOT, spki, identity: BEACON };
  const withoutLogs: TrustedRoot = { ...ROOT, certificateLogs: [] };
  it.each([
    ["malformed", LEAF.subarray(1), good, "a malformed certificate"],
    ["for another key", LEAF, { ...good, spki: spki.toReversed() }, "another key"],
    ["for another person", LEAF, { ...good, identity: "mallory@example.com" }, "not for mallory@example.com"],
    ["of another authority", LEAF, { ...good, root: { ...ROOT, certificateAuthorities: [] } }, "(certificate)"],
    ["without the SCT of a trusted log", LEAF, { ...good, root: withoutLogs }, "(sct)"],
  ])("is rejected if it is %s", async (_, leaf, wanted, error) => {
    expect(await checkIssued(leaf, wanted)).toEqual({ ok: false, error: expect.stringContaining(error) });
  });
});

describe("a bundle that was made", () => {
  const text = Buffer.from(bundle).toString();
  const good = { root: ROOT, issued: ISSUED, sha256: SHA256 };

  it("has an entry of the log", async () => {
    const { entries } = valueOf(parseBundle(bundle));
    expect(await checkMade(text, good)).toEqual({ ok: true, value: entries[0]?.logIndex });
  });

  it.each([
    ["of another file", text, { ...good, sha256: SHA256.toReversed() }, "does not verify (artifact)"],
    ["of another person", text, { ...good, issued: { ...ISSUED, names: ["x"] } }, "does not verify (identity)"],
    ["of another log", text, { ...good, root: { ...ROOT, logs: [] } }, "does not verify (checkpoint)"],
    ["no bundle", "{}", good, "make a bundle that has a mediaType"],
  ])("is rejected if it is %s", async (_, made, from, error) => {
    expect(await checkMade(made, from)).toEqual({ ok: false, error: expect.stringContaining(error) });
  });
});
