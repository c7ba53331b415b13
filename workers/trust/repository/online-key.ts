// SPDX-License-Identifier: Apache-2.0
// The online key of the repository: signs snapshots and timestamps, synchronously, so that nothing can come between deciding a version and
// writing down what was signed under it.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { err, ok, type Result } from "../../../shared/result.ts";
import { keyIdOf, tufKey } from "../../../shared/tuf/key.ts";
import type { TufSigner } from "../../../shared/tuf/signing.ts";

/** Reads a PKCS#8 PEM with a P-256 key; the error completes "TUF_KEY …". */
export function parseOnlineKey(pem: string): Result<TufSigner, string> {
  const privateKey = privateKeyOf(pem);
  const spki = privateKey === null ? null : createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const key = spki === null ? null : tufKey(new Uint8Array(spki));
  if (privateKey === null || key === null || !key.ok) return err("is not a P-256 private key in PKCS#8 PEM");
  return ok({
    keyId: keyIdOf(key.value),
    sign: (message) => new Uint8Array(sign("sha256", message, privateKey)),
  });
}

function privateKeyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
