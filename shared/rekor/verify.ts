// SPDX-License-Identifier: Apache-2.0
// Turns a request into candidate entries, and verifies one. Checks in the reference's order, cheap checks first, with
// one additional rule: keyDetails must be that of the key, because a client that rebuilds the leaf derives keyDetails
// from the key and would not find an entry with another value.
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md

import { HASHES, type HashAlgorithm, hashMessage } from "../crypto/hash.ts";
import { isKeyDetails, type KeyDetails, keyDetailsOf, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { type PublicKey, type PublicKeyError, parsePublicKey } from "../crypto/public-key.ts";
import { verifyDigest } from "../crypto/verify-digest.ts";
import { err, ok, type Result } from "../result.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { preAuthEncoding } from "./dsse.ts";
import type { HashedRekordEntry, Verifier } from "./entry.ts";
import type { DsseRequest, EntryRequest, HashedRekordRequest, RequestedVerifier } from "./request.ts";

type VerifierError =
  | PublicKeyError
  | { readonly code: "entry_verifier_missing" }
  | { readonly code: "entry_verifier_empty" }
  | { readonly code: "entry_certificate_invalid" }
  /** keyDetails is unknown, or this log does not accept it. */
  | {
      readonly code: "entry_key_details_unsupported";
      readonly keyDetails: string;
      readonly accepted: readonly string[];
    }
  | {
      readonly code: "entry_key_details_mismatch";
      readonly keyDetails: string;
      /** The keyDetails of the key that was sent. */
      readonly expected: string;
    };

export type EntryRequestError =
  | VerifierError
  | { readonly code: "entry_signature_missing" }
  | { readonly code: "entry_digest_missing" }
  | {
      readonly code: "entry_digest_length";
      readonly hash: HashAlgorithm;
      readonly expectedBytes: number;
      readonly actualBytes: number;
    }
  | { readonly code: "entry_envelope_signatures"; readonly count: number }
  | { readonly code: "entry_signature_invalid" };

/** The key that signed, and its certificate: the subject of the write policy. */
export interface Credential {
  readonly key: PublicKey;
  /** Null if the key came bare. */
  readonly certificate: Certificate | null;
}

/** An entry whose signature is not verified yet. */
export interface Candidate {
  readonly entry: HashedRekordEntry;
  readonly credential: Credential;
}

/** The keyDetails that a log accepts. An operator may narrow the set. */
export type AcceptedKeyDetails = ReadonlySet<KeyDetails>;

/**
 * Checks everything but policy and signature. Returns one candidate, or for an envelope one for each verifier in the
 * request. Fails with an EntryRequestError other than entry_signature_invalid.
 */
export async function toCandidates(
  request: EntryRequest,
  accepted: AcceptedKeyDetails,
): Promise<Result<readonly Candidate[], EntryRequestError>> {
  return request.kind === "dsse" ? toEnvelopeEntry(request, accepted) : toDigestEntry(request, accepted);
}

/** Returns the first candidate whose signature verifies. Fails with entry_signature_invalid. */
export function verifyAny<T extends Candidate>(candidates: readonly T[]): Result<T, EntryRequestError> {
  const verified = candidates.find(({ entry: { digest, signature, verifier }, credential }) =>
    verifyDigest(credential.key, SIGNATURE_SCHEMES[verifier.keyDetails].hash, digest, signature),
  );
  return verified === undefined ? err({ code: "entry_signature_invalid" }) : ok(verified);
}

function toDigestEntry(
  request: HashedRekordRequest,
  accepted: AcceptedKeyDetails,
): Result<readonly Candidate[], EntryRequestError> {
  const { digest, signature } = request;
  if (signature.length === 0) return err({ code: "entry_signature_missing" });
  if (request.verifier === null) return err({ code: "entry_verifier_missing" });
  if (digest.length === 0) return err({ code: "entry_digest_missing" });
  const checked = checkVerifier(request.verifier, accepted);
  if (!checked.ok) return checked;
  const { verifier, credential } = checked.value;
  const { hash } = SIGNATURE_SCHEMES[verifier.keyDetails];
  const expectedBytes = HASHES[hash].digestBytes;
  if (digest.length !== expectedBytes) {
    return err({ code: "entry_digest_length", hash, expectedBytes, actualBytes: digest.length });
  }
  return ok([{ entry: { digest, signature, verifier }, credential }]);
}

/**
 * Requires exactly one signature: verifiers check only the first, so further ones would be logged but never verified.
 */
async function toEnvelopeEntry(
  { envelope, verifiers }: DsseRequest,
  accepted: AcceptedKeyDetails,
): Promise<Result<readonly Candidate[], EntryRequestError>> {
  const [signature, ...more] = envelope.signatures;
  if (signature === undefined || more.length > 0) {
    return err({ code: "entry_envelope_signatures", count: envelope.signatures.length });
  }
  if (signature.length === 0) return err({ code: "entry_signature_missing" });
  if (verifiers.length === 0) return err({ code: "entry_verifier_missing" });
  const digestBy = hashOnce(preAuthEncoding(envelope.payloadType, envelope.payload));
  const candidates: Candidate[] = [];
  for (const requested of verifiers) {
    const checked =
      requested === null ? err({ code: "entry_verifier_missing" } as const) : checkVerifier(requested, accepted);
    if (!checked.ok) return checked;
    const { verifier, credential } = checked.value;
    const digest = await digestBy(SIGNATURE_SCHEMES[verifier.keyDetails].hash);
    candidates.push({ entry: { digest, signature, verifier }, credential });
  }
  return ok(candidates);
}

/** Digests of one message, computed once per algorithm however many verifiers use it. */
function hashOnce(message: Uint8Array): (hash: HashAlgorithm) => Promise<Uint8Array> {
  const digests = new Map<HashAlgorithm, Promise<Uint8Array>>();
  return (hash) => {
    const digest = digests.get(hash) ?? hashMessage(hash, message);
    digests.set(hash, digest);
    return digest;
  };
}

interface CheckedVerifier {
  readonly verifier: Verifier;
  readonly credential: Credential;
}

function checkVerifier(
  { kind, rawBytes, keyDetails }: RequestedVerifier,
  accepted: AcceptedKeyDetails,
): Result<CheckedVerifier, VerifierError> {
  if (rawBytes.length === 0) return err({ code: "entry_verifier_empty" });
  const credential = parseCredential(kind, rawBytes);
  if (!credential.ok) return credential;
  if (!isKeyDetails(keyDetails) || !accepted.has(keyDetails)) {
    return err({ code: "entry_key_details_unsupported", keyDetails, accepted: [...accepted] });
  }
  const expected = keyDetailsOf(credential.value.key.kind);
  if (keyDetails !== expected) return err({ code: "entry_key_details_mismatch", keyDetails, expected });
  return ok({ verifier: { kind, rawBytes, keyDetails }, credential: credential.value });
}

function parseCredential(kind: Verifier["kind"], rawBytes: Uint8Array): Result<Credential, VerifierError> {
  const certificate = kind === "x509Certificate" ? parseCertificate(rawBytes) : null;
  if (certificate?.ok === false) return err({ code: "entry_certificate_invalid" });
  const key = parsePublicKey(certificate === null ? rawBytes : certificate.value.spki);
  return key.ok ? ok({ key: key.value, certificate: certificate?.value ?? null }) : key;
}
