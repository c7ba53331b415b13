// SPDX-License-Identifier: Apache-2.0
// Tests the parser with invalid metadata, and canonical form and key ids against the implementation of tuf-js.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { canonicalize } from "@tufjs/canonical-json";
import { Key, Metadata, MetadataKind } from "@tufjs/models";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valueOf } from "../../test/support/value-of.ts";
import { type CanonicalValue, canonicalJson } from "./canonical-json.ts";
import { keyIdOf, publicKeyOf, tufKey } from "./key.ts";
import { expiryOf, formatMetadata, parseMetadata, type Root, type Targets } from "./metadata.ts";
import { meetsThreshold, signMetadata, type TufSigner } from "./signing.ts";

function newSigner(curve = "P-256") {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const spki = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return { spki, sign: (message: Uint8Array) => new Uint8Array(sign("sha256", message, privateKey)) };
}
function p256() {
  const { spki, sign: signWith } = newSigner();
  const key = valueOf(tufKey(spki));
  return { key, keyId: keyIdOf(key), sign: signWith };
}
const [one, two, three] = [p256(), p256(), p256()];
const entry = ({ key, keyId }: ReturnType<typeof p256>) => [keyId, { ...key }] as const;
const online = { keyids: [three.keyId], threshold: 1 };
const ROOT: Root = {
  _type: "root",
  spec_version: "1.0.31",
  version: 1,
  expires: "2027-11-23T10:20:30Z",
  consistent_snapshot: true,
  keys: Object.fromEntries([one, two, three].map(entry)),
  roles: {
    root: { keyids: [one.keyId, two.keyId], threshold: 2 },
    targets: { keyids: [two.keyId], threshold: 1 },
    snapshot: online,
    timestamp: online,
  },
};
const TARGETS: Targets = {
  _type: "targets",
  spec_version: "1.0.31",
  version: 7,
  expires: "2027-11-23T10:20:30Z",
  targets: {
    "trusted_root.json": { length: 3, hashes: { sha256: "ab".repeat(32) } },
    "rekor.pub": {
      length: 4,
      hashes: { sha256: "cd".repeat(32) },
      custom: { sigstore: { status: "Active", usage: "Rekor", uri: "https://a.example" } },
    },
  },
};
const signed = signMetadata(ROOT, [one, two]);

describe("canonical JSON", () => {
  const ascii = fc.string({ unit: "grapheme-ascii" });
  const value = fc.letrec<{ any: CanonicalValue }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.string(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("any"), { maxLength: 4 }),
      fc.dictionary(ascii, tie("any"), { maxKeys: 4 }),
    ),
  })).any;

  it("equals that of the implementation in tuf-js", () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(Buffer.from(canonicalJson(any)).toString()).toBe(canonicalize(any));
      }),
    );
  });

  it("escapes only quotes and backslashes", () => {
    const bytes = canonicalJson({ b: 'a"\\\n\té', a: [-1, true, null], c: undefined });
    expect(Buffer.from(bytes).toString()).toBe('{"a":[-1,true,null],"b":"a\\"\\\\\n\té"}');
  });

  it.each([1.5, Number.NaN, 2 ** 53])("cannot express %d", (number) => {
    expect(() => canonicalJson(number)).toThrow("integers only");
  });
});

describe("a key", () => {
  it("is named by the hash of its object, and verified by the implementation in tuf-js", () => {
    const json =
      '{"keytype":"ecdsa","keyval":{"public":"' + one.key.keyval.public + '"},"scheme":"ecdsa-sha2-nistp256"}';
    expect(one.keyId).toBe(createHash("sha256").update(json).digest("hex"));
    const metadata = Metadata.fromJSON(MetadataKind.Root, JSON.parse(formatMetadata(signed)) as never);
    for (const { keyId, key } of [one, two]) {
      const theirs = Key.fromJSON(keyId, { ...key, keyval: { ...key.keyval } });
      expect(() => theirs.verifySignature(metadata)).not.toThrow();
    }
    expect(() => metadata.verifyDelegate("root", metadata)).not.toThrow();
  });

  it("must be on P-256", () => {
    expect(tufKey(newSigner("P-384").spki).ok).toBe(false);
    expect(tufKey(new Uint8Array(5)).ok).toBe(false);
    const respelled = { ...one.key, keyval: { public: one.key.keyval.public.replaceAll("\n", "\r\n") } };
    expect(publicKeyOf(respelled)).toBeNull();
  });
});

describe("signatures", () => {
  const count = (signers: readonly TufSigner[], from = ROOT) =>
    meetsThreshold(signMetadata(from, signers), ROOT.roles.root, ROOT.keys);
  it("count per key", () => {
    expect(count([one, two])).toBe(true);
    expect(count([one])).toBe(false);
    expect(count([one, one])).toBe(false);
    expect(count([one, three])).toBe(false);
    expect(count([one, { ...one, keyId: two.keyId }])).toBe(false);
  });

  it("cover exactly these bytes", () => {
    const other = { ...signed, signed: { ...ROOT, version: 2 } };
    expect(meetsThreshold(other, ROOT.roles.root, ROOT.keys)).toBe(false);
    const damaged = { ...signed, signatures: signed.signatures.map(({ keyid, sig }) => ({ keyid, sig: `${sig}00` })) };
    expect(meetsThreshold(damaged, ROOT.roles.root, ROOT.keys)).toBe(false);
  });
});

