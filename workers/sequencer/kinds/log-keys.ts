// SPDX-License-Identifier: Apache-2.0
// The keys of a log, behind functions: signing is synchronous, so that a round has no await.

import { parseP256Signer } from "#private-key";
import { sha256 } from "#sha256";
import type { EcdsaSigner, Ed25519Signer } from "../../../shared/crypto/signer.ts";
import { ok, type Result } from "../../../shared/result.ts";

/** ECDSA P-256 with SHA-256. */
export interface LogSigner extends EcdsaSigner {
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
}

/** The keys a log signs with: a signature log has both, a certificate log has no Ed25519 key. */
export interface LogKeys {
  readonly ecdsa: LogSigner;
  readonly ed25519: Ed25519Signer | null;
}

/** Reads a P-256 key from PEM. The error completes "<setting> …". */
export function parseLogSigner(pem: string): Result<LogSigner, string> {
  const signer = parseP256Signer(pem);
  return signer.ok ? ok({ ...signer.value, logId: sha256(signer.value.spki) }) : signer;
}
