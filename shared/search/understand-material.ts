// SPDX-License-Identifier: Apache-2.0
// Recognizes pasted material: keys and certificates in PEM or DER, signatures in base64, and bundles as JSON.

import { decodeProtoBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { readAttestationHints } from "../rekor/dsse.ts";
import {
  decodeText,
  MIN_SIGNATURE_BYTES,
  parseCertificateText,
  parsePublicKeyText,
  parseSignatureText,
} from "./fingerprints.ts";
import { meansNothing, meansSearch, type Recognizer, type Understanding } from "./understanding.ts";

/** A PEM block, alone or with text around it. */
export const recognizePem: Recognizer = (text) => {
  if (!text.includes("-----BEGIN ")) return [];
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    const advice = "Never paste a private key: it is known to others from now on. Search by its public key instead.";
    return [meansNothing("a private key", advice)];
  }
  const pem = text.slice(text.indexOf("-----BEGIN "));
  const found = recognizeDer(pem);
  return found.length > 0 ? found : [meansNothing("PEM of something else", "Paste a certificate or a public key.")];
};

function recognizeDer(text: string): readonly Understanding[] {
  const key = parsePublicKeyText(text);
  if (key === null) return [];
  const certificate = parseCertificateText(text);
  if (certificate === null) return [meansSearch("a public key", { publicKey: key })];
  return [
    // The certificate log may hold its precertificate, which has the same key and another fingerprint.
    meansSearch("a certificate, by its key", { publicKey: key }),
    meansSearch("a certificate, by its fingerprint", { certificate }),
  ];
}

const BASE64 = /^[A-Za-z0-9+/_\-\r\n]+={0,2}$/;
/** Bytes → the digest that has as many. */
const DIGESTS: Readonly<Record<number, readonly [what: string, name: string]>> = {
  32: ["a SHA-256 digest in base64", "sha256"],
  48: ["a SHA-384 digest in base64", "sha384"],
  64: ["a SHA-512 digest in base64", "sha512"],
};

/** DER, a signature or a bare digest in base64. */
export const recognizeBase64: Recognizer = (text) => {
  const bytes = BASE64.test(text) ? decodeProtoBase64(text) : null;
  if (bytes?.ok !== true) return [];
  const material = decodeText(text) === null ? [] : recognizeDer(text);
  if (material.length > 0) return material;
  const [what, name] = DIGESTS[bytes.value.length] ?? [];
  const digest = what === undefined ? [] : [meansSearch(what, { digest: `${name ?? ""}:${encodeHex(bytes.value)}` })];
  const signature = bytes.value.length < MIN_SIGNATURE_BYTES ? [] : recognizeSignature(text);
  return [...digest, ...signature];
};

function recognizeSignature(base64: unknown, what = "a signature"): readonly Understanding[] {
  const hash = typeof base64 === "string" ? parseSignatureText(base64) : null;
  return hash === null ? [] : [meansSearch(what, { signature: `sha256:${hash}` })];
}

/** A Sigstore bundle, one of cosign's older kind, or a DSSE envelope. */
export const recognizeBundle: Recognizer = (text) => {
  if (!text.startsWith("{")) return [];
  const json = parseJson(encodeUtf8(text));
  if (!json.ok) return [meansNothing("JSON that is not complete", "Paste the whole bundle, or drop the file.")];
  const bundle = json.value;
  const envelope = member(bundle, "dsseEnvelope") ?? bundle;
  const message = member(bundle, "messageSignature");
  const meanings = [
    ...recognizeSignature(member(message, "signature") ?? member(bundle, "base64Signature"), "a bundle: its signature"),
    ...recognizeSignature(member(firstOf(member(envelope, "signatures")), "sig"), "a bundle: its signature"),
    ...recognizeMessageDigest(member(message, "messageDigest")),
    ...recognizeSubjects(envelope),
  ];
  return meanings.length > 0
    ? meanings
    : [meansNothing("JSON of something else", "Paste a Sigstore bundle or a DSSE envelope.")];
};

const firstOf = (list: unknown): unknown => (Array.isArray(list) ? (list as readonly unknown[])[0] : null);

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["SHA2_256", "sha256"],
  ["SHA2_384", "sha384"],
  ["SHA2_512", "sha512"],
]);

function recognizeMessageDigest(digest: unknown): readonly Understanding[] {
  const algorithm = ALGORITHMS.get(String(member(digest, "algorithm")));
  const bytes = decodeMember(digest, "digest");
  if (algorithm === undefined || bytes === null) return [];
  return [meansSearch("a bundle: the digest of its artifact", { digest: `${algorithm}:${encodeHex(bytes)}` })];
}

function recognizeSubjects(envelope: unknown): readonly Understanding[] {
  const payload = decodeMember(envelope, "payload");
  const type = member(envelope, "payloadType");
  if (payload === null || typeof type !== "string") return [];
  const [digest] = readAttestationHints(type, payload).subjectDigests;
  return digest === undefined ? [] : [meansSearch("a bundle: the first subject that it attests", { digest })];
}

function decodeMember(json: unknown, name: string): Uint8Array | null {
  const text = member(json, name);
  const bytes = typeof text === "string" ? decodeProtoBase64(text) : null;
  return bytes?.ok === true ? bytes.value : null;
}
