// SPDX-License-Identifier: Apache-2.0

import { createHash, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  certificateVerifier,
  certificateWith,
  emailName,
  foreignName,
  makeDsseRecord,
  makeHashedRecord,
  NOT_BEFORE,
  SPKI,
  toBody,
  uriName,
} from "../../test/support/monitor/records.ts";
import { valueOf } from "../../test/support/value-of.ts";
import chain from "../../test/vectors/python-cryptography/ct_chain.json" with { type: "json" };
import tiles from "../../test/vectors/rekor-tiles/rekor-v2-vectors.json" with { type: "json" };
import dsseHappy from "../../test/vectors/sigstore-conformance/rekor2-dsse-happy-path.json" with { type: "json" };
import happy from "../../test/vectors/sigstore-conformance/rekor2-happy-path.json" with { type: "json" };
import tessera from "../../test/vectors/tessera/ct-log.json" with { type: "json" };
import { encodeTileLeaf } from "../ct/leaf.ts";
import { tlv, utf8String } from "../der/writer.ts";
import { oidOf } from "../fulcio/extensions.ts";
import { CERTIFICATE_RECORDS } from "../logs/kinds/certificate.ts";
import { unixMs } from "../time.ts";
import { encodeExtension } from "../x509/extensions.ts";
import { type EntryPlace, toWatchedEntry } from "./entry.ts";

const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hash = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hexOf = (base64: string): string => Buffer.from(base64, "base64").toString("hex");

const AT = unixMs(1_800_000_000_123);
const SIGNED: EntryPlace = { log: "log.example", kind: "signature", index: 7, at: AT, hints: null };
const LOGGED: EntryPlace = { ...SIGNED, kind: "certificate", at: null };
const DIGEST = new Uint8Array(32).fill(9);

