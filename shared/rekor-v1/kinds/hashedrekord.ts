// SPDX-License-Identifier: Apache-2.0
// hashedrekord 0.0.1: a detached signature over a digest. The hash value keeps the case in which it was sent.
// Spec: https://github.com/sigstore/rekor/blob/main/pkg/types/hashedrekord/v0.0.1

import { decodeBase64, encodeBase64 } from "../../bytes/base64.ts";
import { decodeHex } from "../../bytes/hex.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { HASHES, type HashAlgorithm } from "../../crypto/hash.ts";
import { keyDetailsOf, SIGNATURE_SCHEMES } from "../../crypto/key-details.ts";
import { verifyDigest } from "../../crypto/verify-digest.ts";
import { isObject, type JsonObject, member } from "../../json/member.ts";
import { err, ok, type Result } from "../../result.ts";
import { describeBadSignature } from "../pki/x509.ts";
import { describeFailures, type EntryProblem } from "../problem.ts";
import { parseVerifier, type Verifier } from "../verifier.ts";
import type { ProposedEntry, StoredSpec, V1Kind } from "./kind.ts";

/** The parts of a hashedrekord entry, proposed or stored. */
interface HashedRekord {
  readonly hash: HashAlgorithm;
  /** Hex, as it was sent. */
  readonly value: string;
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
}

/** hashedrekord 0.0.1. */
export const HASHEDREKORD_001: V1Kind = { parse, readStored };

const reject = (reason: string): Result<never, EntryProblem> => err({ code: "v1_entry_invalid", reason });

const ALGORITHMS = new Map(Object.entries(HASHES).map(([hash, { short }]) => [short as string, hash as HashAlgorithm]));

/** Reads the members of `spec`, which are the same in a proposed and in a stored entry. */
function readHashedRekord(spec: JsonObject): Result<HashedRekord, EntryProblem> {
  const missing = ["data", "signature"].filter((name) => !isObject(member(spec, name)));
  if (missing.length > 0) return reject(describeFailures(missing.map((name) => `${name} in body is required`)));
  const sent = member(spec, "signature");
  const signature = decodeBase64(textOf(member(sent, "content")));
  if (!signature.ok) return reject("failed parsing base64 data for signature content");
  const pem = decodeBase64(textOf(member(member(sent, "publicKey"), "content")));
  if (!pem.ok) return reject("failed parsing base64 data for public key content");
  const verifier = parseVerifier(pem.value);
  if (!verifier.ok) return verifier;
  const digest = member(member(spec, "data"), "hash");
  const value = textOf(member(digest, "value"));
  const hash = ALGORITHMS.get(textOf(member(digest, "algorithm")));
  if (hash === undefined)
    return reject(
      describeFailures(["data.data.hash.data.hash.algorithm in body should be one of [sha256 sha384 sha512]"]),
    );
  const bytes = decodeHex(value.toLowerCase());
  if (!bytes.ok || bytes.value.length !== HASHES[hash].digestBytes) return reject("invalid value for hash");
  return ok({ hash, value, signature: signature.value, verifier: verifier.value });
}

/** Encodes the canonical body: every value is ASCII that JSON does not escape, in the order of RFC 8785. */
export const encodeHashedRekord = ({
  hash,
  value,
  signature,
  content,
}: Omit<HashedRekord, "verifier"> & Pick<Verifier, "content">): Uint8Array =>
  encodeUtf8(
    `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"${HASHES[hash].short}","value":"${value}"}},` +
      `"signature":{"content":"${encodeBase64(signature)}","publicKey":{"content":"${content}"}}}}`,
  );

function parse(spec: JsonObject): Result<ProposedEntry, EntryProblem> {
  const read = readHashedRekord(spec);
  if (!read.ok) return read;
  const { hash, value, signature, verifier } = read.value;
  return ok({
    body: encodeHashedRekord({ hash, value, signature, content: verifier.content }),
    verifiers: [verifier],
    hints: null,
    verify: () => Promise.resolve(verifyHashed(read.value)),
  });
}

function readStored(spec: JsonObject): StoredSpec | null {
  const read = readHashedRekord(spec);
  if (!read.ok) return null;
  const { hash, value, signature, verifier } = read.value;
  return { signatures: [{ signature, verifier }], digests: [`${HASHES[hash].short}:${value.toLowerCase()}`] };
}

/** The signature covers the digest alone, so the hash must be the one that is usual for the key. */
function verifyHashed({ hash, value, signature, verifier: { key } }: HashedRekord): Result<null, EntryProblem> {
  if (signature.length === 0) return reject("verifying signature: X509 signature has not been initialized");
  if (SIGNATURE_SCHEMES[keyDetailsOf(key.kind)].hash !== hash) return reject("entry algorithms are not allowed");
  const digest = decodeHex(value.toLowerCase());
  return digest.ok && verifyDigest(key, hash, digest.value, signature)
    ? ok(null)
    : reject(`verifying signature: ${describeBadSignature(key, "the digest")}`);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