describe("metadata", () => {
  const parse = (value: unknown) => parseMetadata("root", JSON.stringify(value));

  it("is read back as it was written", () => {
    expect(valueOf(parseMetadata("root", formatMetadata(signed)))).toEqual(signed);
    const targets = signMetadata(TARGETS, [two]);
    expect(valueOf(parseMetadata("targets", formatMetadata(targets)))).toEqual(targets);
    expect(expiryOf(ROOT)).toBe(Date.parse("2027-11-23T10:20:30Z"));
  });

  const root = (change: object) => ({ ...signed, signed: { ...ROOT, ...change } });
  const roles = (change: object) => root({ roles: { ...ROOT.roles, ...change } });
  const oneKey = (change: object) => root({ keys: { ...ROOT.keys, [one.keyId]: { ...one.key, ...change } } });
  it.each<[string, unknown, string]>([
    ["no object", [], "where an object is expected"],
    ["no signature", { ...signed, signatures: [] }, "list of 1 to 32"],
    ["a member too many", { ...signed, more: 1 }, "has an unknown member"],
    [
      "two signatures of a key",
      { ...signed, signatures: [signed.signatures[0], signed.signatures[0]] },
      "signed twice",
    ],
    ["another type", root({ _type: "targets" }), "is not root metadata"],
    ["another spec", root({ spec_version: "2.0.0" }), "has a string of the wrong form"],
    ["version 0", root({ version: 0 }), "positive integer"],
    ["a version of a half", root({ version: 1.5 }), "positive integer"],
    ["a fraction of a second", root({ expires: "2027-11-23T10:20:30.000Z" }), "has a string of the wrong form"],
    ["an offset", root({ expires: "2027-11-23T10:20:30+00:00" }), "has a string of the wrong form"],
    ["30 February", root({ expires: "2027-02-30T10:20:30Z" }), "expires at a time that does not exist"],
    ["no consistent snapshots", root({ consistent_snapshot: false }), "no consistent snapshots"],
    ["a custom member", root({ "x-more": 1 }), "has an unknown member"],
    ["a role too many", roles({ mirrors: online }), "has an unknown member"],
    ["a threshold too high", roles({ targets: { keyids: [two.keyId], threshold: 2 } }), "more signatures of targets"],
    ["a key that is not there", roles({ targets: { keyids: ["00"], threshold: 1 } }), "that it does not contain"],
    ["a key twice", roles({ targets: { keyids: [two.keyId, two.keyId], threshold: 2 } }), "a key of targets twice"],
    ["a key with more members", oneKey({ "x-owner": "a" }), "has an unknown member"],
    ["an Ed25519 key", oneKey({ keytype: "ed25519" }), "not ECDSA P-256"],
    ["a key of another name", oneKey({ keyval: two.key.keyval }), "not named by its hash"],
    ["a key that is none", oneKey({ keyval: { public: "x" } }), "not a P-256 public key"],
  ])("with %s is rejected", (_what, value, reason) => {
    const parsed = parse(value);
    expect(parsed).toMatchObject({ ok: false, error: { code: "tuf_metadata_invalid" } });
    expect(parsed.ok ? "" : parsed.error.reason).toContain(reason);
  });

  const targets = (name: string, change: object) => {
    const file = { length: 3, hashes: { sha256: "ab".repeat(32) }, ...change };
    return parseMetadata("targets", JSON.stringify({ ...signed, signed: { ...TARGETS, targets: { [name]: file } } }));
  };
  it.each<[string, ReturnType<typeof targets>]>([
    ["a second hash", targets("a", { hashes: { sha256: "ab".repeat(32), sha512: "ab".repeat(64) } })],
    ["a hash in capitals", targets("a", { hashes: { sha256: "AB".repeat(32) } })],
    ["a length of nothing", targets("a", { length: 0 })],
    ["a path for a name", targets("a/b", {})],
    ["a hidden name", targets("..", {})],
    ["another custom member", targets("a", { custom: { other: {} } })],
    ["an unknown usage", targets("a", { custom: { sigstore: { status: "Active", usage: "Other" } } })],
  ])("of targets with %s is rejected", (_what, parsed) => expect(parsed.ok).toBe(false));

  it("that is not JSON, repeats a member or is too long is rejected", () => {
    expect(parseMetadata("root", "{").ok).toBe(false);
    expect(parseMetadata("root", formatMetadata(signed).replace("{", '{"signatures":[],')).ok).toBe(false);
    expect(parseMetadata("root", formatMetadata(signed) + " ".repeat(99_000)).ok).toBe(false);
  });

  it("never makes the parser throw", () => {
    const text = formatMetadata(signed);
    fc.assert(
      fc.property(fc.nat(text.length), fc.nat(20), fc.string(), (at, cut, inserted) => {
        expect(typeof parseMetadata("root", text.slice(0, at) + inserted + text.slice(at + cut)).ok).toBe("boolean");
      }),
    );
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(typeof parseMetadata("targets", json).ok).toBe("boolean");
      }),
    );
  });
});
