// SPDX-License-Identifier: Apache-2.0
// Witness cosignatures of type 04: timestamped Ed25519 signatures over a checkpoint. Sends no requests.
// Spec: https://c2sp.org/tlog-cosignature

import { decodeBase64 } from "../bytes/base64.ts";
import { concat, equal } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodeBytes } from "../bytes/reader.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { uint } from "../bytes/writer.ts";
import { err, ok, type Result } from "../result.ts";
import { ed25519CosignatureKeyId, NOTE_COSIGNATURE, type NoteSignature } from "./note.ts";

export interface CosignatureKey {
  /** Key name, as on the signature line. */
  readonly name: string;
  readonly keyId: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

export interface CosignatureError {
  readonly code: "cosignature_vkey_invalid" | "cosignature_malformed" | "cosignature_wrong";
}

/** Parses `<name>+<hex key id>+<base64(04 ‖ key)>`. Fails with cosignature_vkey_invalid. */
export function parseCosignatureVkey(vkey: string): Result<CosignatureKey, CosignatureError> {
  const fail = err({ code: "cosignature_vkey_invalid" } as const);
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(vkey);
  const key = decodeBase64(match?.[3] ?? "");
  if (match === null || !key.ok || key.value.length !== 33 || key.value[0] !== NOTE_COSIGNATURE) return fail;
  const [, name = "", hint] = match;
  const publicKey = key.value.subarray(1);
  const keyId = ed25519CosignatureKeyId(name, publicKey);
  return encodeHex(keyId) === hint ? ok({ name, keyId, publicKey }) : fail;
}

/** The signed message: a header, the time in seconds, and the complete checkpoint text with its extension lines. */
const messageToCosign = (seconds: number, checkpointText: string): Uint8Array =>
  encodeUtf8(`cosignature/v1\ntime ${seconds}\n${checkpointText}`);

/**
 * Makes the signature line of `key` over a checkpoint text: the time in seconds (8 bytes) and the signature.
 * @param seconds at least 1; only subtree signatures may have 0
 * @param sign returns the 64 bytes of an Ed25519 signature by the private key
 */
export function cosign(
  { name, keyId }: CosignatureKey,
  { seconds, checkpointText }: { readonly seconds: number; readonly checkpointText: string },
  sign: (message: Uint8Array) => Uint8Array,
): NoteSignature {
  if (seconds <= 0) throw new RangeError("a cosignature without a time");
  return { name, keyId, signature: concat(uint(seconds, 8), sign(messageToCosign(seconds, checkpointText))) };
}

/** Verifies a strict Ed25519 signature over a message (RFC 8032). The platform provides it. */
export type Ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** Whether `line` has the name and key id of `key`. */
export const isLineOf = (key: CosignatureKey, line: NoteSignature): boolean =>
  line.name === key.name && equal(line.keyId, key.keyId);

/**
 * Verifies a line of `key` over a checkpoint text and returns the witness's time in seconds. Fails with
 * cosignature_malformed (not 72 bytes, or a time of 0, which only subtree signatures may have) or cosignature_wrong.
 */
export async function verifyCosignature(
  key: CosignatureKey,
  line: NoteSignature,
  checkpointText: string,
  verify: Ed25519Verify,
): Promise<Result<number, CosignatureError>> {
  const parts = decodeBytes(line.signature, (reader) => ({ seconds: reader.uint(8), signature: reader.bytes(64) }));
  if (!parts.ok || parts.value.seconds === 0) return err({ code: "cosignature_malformed" });
  const { seconds, signature } = parts.value;
  const isRight = await verify(key.publicKey, messageToCosign(seconds, checkpointText), signature);
  return isRight ? ok(seconds) : err({ code: "cosignature_wrong" });
}
