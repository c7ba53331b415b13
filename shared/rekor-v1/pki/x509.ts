// SPDX-License-Identifier: Apache-2.0
// The format x509: a key or a certificate in PEM, and a signature as openssl prints it.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/pki/x509/x509.go

import type { PublicKey } from "../../crypto/public-key.ts";
import { verifyMessage } from "../../crypto/verify-message.ts";
import { ok, type Result } from "../../result.ts";
import { type EntryProblem, rejectEntry } from "../problem.ts";
import { parseVerifier, type Verifier } from "../verifier.ts";
import type { DetachedSignature, PkiFormat } from "./format.ts";

export const X509: PkiFormat = { parseKey: parseVerifier, parseSignature };

function parseSignature(content: Uint8Array, { key }: Verifier): Result<DetachedSignature, EntryProblem> {
  // Whatever the key, the reference verifies with SHA-256, and with pure Ed25519.
  const verify = async (data: Uint8Array): Promise<Result<null, EntryProblem>> =>
    (await verifyMessage(key, "SHA-256", data, content))
      ? ok(null)
      : rejectEntry(describeBadSignature(key, "the data with SHA-256"));
  return ok({ canonical: content, verify });
}

/** Why a signature is rejected. @param signed what it should cover */
export const describeBadSignature = ({ kind }: PublicKey, signed: string): string =>
  kind.startsWith("ecdsa")
    ? "invalid signature when validating ASN.1 encoded signature"
    : `it is not that of the key over ${signed}`;
