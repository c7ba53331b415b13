// SPDX-License-Identifier: Apache-2.0
// The format ssh: a public key as in authorized_keys, and a signature of `ssh-keygen -Y sign -n file`. The comment of a
// key is not logged. No certificate and no security key, whose formats sign other bytes.
// Spec: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig; RFC 4251 §5; RFC 4253 §6.6;
// RFC 5656 §3.1; RFC 8332 §3; RFC 8709 §4; https://github.com/sigstore/rekor/blob/main/pkg/pki/ssh

import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { concat, equal } from "../../bytes/bytes.ts";
import { decodePem, encodePem } from "../../bytes/pem.ts";
import { type ByteReader, decodeBytes } from "../../bytes/reader.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes/utf8.ts";
import { uint } from "../../bytes/writer.ts";
import { type HashAlgorithm, hashMessage } from "../../crypto/hash.ts";
import { type KeyKind, parsePublicKey } from "../../crypto/public-key.ts";
import { ecdsaSpki, ed25519Spki, rsaSpki } from "../../crypto/spki.ts";
import { verifyMessage } from "../../crypto/verify-message.ts";
import { integer, sequence } from "../../der/writer.ts";
import { ok, type Result } from "../../result.ts";
import { type EntryProblem, rejectEntry } from "../problem.ts";
import type { Verifier } from "../verifier.ts";
import { type DetachedSignature, type PkiFormat, textOfKey } from "./format.ts";

export const SSH: PkiFormat = { parseKey, parseSignature };

/** An RSA key of 4096 bits has 800 bytes, its signature with armor 1,800. */
const MAX_TEXT_BYTES = 16 * 1024;
const MAGIC = "SSHSIG";
const LABEL = "SSH SIGNATURE";
/** The namespace for which ssh-keygen signs files. */
const NAMESPACE = "file";
const HASH_NAME = "sha512";

/** The type of a key → how its SPKI is made of what follows the type. */
const KEY_TYPES: Readonly<Record<string, (reader: ByteReader) => Uint8Array | null>> = {
  "ssh-ed25519": (reader) => ed25519Spki(readString(reader)),
  "ecdsa-sha2-nistp256": (reader) => readCurve(reader, "nistp256", "ecdsa-p256"),
  "ecdsa-sha2-nistp384": (reader) => readCurve(reader, "nistp384", "ecdsa-p384"),
  "ecdsa-sha2-nistp521": (reader) => readCurve(reader, "nistp521", "ecdsa-p521"),
  "ssh-rsa": (reader) => {
    const [exponent, modulus] = [readMpint(reader), readMpint(reader)];
    return exponent === null || modulus === null ? null : rsaSpki(sequence(integer(modulus), integer(exponent)));
  },
};

const readCurve = (reader: ByteReader, curve: string, kind: "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521") =>
  readText(reader) === curve ? ecdsaSpki(kind, readString(reader)) : null;

