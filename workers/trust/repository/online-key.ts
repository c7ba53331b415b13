// SPDX-License-Identifier: Apache-2.0
// The online key of the repository, which signs snapshots and timestamps. Signing is synchronous, so that nothing
// happens between choosing a version and storing what was signed under it.

import { parseP256Signer } from "#private-key";
import { err, ok, type Result } from "../../../shared/result.ts";
import { keyIdOf, tufKey } from "../../../shared/tuf/key.ts";
import type { TufSigner } from "../../../shared/tuf/signing.ts";

/** Parses TUF_KEY: a P-256 key in PEM. The error completes "TUF_KEY …". */
export function parseOnlineKey(pem: string): Result<TufSigner, string> {
  const signer = parseP256Signer(pem);
  if (!signer.ok) return signer;
  const key = tufKey(signer.value.spki);
  return key.ok ? ok({ keyId: keyIdOf(key.value), sign: signer.value.sign }) : err(key.error.code);
}
