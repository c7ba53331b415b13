// SPDX-License-Identifier: Apache-2.0
// Signed notes and Ed25519 verifier keys, from their specifications and node:crypto, without the code under test.
// Spec: https://c2sp.org/signed-note, https://c2sp.org/tlog-cosignature

import { createHash, createPrivateKey, createPublicKey, verify } from "node:crypto";

const ED25519 = 1;
const COSIGNATURE = 4;
/** The SubjectPublicKeyInfo of an Ed25519 key is this prefix and 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

interface NoteLine {
  readonly name: string;
  /** Hex. */
  readonly keyId: string;
  readonly signature: Buffer;
}

export interface SignedNote {
  readonly text: string;
  readonly lines: readonly NoteLine[];
}

export function readNote(note: string): SignedNote {
  const end = note.lastIndexOf("\n\n");
  const lines = note.slice(end + 2, -1).split("\n");
  return {
    text: note.slice(0, end + 1),
    lines: lines.map((line) => {
      const [, name = "", encoded = ""] = line.split(" ");
      const bytes = Buffer.from(encoded, "base64");
      return { name, keyId: bytes.subarray(0, 4).toString("hex"), signature: bytes.subarray(4) };
    }),
  };
}

/** The verifier key of a log's own Ed25519 line (type 01); `privateKey` is PKCS#8 PEM. */
export const logVkey = (name: string, privateKey: string): string => vkeyOf(name, ED25519, rawPublicKey(privateKey));

/** The verifier key of a witness (type 04); `publicKey` is 32 bytes. */
export const witnessVkey = (name: string, publicKey: Uint8Array): string => vkeyOf(name, COSIGNATURE, publicKey);

function rawPublicKey(privateKey: string): Buffer {
  const spki = createPublicKey(createPrivateKey(privateKey)).export({ format: "der", type: "spki" });
  return spki.subarray(SPKI_PREFIX.length);
}

/** `<name>+<first 4 bytes of SHA-256(name ‖ 0A ‖ type ‖ key)>+<base64(type ‖ key)>` */
function vkeyOf(name: string, type: number, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(type), publicKey]);
  const id = createHash("sha256").update(`${name}\n`).update(key).digest().subarray(0, 4);
  return `${name}+${id.toString("hex")}+${key.toString("base64")}`;
}

/** True if a note has a valid line by this key; for a witness's key, the time of its line in seconds. */
export function verifyNote(note: string, vkey: string): boolean | number {
  const { text, lines } = readNote(note);
  const [name, keyId, ...encoded] = vkey.split("+");
  const key = Buffer.from(encoded.join("+"), "base64");
  const line = lines.find((candidate) => candidate.name === name && candidate.keyId === keyId);
  if (line === undefined) return false;
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, key.subarray(1)]),
    format: "der",
    type: "spki",
  });
  if (key[0] === ED25519) return verify(null, Buffer.from(text), publicKey, line.signature);
  const seconds = Number(line.signature.readBigUInt64BE());
  const message = Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
  return verify(null, message, publicKey, line.signature.subarray(8)) && seconds;
}