/** Parses one line: type, base64 and a comment, without options before them. Other lines may be comments or blank. */
function parseKey(content: Uint8Array): Result<Verifier, EntryProblem> {
  const text = content.length > MAX_TEXT_BYTES ? null : decodeUtf8(content);
  const lines = text?.ok === true ? text.value.split(/\r?\n/).filter((line) => !/^[ \t]*(?:#|$)/.test(line)) : [];
  const [, type = "", base64 = ""] = /^[ \t]*([a-z0-9-]+)[ \t]+([A-Za-z0-9+/=]+)(?:[ \t]|$)/.exec(lines[0] ?? "") ?? [];
  const blob = decodeBase64(base64);
  if (lines.length !== 1 || !Object.hasOwn(KEY_TYPES, type) || !blob.ok) return rejectEntry("ssh: no key found");
  const spki = decodeBytes(blob.value, (reader) => (readText(reader) === type ? KEY_TYPES[type]?.(reader) : null));
  const key = spki.ok && spki.value ? parsePublicKey(spki.value) : null;
  if (key?.ok !== true) return rejectEntry(`ssh: no key found: this is not a key of ${type} that the log takes`);
  const canonical = `${type} ${encodeBase64(blob.value)}\n`;
  return ok({ key: key.value, certificate: null, der: key.value.spki, content: encodeBase64(encodeUtf8(canonical)) });
}

/** The parts of a signature of ssh-keygen. */
interface Wrapped {
  readonly magic: string;
  readonly version: number;
  readonly publicKey: Uint8Array;
  readonly namespace: string;
  readonly reserved: string;
  readonly hashName: string;
  readonly signature: Uint8Array;
}

function parseSignature(content: Uint8Array, verifier: Verifier): Result<DetachedSignature, EntryProblem> {
  const text = content.length > MAX_TEXT_BYTES ? null : decodeUtf8(content);
  // Go takes neither an indented block nor an end within a line.
  const isArmored = text?.ok === true && text.value.startsWith("-----BEGIN ") && text.value.includes("\n-----END ");
  const blocks = isArmored ? decodePem(text.value, 1) : null;
  const [block] = blocks?.ok === true ? blocks.value : [];
  if (block === undefined) return rejectEntry("unable to decode pem file");
  if (block.label !== LABEL) return rejectEntry(`wrong pem block type: ${block.label}. Expected SSH-SIGNATURE`);
  const wrapped = decodeBytes(block.der, readWrapped);
  if (!wrapped.ok) return rejectEntry("ssh: the signature is not one of ssh-keygen");
  const problem = findProblem(wrapped.value, verifier);
  if (problem !== null) return rejectEntry(problem);
  const { value: parts } = wrapped;
  const verify = async (data: Uint8Array): Promise<Result<null, EntryProblem>> =>
    (await isSignedBy(verifier, parts, data)) ? ok(null) : rejectEntry("ssh: signature did not verify");
  return ok({ canonical: encodeUtf8(encodePem(LABEL, block.der)), verify });
}

const readWrapped = (reader: ByteReader): Wrapped => ({
  magic: String.fromCharCode(...reader.bytes(MAGIC.length)),
  version: reader.uint(4),
  publicKey: readString(reader),
  namespace: readText(reader),
  reserved: readText(reader),
  hashName: readText(reader),
  signature: readString(reader),
});

/** The reference verifies with SHA-512 and without the reserved bytes, whatever the signature says. */
function findProblem({ magic, version, ...parts }: Wrapped, verifier: Verifier): string | null {
  if (version !== 1) return `unsupported signature version: ${version}`;
  if (magic !== MAGIC) return `invalid magic header: ${JSON.stringify(magic)}`;
  if (parts.namespace !== NAMESPACE) return `invalid signature namespace: ${quote(parts.namespace)}`;
  if (parts.hashName !== HASH_NAME) return `unsupported hash algorithm: ${quote(parts.hashName)}`;
  if (parts.reserved !== "") return "ssh: the reserved bytes of the signature are not empty";
  return equal(parts.publicKey, blobOf(verifier)) ? null : "ssh: the signature names another key";
}

const MAX_QUOTED_CHARS = 32;
const quote = (text: string): string => text.slice(0, MAX_QUOTED_CHARS);

/** The format of a signature → the kinds of its keys, and its hash. */
const SIGNATURE_FORMATS: Readonly<Record<string, { readonly kind: string; readonly hash: HashAlgorithm }>> = {
  "ssh-ed25519": { kind: "ed25519", hash: "SHA-512" },
  "ecdsa-sha2-nistp256": { kind: "ecdsa-p256", hash: "SHA-256" },
  "ecdsa-sha2-nistp384": { kind: "ecdsa-p384", hash: "SHA-384" },
  "ecdsa-sha2-nistp521": { kind: "ecdsa-p521", hash: "SHA-512" },
  "rsa-sha2-256": { kind: "rsa-", hash: "SHA-256" },
  "rsa-sha2-512": { kind: "rsa-", hash: "SHA-512" },
};

async function isSignedBy({ key }: Verifier, { signature }: Wrapped, data: Uint8Array): Promise<boolean> {
  const read = decodeBytes(signature, (reader) => ({ format: readText(reader), blob: readString(reader) }));
  if (!read.ok || !Object.hasOwn(SIGNATURE_FORMATS, read.value.format)) return false;
  const format = SIGNATURE_FORMATS[read.value.format];
  const bytes = toBytes(key.kind, read.value.blob);
  if (format === undefined || !key.kind.startsWith(format.kind) || bytes === null) return false;
  const digest = await hashMessage("SHA-512", data);
  const fields = [NAMESPACE, "", HASH_NAME].map((text) => string(encodeUtf8(text)));
  const message = concat(encodeUtf8(MAGIC), ...fields, string(digest));
  return await verifyMessage(key, format.hash, message, bytes);
}

/** RFC 5656 §3.1.2: an ECDSA signature is two numbers; verifyMessage takes them in DER. */
function toBytes(kind: KeyKind, blob: Uint8Array): Uint8Array | null {
  if (!kind.startsWith("ecdsa")) return blob;
  const numbers = decodeBytes(blob, (reader) => [readMpint(reader), readMpint(reader)] as const);
  const [r, s] = numbers.ok ? numbers.value : [null, null];
  return r === null || s === null ? null : sequence(integer(r), integer(s));
}

/** The bytes of a key that this file parsed. */
function blobOf(verifier: Verifier): Uint8Array {
  const blob = decodeBase64(textOfKey(verifier).split(/[ \n]/)[1] ?? "");
  if (!blob.ok) throw new TypeError("not a key of ssh");
  return blob.value;
}

const readString = (reader: ByteReader): Uint8Array => reader.bytes(reader.uint(4));
const string = (bytes: Uint8Array): Uint8Array => concat(uint(bytes.length, 4), bytes);

/** Text of these fields is ASCII; other bytes make a text that equals none of ours. */
const readText = (reader: ByteReader): string => new TextDecoder("latin1").decode(readString(reader));

/** RFC 4251 §5: a positive number in its shortest form; null for any other. */
function readMpint(reader: ByteReader): Uint8Array | null {
  const bytes = readString(reader);
  const [first = 0x80, second = 0x80] = bytes;
  return first >= 0x80 || (first === 0 && second < 0x80) ? null : bytes;
}