describe("an entry of a signature log", () => {
  test.each(["A", "B"] as const)("of the reference log: vector %s", (name) => {
    const { body, leafHash, request } = tiles[name];
    const signer =
      "hashedRekordRequestV002" in request
        ? request.hashedRekordRequestV002
        : (JSON.parse(body) as { spec: { hashedRekordV002: { signature: object } } }).spec.hashedRekordV002;
    const { signature } = signer as { signature: { verifier: { publicKey: { rawBytes: string } } } };
    const { data } = (JSON.parse(body) as { spec: { hashedRekordV002: { data: { digest: string } } } }).spec
      .hashedRekordV002;
    expect(valueOf(toWatchedEntry(text(body), SIGNED))).toStrictEqual({
      log: "log.example",
      kind: "signature",
      index: 7,
      at: AT,
      what: "signature",
      digests: [`sha256:${hexOf(data.digest)}`],
      predicateType: null,
      certificate: null,
      publicKey: hash(bytes(signature.verifier.publicKey.rawBytes)),
      cosigners: [],
      leafHash,
    });
  });

  test("of the reference log's older versions: a legacy DSSE entry", () => {
    const entry = valueOf(toWatchedEntry(text(tiles.C.body), SIGNED));
    // The payload of the vector is the word itself.
    expect(entry).toMatchObject({ what: "attestation", digests: [`sha256:${hash(text("payload"))}`] });
    expect(entry.leafHash).toBe(tiles.C.leafHash);
  });

  test.each([happy, dsseHappy])("of the public instance's staging log, as Node reads its certificate", (bundle) => {
    const body = bytes(bundle.verificationMaterial.tlogEntries[0]?.canonicalizedBody ?? "");
    const judge = new X509Certificate(bytes(bundle.verificationMaterial.certificate.rawBytes));
    const { certificate, publicKey } = valueOf(toWatchedEntry(body, SIGNED));
    expect(publicKey).toBe(hash(judge.publicKey.export({ type: "spki", format: "der" })));
    expect(certificate?.fingerprint).toBe(judge.fingerprint256.replaceAll(":", "").toLowerCase());
    expect(certificate?.names.map(({ value }) => `URI:${value}`).join(", ")).toBe(judge.subjectAltName);
    expect(certificate?.notBefore).toBe(judge.validFromDate.getTime());
    expect(certificate?.notAfter).toBe(judge.validToDate.getTime());
    expect(certificate?.extensions.issuerV2).toBe("https://token.actions.githubusercontent.com");
    expect(certificate?.oids.get("1.3.6.1.4.1.57264.1.8")).toBe(certificate?.extensions.issuerV2);
    expect(certificate?.oids.get("1.3.6.1.4.1.57264.1.1")).toBe(certificate?.extensions.issuer);
  });

  test("of an envelope does not believe hints of another payload", () => {
    const hints = { payloadHash: `sha256:${"ab".repeat(32)}`, subjectDigests: ["sha256:bb"], predicateType: null };
    const body = text(tiles.C.body);
    const without = valueOf(toWatchedEntry(body, SIGNED));
    expect(valueOf(toWatchedEntry(body, { ...SIGNED, hints }))).toEqual(without);
    const own = { ...hints, payloadHash: without.digests[0] ?? "" };
    expect(valueOf(toWatchedEntry(body, { ...SIGNED, hints: own })).digests).toEqual([own.payloadHash, "sha256:bb"]);
  });

  test("with hints is an attestation, found by payload and subjects", () => {
    const hints = { payloadHash: "sha256:aa", subjectDigests: ["sha256:bb", "sha256:aa"], predicateType: "https://p" };
    const entry = valueOf(toWatchedEntry(text(tiles.B.body), { ...SIGNED, hints }));
    expect(entry).toMatchObject({ what: "attestation", predicateType: "https://p" });
    expect(entry.digests.slice(1)).toEqual(["sha256:aa", "sha256:bb"]);
  });

  test("with several signers has them all", () => {
    const certificates = ["a@example.org", "b@example.org", "c@example.org"].map((name) =>
      certificateWith({ names: [emailName(name)] }),
    );
    const entry = valueOf(toWatchedEntry(makeDsseRecord(DIGEST, certificates.map(certificateVerifier)), SIGNED));
    const names = [entry, ...entry.cosigners].map(({ certificate }) => certificate?.names[0]?.value);
    expect(names).toEqual(["a@example.org", "b@example.org", "c@example.org"]);
  });

  test("of a scheme that our log does not take is read", () => {
    const verifier = { keyDetails: "PKIX_ED25519", publicKey: { rawBytes: Buffer.from(SPKI).toString("base64") } };
    expect(valueOf(toWatchedEntry(makeHashedRecord(DIGEST, verifier), SIGNED)).publicKey).toBe(hash(SPKI));
  });

  const CERTIFICATE = certificateVerifier(certificateWith({ names: [emailName("a@example.org")] }));
  const invalid = { code: "watched_record_invalid" };
  test.each([
    ["no JSON", text("{"), invalid],
    ["an empty body", new Uint8Array(0), invalid],
    ["a repeated member", text(`{"kind":"dsse",${tiles.A.body.slice(1)}`), invalid],
    ["another kind", toBody("rekord", {}), { code: "watched_kind_unknown", kind: "rekord 0.0.2" }],
    ["a kind of endless length", toBody("x".repeat(999), {}), { code: "watched_kind_unknown", kind: "x".repeat(64) }],
    ["no spec", toBody("hashedrekord", {}), invalid],
    ["no signer", makeHashedRecord(DIGEST, { keyDetails: "PKIX_ED25519" }), invalid],
    ["a key and a certificate", makeHashedRecord(DIGEST, { ...CERTIFICATE, publicKey: { rawBytes: "AA==" } }), invalid],
    ["a second signer that is nobody", makeDsseRecord(DIGEST, [CERTIFICATE, {}]), invalid],
    ["an envelope without signatures", makeDsseRecord(DIGEST, []), invalid],
    ["a member that nobody knows", makeHashedRecord(DIGEST, { ...CERTIFICATE, signedBy: "a" }), invalid],
    [
      "a certificate that is none",
      makeHashedRecord(DIGEST, certificateVerifier(Uint8Array.of(0x30, 0))),
      { code: "watched_certificate_invalid", reason: "no element" },
    ],
    [
      "a name that is not ASCII",
      makeHashedRecord(DIGEST, certificateVerifier(certificateWith({ names: [emailName("ä@example.org")] }))),
      { code: "watched_names_invalid", reason: "a general name is not ASCII" },
    ],
    [
      "an issuer that is not text",
      makeHashedRecord(
        DIGEST,
        certificateVerifier(certificateWith({ more: [encodeExtension(oidOf("issuerV2"), false, tlv(0x04))] })),
      ),
      { code: "watched_extension_invalid", oid: "1.3.6.1.4.1.57264.1.8" },
    ],
  ])("%s is a problem, not silence", (_, body, error) => {
    const read = toWatchedEntry(body, SIGNED);
    expect(read.ok ? read.value : read.error).toMatchObject(error);
  });

  test("random and damaged bytes never throw", () => {
    const good = makeHashedRecord(DIGEST, CERTIFICATE);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.constantFrom(SIGNED, LOGGED), (at, byte, place) => {
        const damaged = good.slice();
        damaged[at] = byte;
        toWatchedEntry(damaged, place);
        toWatchedEntry(damaged.subarray(at), place);
      }),
    );
  });
});

