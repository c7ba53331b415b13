// SPDX-License-Identifier: Apache-2.0
// ML-DSA-44 where node:crypto has it: Node 24.6 and newer. Never for workerd, whose node:crypto takes such a key and
// then signs nothing, without an error. Spec: FIPS 204 §5.3; RFC 9881 §4

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { mlDsa44Spki } from "../spki.ts";

/** Whether this runtime can verify at all. */
export const canVerifyMlDsa44 = (): boolean => importKey(new Uint8Array(1312)) !== null;

/** Whether a pure signature with an empty context is that of the key, 1,312 bytes. */
export async function verifyMlDsa44(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = importKey(publicKey);
  return await Promise.resolve(key !== null && verify(null, message, key, signature));
}

function importKey(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(mlDsa44Spki(publicKey)), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
