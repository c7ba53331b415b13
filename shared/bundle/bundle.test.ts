// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseBundle } from "./bundle.ts";
import { parseTrustedRoot } from "./trusted-root.ts";

const read = (name: string): Uint8Array =>
  readFileSync(join(import.meta.dirname, `../../test/vectors/sigstore-rust/${name}.json`));

// oxlint-disable-next-line typescript/no-explicit-any -- a row edits JSON of a known shape
type Json = any;

function change(vector: string, edit: (json: Json) => void): Uint8Array {
  const json: Json = JSON.parse(Buffer.from(read(vector)).toString());
  edit(json);
  return Buffer.from(JSON.stringify(json));
}

const entryOf = (bundle: Json): Json => bundle.verificationMaterial.tlogEntries[0];

describe("parseBundle", () => {
  test("reads numbers as strings or numbers, and both spellings of names", () => {
    const text = change("bundles/cosign-v3-blob", (bundle) => {
      const entry = entryOf(bundle);
      entry.log_index = Number(entry.logIndex);
      delete entry.logIndex;
      bundle.unknown = { to: ["this", "verifier"] };
    });
    const bundle = parseBundle(text);
    expect(bundle).toEqual(parseBundle(read("bundles/cosign-v3-blob")));
    expect(bundle).toMatchObject({ ok: true, value: { version: "0.3", entries: [{ logIndex: 738_312_748 }] } });
  });

  test.each<readonly [reason: string, edit: (bundle: Json) => void]>([
    ["has a mediaType that is not one", (b) => void (b.mediaType += "x")],
    ["has a mediaType that is not one", (b) => void delete b.mediaType],
    ["has no verificationMaterial", (b) => void delete b.verificationMaterial],
    ["must have either", (b) => void delete b.messageSignature],
    ["must have either", (b) => void (b.dsseEnvelope = { payload: "", payloadType: "", signatures: [] })],
    ["must have exactly one of", (b) => void (b.verificationMaterial.publicKey = { hint: "x" })],
    ["must have exactly one of", (b) => void delete b.verificationMaterial.certificate],
    ["without a messageDigest", (b) => void delete b.messageSignature.messageDigest],
    ["algorithm has an unknown", (b) => void (b.messageSignature.messageDigest.algorithm = "MD5")],
    ["treeSize has the wrong type or range", (b) => void (entryOf(b).inclusionProof.treeSize = "9007199254740993")],
    ["treeSize has the wrong type or range", (b) => void (entryOf(b).inclusionProof.treeSize = "1e3")],
    ["hashes[0] is not base64", (b) => void (entryOf(b).inclusionProof.hashes[0] = "AAAA")],
    [
      "hashes has too many items",
      (b) => void (entryOf(b).inclusionProof.hashes = Array.from({ length: 65 }, () => "")),
    ],
    [
      "tlogEntries has too many",
      (b) => void (b.verificationMaterial.tlogEntries = Array.from({ length: 33 }, () => entryOf(b))),
    ],
    ["an entry without its body", (b) => void delete entryOf(b).canonicalizedBody],
    ["an entry without its kind", (b) => void delete entryOf(b).kindVersion],
    ["an entry without the id", (b) => void delete entryOf(b).logId],
    ["without an inclusion proof", (b) => void delete entryOf(b).inclusionProof],
    ["without an inclusion proof", (b) => void delete entryOf(b).inclusionProof.checkpoint],
  ])("rejects a bundle that %s", (reason, edit) => {
    const parsed = parseBundle(change("bundles/cosign-v3-blob", edit));
    expect(parsed).toEqual({ ok: false, error: { code: "bundle_invalid", reason: expect.stringContaining(reason) } });
  });
});

describe("parseTrustedRoot", () => {
  test("keeps a log whose key it cannot use, and says so by null", () => {
    const root = parseTrustedRoot(
      change("trusted-roots/public-good", (json) => void (json.tlogs[0].publicKey.rawBytes = "AAAA")),
    );
    expect(root).toMatchObject({ ok: true, value: { logs: [{ key: null }, {}] } });
  });

  test.each<readonly [reason: string, edit: (root: Json) => void]>([
    ["a signature log without a key", (r) => void delete r.tlogs[0].publicKey],
    ["a signature log without an id", (r) => void delete r.tlogs[0].logId],
    ["a certificate log whose key has no start", (r) => void delete r.ctlogs[0].publicKey.validFor],
    ["a certificate authority without certificates", (r) => void delete r.certificateAuthorities[0].certChain],
    ["a malformed certificate", (r) => void (r.timestampAuthorities[0].certChain.certificates[0].rawBytes = "AAAA")],
    ["start has the wrong type", (r) => void (r.tlogs[0].publicKey.validFor.start = "yesterday")],
    ["tlogs has too many items", (r) => void (r.tlogs = Array.from({ length: 129 }, () => r.tlogs[0]))],
  ])("rejects a trusted root with %s", (reason, edit) => {
    const parsed = parseTrustedRoot(change("trusted-roots/public-good", edit));
    expect(parsed).toEqual({
      ok: false,
      error: { code: "trusted_root_invalid", reason: expect.stringContaining(reason) },
    });
  });
});