describe("an extension is read as other verifiers read it", () => {
  test.each([
    ["a UTF8String", "issuerV2", utf8String("https://a.example")],
    ["a PrintableString", "issuerV2", tlv(0x13, text("https://a.example"))],
    ["an IA5String", "issuerV2", tlv(0x16, text("https://a.example"))],
    ["raw text of an older one", "issuer", text("https://a.example")],
    ["a DER string in an older one", "issuer", utf8String("https://a.example")],
  ] as const)("%s", (_, name, value) => {
    const der = certificateWith({ more: [encodeExtension(oidOf(name), false, value)] });
    const { certificate } = valueOf(toWatchedEntry(makeHashedRecord(DIGEST, certificateVerifier(der)), SIGNED));
    expect(certificate?.extensions).toEqual({ [name]: "https://a.example" });
    expect(certificate?.oids.get(oidOf(name))).toBe("https://a.example");
  });

  test("one of another arc counts if it is a string, and is ignored if it is not", () => {
    const der = certificateWith({
      names: [foreignName(), uriName("https://b.example")],
      more: [encodeExtension("1.2.3", false, utf8String("here")), encodeExtension("1.2.4", false, text("there"))],
    });
    const { certificate } = valueOf(toWatchedEntry(makeHashedRecord(DIGEST, certificateVerifier(der)), SIGNED));
    expect([...(certificate?.oids ?? [])]).toEqual([["1.2.3", "here"]]);
    expect(certificate?.names).toEqual([{ kind: "uri", value: "https://b.example" }]);
  });
});

describe("an entry of a certificate log", () => {
  const records = valueOf(
    ((): { ok: true; value: readonly Uint8Array[] } | { ok: false; error: null } => {
      const split = CERTIFICATE_RECORDS.split(bytes(tessera.files["tile/data/000.p/52"]));
      return split === null ? { ok: false, error: null } : { ok: true, value: split };
    })(),
  );

  test("that Tessera wrote has its leaf hash", () => {
    const tile = bytes(tessera.files["tile/0/000.p/52"]);
    const found = records.map((record) => valueOf(toWatchedEntry(record, LOGGED)).leafHash);
    expect(found.join("")).toBe(Buffer.from(tile).toString("hex"));
    expect(found).toHaveLength(52);
  });

  test.each(chain.cases.map((vector, i) => [i, vector] as const))("case %i: both forms have one TBS", (_, vector) => {
    const common = { timestamp: NOT_BEFORE, extensions: new Uint8Array(0) };
    const before = encodeTileLeaf({
      entry: {
        ...common,
        entryType: "precert_entry",
        issuerKeyHash: new Uint8Array(32),
        signedEntry: bytes(vector.tbs),
      },
      precertificate: bytes(vector.precertificate),
      chainFingerprints: [],
    });
    const after = encodeTileLeaf({
      entry: { ...common, entryType: "x509_entry", signedEntry: bytes(vector.withScts) },
      precertificate: null,
      chainFingerprints: [],
    });
    const [precertificate, certificate] = [before, after].map((record) => valueOf(toWatchedEntry(record, LOGGED)));
    expect(precertificate).toMatchObject({ what: "certificate", at: NOT_BEFORE, digests: [] });
    expect(precertificate?.certificate?.tbs).toBe(hash(bytes(vector.tbs)));
    expect(certificate?.certificate?.tbs).toBe(hash(bytes(vector.tbs)));
    expect(precertificate?.certificate?.fingerprint).toBe(hash(bytes(vector.precertificate)));
    expect(certificate?.certificate?.fingerprint).toBe(hash(bytes(vector.withScts)));
  });

  test("that is none, or more than one, is a problem", () => {
    const [record = new Uint8Array(0)] = records;
    for (const wrong of [record.subarray(0, -1), new Uint8Array(0), Buffer.concat([record, record])]) {
      expect(toWatchedEntry(wrong, LOGGED)).toEqual({ ok: false, error: { code: "watched_record_invalid" } });
    }
  });
});
