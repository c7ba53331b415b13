// SPDX-License-Identifier: Apache-2.0
// The canonical body of a hashedrekord 0.0.2 entry: the bytes that the leaf hash covers. The log has no other kind of
// entry; a DSSE envelope becomes an entry over its PAE (dsse.ts).
// Spec: https://github.com/sigstore/architecture-docs/blob/main/rekor-v2-spec.md; RFC 8785 over protobuf JSON.

import { decodeBase64, encodeBase64 } from "../bytes/base64.ts";
import { equal } from "../bytes/bytes.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { HASHES } from "../crypto/hash.ts";
import { isKeyDetails, type KeyDetails, SIGNATURE_SCHEMES } from "../crypto/key-details.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { err, ok, type Result } from "../result.ts";

/** The key or certificate of an entry. */
export interface Verifier {
  readonly kind: "publicKey" | "x509Certificate";
  /** SubjectPublicKeyInfo or Certificate, DER. */
  readonly rawBytes: Uint8Array;
  readonly keyDetails: KeyDetails;
}

export interface HashedRekordEntry {
  /** Digest by the hash of the verifier's keyDetails. */
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
}

export interface EntryError {
  readonly code: "entry_body_invalid";
}

/** `kindVersion` of every entry. */
export const ENTRY_KIND = { kind: "hashedrekord", version: "0.0.2" } as const;

/**
 * Encodes the canonical body. The shape is fixed and every value is ASCII that JSON does not escape, so writing the
 * members in the order of RFC 8785 is all that canonicalization requires.
 */
export function encodeEntry({ digest, signature, verifier }: HashedRekordEntry): Uint8Array {
  const { keyDetails, kind, rawBytes } = verifier;
  const algorithm = HASHES[SIGNATURE_SCHEMES[keyDetails].hash].proto;
  return encodeUtf8(
    `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{` +
      `"data":{"algorithm":"${algorithm}","digest":"${encodeBase64(digest)}"},` +
      `"signature":{"content":"${encodeBase64(signature)}",` +
      `"verifier":{"keyDetails":"${keyDetails}","${kind}":{"rawBytes":"${encodeBase64(rawBytes)}"}}}}}}`,
  );
}

/**
 * Decodes a canonical body: exactly what encodeEntry prints. Does not verify the signature. Fails with
 * entry_body_invalid.
 */
export function decodeEntry(body: Uint8Array): Result<HashedRekordEntry, EntryError> {
  const json = parseJson(body);
  const entry = json.ok ? readEntry(json.value) : null;
  // Encoding it again detects every deviation: other members, order, spelling, hash or white space.
  return entry !== null && equal(encodeEntry(entry), body) ? ok(entry) : err({ code: "entry_body_invalid" });
}

function readEntry(json: unknown): HashedRekordEntry | null {
  const record = member(member(json, "spec"), "hashedRekordV002");
  const signature = member(record, "signature");
  const verifier = readVerifier(member(signature, "verifier"));
  const digest = readBytes(member(member(record, "data"), "digest"));
  const content = readBytes(member(signature, "content"));
  return verifier === null || digest === null || content === null ? null : { digest, signature: content, verifier };
}

function readVerifier(json: unknown): Verifier | null {
  const keyDetails = member(json, "keyDetails");
  if (typeof keyDetails !== "string" || !isKeyDetails(keyDetails)) return null;
  const kind = member(json, "publicKey") === undefined ? "x509Certificate" : "publicKey";
  const rawBytes = readBytes(member(member(json, kind), "rawBytes"));
  return rawBytes === null ? null : { kind, rawBytes, keyDetails };
}

function readBytes(json: unknown): Uint8Array | null {
  const bytes = typeof json === "string" ? decodeBase64(json) : null;
  return bytes?.ok === true ? bytes.value : null;
}
