// SPDX-License-Identifier: Apache-2.0
// Verifier keys: `<name>+<hex key id>+<base64(type ‖ key)>`. note.ts formats them.
// Spec: https://c2sp.org/signed-note#verifier-keys

import { sha256 } from "#sha256";
import { decodeBase64 } from "../bytes/base64.ts";
import { equal } from "../bytes/bytes.ts";
import { decodeHex } from "../bytes/hex.ts";
import { err, ok, type Result } from "../result.ts";
import { ML_DSA_44_KEY_BYTES } from "./ml-dsa-cosignature.ts";
import {
  ecdsaKeyId,
  ed25519CosignatureKeyId,
  ed25519KeyId,
  mlDsa44KeyId,
  NOTE_COSIGNATURE,
  NOTE_ECDSA,
  NOTE_ED25519,
  NOTE_ML_DSA_44,
  NOTE_RFC6962,
  rfc6962KeyId,
} from "./note.ts";

/** The signature types (c2sp.org/signed-note#signature-types) whose key ids can be recomputed. */
export type VkeyType =
  | typeof NOTE_ED25519
  | typeof NOTE_ECDSA
  | typeof NOTE_COSIGNATURE
  | typeof NOTE_RFC6962
  | typeof NOTE_ML_DSA_44;

export interface Vkey {
  /** Name on the signature lines. For a log it is the origin. */
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly type: VkeyType;
  /** A 32-byte Ed25519 key, a 1,312-byte ML-DSA-44 key, or a SubjectPublicKeyInfo in DER (types 02 and 05). */
  readonly key: Uint8Array;
}

export interface VkeyError {
  /**
   * vkey_invalid: malformed. vkey_type_unknown: another signature type. vkey_id_wrong: the id does not match name and
   * key.
   */
  readonly code: "vkey_invalid" | "vkey_type_unknown" | "vkey_id_wrong";
}

/** The types whose keys have one size. */
const KEY_BYTES: Readonly<Partial<Record<VkeyType, number>>> = {
  [NOTE_ED25519]: 32,
  [NOTE_COSIGNATURE]: 32,
  [NOTE_ML_DSA_44]: ML_DSA_44_KEY_BYTES,
};

const KEY_IDS: Readonly<Record<VkeyType, (name: string, key: Uint8Array) => Uint8Array>> = {
  [NOTE_ED25519]: ed25519KeyId,
  [NOTE_ECDSA]: (_, spki) => ecdsaKeyId(spki),
  [NOTE_COSIGNATURE]: ed25519CosignatureKeyId,
  [NOTE_RFC6962]: (name, spki) => rfc6962KeyId(name, sha256(spki)),
  [NOTE_ML_DSA_44]: mlDsa44KeyId,
};

const isVkeyType = (type: number): type is VkeyType => Object.hasOwn(KEY_IDS, type);

/** Computes the key id of a key of this type and name. */
export const vkeyId = (type: VkeyType, name: string, key: Uint8Array): Uint8Array => KEY_IDS[type](name, key);

/** Parses a verifier key. Checks the length of the key but does not decode it. Fails with a VkeyError. */
export function parseVkey(text: string): Result<Vkey, VkeyError> {
  // A name has neither white space nor a plus sign; base64 may have plus signs.
  const [, name = "", id = "", base64 = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text) ?? [];
  const keyId = decodeHex(id);
  const bytes = decodeBase64(base64);
  if (name === "" || !keyId.ok || !bytes.ok) return err({ code: "vkey_invalid" });
  const [type = 0] = bytes.value;
  const key = bytes.value.subarray(1);
  if (!isVkeyType(type)) return err({ code: "vkey_type_unknown" });
  if (key.length === 0 || key.length !== (KEY_BYTES[type] ?? key.length)) return err({ code: "vkey_invalid" });
  return equal(keyId.value, vkeyId(type, name, key))
    ? ok({ name, keyId: keyId.value, type, key })
    : err({ code: "vkey_id_wrong" });
}
