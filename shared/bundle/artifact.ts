// SPDX-License-Identifier: Apache-2.0
// Compares the artifact with what was signed, and verifies the signature. The artifact enters as digests, so that a
// file of any size can be hashed as a stream.
// Spec: https://github.com/secure-systems-lab/dsse; https://github.com/in-toto/attestation/tree/main/spec/v1

import { equal } from "../bytes/bytes.ts";
import { decodeHex, encodeHex } from "../bytes/hex.ts";
import { HASHES, type HashAlgorithm, hashMessage } from "../crypto/hash.ts";
import { keyDetailsOf, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { type PublicKey, parsePublicKey } from "../crypto/public-key.ts";
import { verifyDigest } from "../crypto/verify-digest.ts";
import { verifyMessage } from "../crypto/verify-message.ts";
import { items, member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { IN_TOTO_PAYLOAD_TYPE, preAuthEncoding } from "../rekor/dsse.ts";
import { parseCertificate } from "../x509/certificate.ts";
import type { Bundle, Envelope, MessageSignature } from "./bundle.ts";
import { type Check, reportFailure, reportPass, reportUnasked, reportUnchecked } from "./check.ts";

/** Digests of the artifact by every algorithm of `hashesOf`, and of others that the caller knows. */
export type ArtifactDigests = Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;

const ALGORITHMS = Object.keys(HASHES) as readonly HashAlgorithm[];

/**
 * The algorithms by which the artifact must be hashed before verifyBundle. `key` is the one that the caller trusts;
 * null for a bundle with a certificate.
 */
export function hashesOf({ content, material }: Bundle, key: PublicKey | null): readonly HashAlgorithm[] {
  if (content.kind === "envelope") {
    const named = new Set(readSubjects(content).map(({ hash }) => hash));
    return ALGORITHMS.filter((hash) => named.has(hash));
  }
  const signer = material.kind === "certificates" ? keyOfCertificate(material.ders[0]) : key;
  return [...new Set([content.digest.hash, hashOf(content, signer)])];
}

function keyOfCertificate(der: Uint8Array): PublicKey | null {
  const certificate = parseCertificate(der);
  const key = certificate.ok ? parsePublicKey(certificate.value.spki) : certificate;
  return key.ok ? key.value : null;
}

/** The hash that was signed: Ed25519ph always uses SHA-512, for other keys the bundle says it. */
function hashOf({ digest }: MessageSignature, key: PublicKey | null): HashAlgorithm {
  return key?.kind === "ed25519" ? "SHA-512" : digest.hash;
}

/** Compares the artifact with the digest or the subjects that the bundle names. Null digests: there is no artifact. */
export function checkArtifact({ content }: Bundle, artifact: ArtifactDigests | null): Check {
  if (content.kind === "envelope") return checkSubjects(content, artifact);
  if (artifact === null)
    return reportUnchecked("artifact", "give the file that was signed: the bundle does not contain it");
  const { digest } = content;
  const actual = artifact[digest.hash];
  if (actual === undefined)
    return reportUnchecked("artifact", `the ${digest.hash} digest of the artifact is not known`);
  const { short } = HASHES[digest.hash];
  return equal(actual, digest.value)
    ? reportPass("artifact", `the artifact has the digest that the bundle names, ${short}:${encodeHex(actual)}`)
    : reportFailure(
        "artifact",
        `the artifact has the digest ${short}:${encodeHex(actual)}; the bundle is for ${short}:${encodeHex(digest.value)}`,
      );
}

function checkSubjects(envelope: Envelope, artifact: ArtifactDigests | null): Check {
  if (envelope.payloadType !== IN_TOTO_PAYLOAD_TYPE) {
    return reportUnchecked(
      "artifact",
      `the payload is of type ${quote(envelope.payloadType)}, not an in-toto statement`,
    );
  }
  const subjects = readSubjects(envelope);
  if (artifact === null)
    return reportUnasked("artifact", "no artifact was given to compare with the statement's subjects");
  if (subjects.length === 0) {
    return reportFailure("artifact", "the statement has no subject with a SHA-256, SHA-384 or SHA-512 digest");
  }
  const found = subjects.find(({ hash, value }) => equal(artifact[hash] ?? NOTHING, value));
  if (found !== undefined) {
    const { short } = HASHES[found.hash];
    return reportPass("artifact", `the statement is about the artifact: subject ${short}:${encodeHex(found.value)}`);
  }
  const known = ALGORITHMS.flatMap((hash) => {
    const digest = artifact[hash];
    return digest === undefined ? [] : [`${HASHES[hash].short}:${encodeHex(digest)}`];
  });
  return reportFailure(
    "artifact",
    `none of the ${subjects.length} subjects of the statement is the artifact, ${known.join(", ")}`,
  );
}

const NOTHING = new Uint8Array(0);

/** Quotes text that a stranger wrote, cut to a readable length. */
export const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** More subjects than a statement in use has; further ones are not compared. */
const MAX_SUBJECTS = 4096;
/** A statement with as many subjects has a few values for each. */
export const MAX_STATEMENT_VALUES = 131_072;

interface Subject {
  readonly hash: HashAlgorithm;
  readonly value: Uint8Array;
}

function readSubjects({ payload }: Envelope): readonly Subject[] {
  const statement = parseJson(payload, MAX_STATEMENT_VALUES);
  const subjects = statement.ok ? items(statement.value, "subject") : [];
  return subjects.slice(0, MAX_SUBJECTS).flatMap((subject) =>
    ALGORITHMS.flatMap((hash) => {
      const value = decodeDigest(hash, member(member(subject, "digest"), HASHES[hash].short));
      return value === null ? [] : [{ hash, value }];
    }),
  );
}

function decodeDigest(hash: HashAlgorithm, hex: unknown): Uint8Array | null {
  if (typeof hex !== "string" || hex.length !== 2 * HASHES[hash].digestBytes) return null;
  const bytes = decodeHex(hex);
  return bytes.ok ? bytes.value : null;
}

/** Verifies the signature over the artifact, or over the envelope's payload. */
export async function checkSignature(bundle: Bundle, key: PublicKey, artifact: ArtifactDigests | null): Promise<Check> {
  return bundle.content.kind === "envelope"
    ? checkEnvelope(bundle.content, key)
    : checkMessage(bundle.content, key, artifact);
}

async function checkEnvelope({ payloadType, payload, signature }: Envelope, key: PublicKey): Promise<Check> {
  const signed = preAuthEncoding(payloadType, payload);
  for (const hash of new Set([SIGNATURE_SCHEMES[keyDetailsOf(key.kind)].hash, "SHA-256"] as const)) {
    if (await verifyMessage(key, hash, signed, signature)) {
      return reportPass("signature", `the ${key.kind} key signed the payload of type ${quote(payloadType)}`);
    }
  }
  // Rekor v2 takes Ed25519 signatures in their prehashed form only.
  const isPrehashed =
    key.kind === "ed25519" && verifyDigest(key, "SHA-512", await hashMessage("SHA-512", signed), signature);
  return isPrehashed
    ? reportPass("signature", `the ed25519 key signed the payload of type ${quote(payloadType)}`)
    : reportFailure("signature", `the signature over the payload does not verify with the ${key.kind} key`);
}

function checkMessage(content: MessageSignature, key: PublicKey, artifact: ArtifactDigests | null): Check {
  const hash = hashOf(content, key);
  const digest = artifact?.[hash];
  if (digest === undefined) return reportUnchecked("signature", `the ${hash} digest of the artifact is not known`);
  const name = `${HASHES[hash].short}:${encodeHex(digest)}`;
  return verifyDigest(key, hash, digest, content.signature)
    ? reportPass("signature", `the ${key.kind} key signed the artifact, ${name}`)
    : reportFailure("signature", `the signature over the artifact, ${name}, does not verify with the ${key.kind} key`);
}

/** The digests that an entry may name for what the bundle signs. Null if the artifact is not known. */
export async function computeSignedDigest(
  { content }: Bundle,
  hash: HashAlgorithm,
  artifact: ArtifactDigests | null,
): Promise<Uint8Array | null> {
  if (content.kind === "envelope") return hashMessage(hash, preAuthEncoding(content.payloadType, content.payload));
  return artifact?.[hash] ?? null;
}
