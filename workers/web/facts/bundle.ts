// SPDX-License-Identifier: Apache-2.0
// A signature in the form of a Sigstore bundle. The log does not have the timestamp over the signature, which clients
// ask for: only the signer's own bundle has it.
// Spec: https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto

import { encodeBase64 } from "../../../shared/bytes/base64.ts";
import { HASHES } from "../../../shared/crypto/hash.ts";
import { SIGNATURE_SCHEMES } from "../../../shared/crypto/key-details.ts";
import { type LoggedEntry, transparencyLogEntryOf } from "../../../shared/logs/logged-entry.ts";
import type { SignatureFacts } from "./entry.ts";

/** The bundle of a signature over bytes. An attestation has none here: the log does not have its statement. */
export function bundleJson(logged: LoggedEntry, { entry, holder, keyFingerprint }: SignatureFacts): object {
  const { digest, signature, verifier } = entry;
  const material =
    holder === null
      ? { publicKey: { hint: keyFingerprint } }
      : { certificate: { rawBytes: encodeBase64(verifier.rawBytes) } };
  return {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      ...material,
      tlogEntries: [transparencyLogEntryOf(logged)],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    messageSignature: {
      messageDigest: {
        algorithm: HASHES[SIGNATURE_SCHEMES[verifier.keyDetails].hash].proto,
        digest: encodeBase64(digest),
      },
      signature: encodeBase64(signature),
    },
  };
}
