// SPDX-License-Identifier: Apache-2.0
// The signature of a certificate log on its checkpoint: a note signature of type 05, which is an RFC 6962 tree head
// signature.
// Spec: https://c2sp.org/static-ct-api#checkpoints; RFC 6962 §3.5

import { decodeBytes } from "../bytes/reader.ts";
import { parsePublicKey } from "../crypto/public-key.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { err, ok, type Result } from "../result.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { parseCheckpoint } from "../tlog/checkpoint.ts";
import { NOTE_RFC6962 } from "../tlog/note.ts";
import { type NoteVerifier, noteVerifier } from "../tlog/verify-note.ts";
import type { Vkey, VkeyError } from "../tlog/vkey.ts";
import { treeHeadSignedData } from "./sct.ts";

export interface TreeHeadSignature {
  /** When the log signed. No entry is newer. */
  readonly timestamp: UnixMs;
  /** SignatureAndHashAlgorithm (RFC 5246 §7.4.1.4.1). */
  readonly algorithm: number;
  readonly signature: Uint8Array;
}

/** SHA-256 with ECDSA or RSA PKCS#1 v1.5, the only two that RFC 6962 §2.1.4 allows. */
const SHA256_ECDSA = 0x0403;
const SHA256_RSA = 0x0401;

/** Decodes struct { uint64 timestamp; digitally-signed …; }, the bytes after the key id. Null if malformed. */
export function decodeTreeHeadSignature(bytes: Uint8Array): TreeHeadSignature | null {
  const decoded = decodeBytes(bytes, (reader) => ({
    timestamp: unixMs(reader.uint(8)),
    algorithm: reader.uint(2),
    signature: reader.vector(2),
  }));
  return decoded.ok ? decoded.value : null;
}

/**
 * Makes the verifier of a key of type 05. Fails with vkey_type_unknown, or with vkey_invalid if the key is unsuitable.
 */
export function treeHeadVerifier(vkey: Vkey): Result<NoteVerifier, VkeyError> {
  if (vkey.type !== NOTE_RFC6962) return err({ code: "vkey_type_unknown" });
  const key = parsePublicKey(vkey.key);
  if (!key.ok || key.value.kind === "ed25519") return err({ code: "vkey_invalid" });
  const { value } = key;
  const algorithm = value.kind.startsWith("ecdsa") ? SHA256_ECDSA : SHA256_RSA;
  return ok({
    vkey,
    verify: async ({ text }, bytes) => {
      const head = parseCheckpoint(text);
      const signed = decodeTreeHeadSignature(bytes);
      if (!head.ok || signed === null || signed.algorithm !== algorithm) return false;
      const { treeSize, rootHash } = head.value;
      const message = treeHeadSignedData(signed.timestamp, treeSize, rootHash);
      return verifyMessage(value, "SHA-256", message, signed.signature);
    },
  });
}

/** Makes the verifier of a key of any type that signs checkpoints. Fails with vkey_type_unknown or vkey_invalid. */
export const checkpointVerifier = (vkey: Vkey): Result<NoteVerifier, VkeyError> =>
  vkey.type === NOTE_RFC6962 ? treeHeadVerifier(vkey) : noteVerifier(vkey);
