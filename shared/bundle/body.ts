// SPDX-License-Identifier: Apache-2.0
// Compares the body of a log entry with a bundle: the log must have recorded this signature by this key over this
// content, not another one.
// Spec: github.com/sigstore/rekor, pkg/types; https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import { decodeBase64, decodeProtoBase64 } from "../bytes/base64.ts";
import { equal } from "../bytes/bytes.ts";
import { decodeHex } from "../bytes/hex.ts";
import { decodePem } from "../bytes/pem.ts";
import { decodeUtf8 } from "../bytes/utf8.ts";
import { HASHES, type HashAlgorithm, hashMessage } from "../crypto/hash.ts";
import { items, member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { type ArtifactDigests, computeSignedDigest, quote } from "./artifact.ts";
import type { Bundle } from "./bundle.ts";
import { type Check, reportFailure, reportPass, reportUnchecked } from "./check.ts";
import type { LoggedEntry } from "./log-entry.ts";

/** The content of a logged entry, in a form common to all kinds. */
interface Recorded {
  readonly signature: Uint8Array | null;
  /** Certificates or keys in DER or PEM: each must be the signer's. */
  readonly verifier: Uint8Array | null;
  readonly digest: Uint8Array | null;
  readonly hash: HashAlgorithm | null;
  /** Whether the digest is that of the payload alone, or of what the signature covers. */
  readonly covers: "payload" | "signed";
}

/** The subject of a comparison. */
export interface Logged {
  readonly bundle: Bundle;
  readonly artifact: ArtifactDigests | null;
  /** SubjectPublicKeyInfo of the signer. */
  readonly spki: Uint8Array;
}

/** Compares the body of `entry` with the bundle. */
export async function checkBody(entry: LoggedEntry, logged: Logged): Promise<Check> {
  const { kind, version } = entry;
  const json = parseJson(entry.body);
  if (!json.ok) return reportFailure("entry", "the body of the log entry is not JSON");
  if (member(json.value, "kind") !== kind || member(json.value, "apiVersion") !== version) {
    return reportFailure(
      "entry",
      `the body of the log entry is not of kind ${quote(`${kind} ${version}`)}, as the bundle says`,
    );
  }
  const read = READERS.get(`${kind} ${version}`);
  if (read === undefined)
    return reportUnchecked("entry", `entries of kind ${quote(`${kind} ${version}`)} are not supported`);
  const recorded = read(member(json.value, "spec"));
  const isForContent = (logged.bundle.content.kind === "envelope") === (kind !== "hashedrekord");
  // Rekor v2 logs an envelope as hashedrekord over what its signature covers.
  const isEnvelopeByDigest = kind === "hashedrekord" && logged.bundle.content.kind === "envelope";
  if (!isForContent && !isEnvelopeByDigest)
    return reportFailure("entry", `an entry of kind ${kind} does not record a signature over a file`);
  const problem = await compareRecorded(recorded, logged);
  return typeof problem === "string"
    ? reportFailure("entry", problem)
    : (problem ?? reportPass("entry", `the ${kind} entry records this signature, this key and this digest`));
}

async function compareRecorded(recorded: Recorded, { bundle, artifact, spki }: Logged): Promise<string | Check | null> {
  const { content } = bundle;
  const { signature, verifier, digest, hash, covers } = recorded;
  if (signature === null || !equal(signature, content.signature)) {
    return "the log entry records another signature than that of the bundle";
  }
  if (verifier === null || !isSigner(verifier, bundle, spki)) {
    return "the log entry records another certificate or key than that of the bundle";
  }
  if (digest === null || hash === null) return "the log entry records no digest that can be compared";
  const expected =
    covers === "payload" && content.kind === "envelope"
      ? await hashMessage(hash, content.payload)
      : await computeSignedDigest(bundle, hash, artifact);
  if (expected === null) return reportUnchecked("entry", `the ${hash} digest of the artifact is not known`);
  return equal(digest, expected) ? null : "the log entry records another digest than that of what was signed";
}

/** Whether these bytes, DER or PEM, are the certificate of the bundle, or the key of the signer. */
function isSigner(bytes: Uint8Array, { material }: Bundle, spki: Uint8Array): boolean {
  const der = decodeVerifier(bytes);
  if (der === null) return false;
  if (material.kind === "certificates" && equal(der, material.ders[0])) return true;
  return material.kind === "key" && equal(der, spki) && !parseCertificate(der).ok;
}

function decodeVerifier(bytes: Uint8Array): Uint8Array | null {
  if (bytes[0] === 0x30) return bytes;
  const text = decodeUtf8(bytes);
  const blocks = text.ok ? decodePem(text.value) : text;
  const [first, ...more] = blocks.ok ? blocks.value : [];
  return first === undefined || more.length > 0 ? null : first.der;
}

/** How to read the spec of each kind and version. */
const READERS: ReadonlyMap<string, (spec: unknown) => Recorded> = new Map([
  ["hashedrekord 0.0.1", readHashedRekord1],
  ["hashedrekord 0.0.2", readHashedRekord2],
  ["dsse 0.0.1", readDsse1],
  ["dsse 0.0.2", readDsse2],
  ["intoto 0.0.2", readIntoto2],
]);

function readHashedRekord1(spec: unknown): Recorded {
  const signature = member(spec, "signature");
  const data = member(member(spec, "data"), "hash");
  return {
    signature: base64Of(member(signature, "content")),
    verifier: base64Of(member(member(signature, "publicKey"), "content")),
    ...hexDigestOf(data),
    covers: "signed",
  };
}

function readHashedRekord2(spec: unknown): Recorded {
  const record = member(spec, "hashedRekordV002");
  const signature = member(record, "signature");
  return {
    signature: base64Of(member(signature, "content")),
    verifier: verifierOf(member(signature, "verifier")),
    ...digestOf(member(record, "data")),
    covers: "signed",
  };
}

function readDsse1(spec: unknown): Recorded {
  const signature = takeOnlyItem(spec, "signatures");
  return {
    signature: base64Of(member(signature, "signature")),
    verifier: base64Of(member(signature, "verifier")),
    ...hexDigestOf(member(spec, "payloadHash")),
    covers: "payload",
  };
}

function readDsse2(spec: unknown): Recorded {
  const record = member(spec, "dsseV002");
  const signature = takeOnlyItem(record, "signatures");
  return {
    signature: base64Of(member(signature, "content")),
    verifier: verifierOf(member(signature, "verifier")),
    ...digestOf(member(record, "payloadHash")),
    covers: "payload",
  };
}

/** The entry has the signature in base64 of base64. */
function readIntoto2(spec: unknown): Recorded {
  const content = member(spec, "content");
  const signature = takeOnlyItem(member(content, "envelope"), "signatures");
  const inner = decodeUtf8(base64Of(member(signature, "sig")) ?? NOTHING);
  return {
    signature: inner.ok ? base64Of(inner.value) : null,
    verifier: base64Of(member(signature, "publicKey")),
    ...hexDigestOf(member(content, "payloadHash")),
    covers: "payload",
  };
}

const NOTHING = new Uint8Array(0);

/** The item of a list that has exactly one: of several signatures only one could be compared. */
function takeOnlyItem(value: unknown, name: string): unknown {
  const list = items(value, name);
  return list.length === 1 ? list[0] : undefined;
}

function base64Of(value: unknown): Uint8Array | null {
  const bytes = typeof value === "string" ? decodeBase64(value) : null;
  return bytes?.ok === true ? bytes.value : null;
}

function verifierOf(value: unknown): Uint8Array | null {
  const certificate = member(member(value, "x509Certificate"), "rawBytes");
  const bytes = certificate ?? member(member(value, "publicKey"), "rawBytes");
  const decoded = typeof bytes === "string" ? decodeProtoBase64(bytes) : null;
  return decoded?.ok === true ? decoded.value : null;
}

type Digest = Pick<Recorded, "digest" | "hash">;

function hexDigestOf(value: unknown): Digest {
  const hex = member(value, "value");
  const digest = typeof hex === "string" ? decodeHex(hex) : null;
  return { digest: digest?.ok === true ? digest.value : null, hash: hashNamed(member(value, "algorithm")) };
}

const digestOf = (value: unknown): Digest => ({
  digest: base64Of(member(value, "digest")),
  hash: hashNamed(member(value, "algorithm")),
});

function hashNamed(name: unknown): HashAlgorithm | null {
  const known = Object.keys(HASHES) as HashAlgorithm[];
  return known.find((hash) => HASHES[hash].short === name || HASHES[hash].proto === name) ?? null;
}
