// SPDX-License-Identifier: Apache-2.0
// Signers for a simulation: a hash instead of a signature, so that runs repeat to the byte, cost little, and a
// signature is checked by making it again. Other tests show that real signatures verify.

import { createHash } from "node:crypto";
import { equal } from "../../shared/bytes/bytes.ts";
import type { Ed25519Signer } from "../../shared/crypto/signer.ts";
import type { LogSigner } from "../../workers/sequencer/kinds/log-keys.ts";

const digest = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

const SPKI = new Uint8Array(91).fill(7);

/** Stands for an ECDSA key. */
export const simulatedEcdsa: LogSigner = {
  kind: "ecdsa-p256",
  spki: SPKI,
  logId: digest(SPKI),
  sign: (message) => digest(Uint8Array.of(1), message),
  verify: (message, signature) => equal(signature, digest(Uint8Array.of(1), message)),
};

/** Stands for an Ed25519 key. */
export const simulatedEd25519: Ed25519Signer = {
  kind: "ed25519",
  publicKey: new Uint8Array(32).fill(9),
  sign: (message) => new Uint8Array(Buffer.concat([digest(Uint8Array.of(2), message), new Uint8Array(32)])),
};
