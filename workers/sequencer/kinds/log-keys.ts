// SPDX-License-Identifier: Apache-2.0
// The keys of a log, behind functions. Signing is synchronous, so that a round needs no await.

import { parseP256Signer } from "#private-key";
import { sha256 } from "#sha256";
import type { EcdsaSigner, Ed25519Signer } from "../../../shared/crypto/signer.ts";
import { ok, type Result } from "../../../shared/result.ts";

/** A P-256 key that signs with SHA-256. */
export interface LogSigner extends EcdsaSigner {
  /** SHA-256 of `spki`. */
  readonly logId: Uint8Array;
}

/** The keys of one log. */
export interface LogKeys {
  readonly ecdsa: LogSigner;
  /** Null in a log of a kind without one. */
  readonly ed25519: Ed25519Signer | null;
}

/** Parses a P-256 private key in PKCS#8 PEM. The error completes "<setting> …". */
export function parseLogSigner(pem: string): Result<LogSigner, string> {
  const signer = parseP256Signer(pem);
  return signer.ok ? ok({ ...signer.value, logId: sha256(signer.value.spki) }) : signer;
}
