// SPDX-License-Identifier: Apache-2.0
// DSSE: the data that an envelope's signature covers, and the hints that the log keeps about a payload.
// Spec: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md;
// https://github.com/in-toto/attestation/tree/main/spec/v1

import { sha256 } from "#sha256";
import { concat } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { findMembers } from "../json/scan.ts";
import type { AttestationHints } from "./hints.ts";

/** The payload type of an in-toto statement. */
export const IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";
/**
 * The hints of one entry in bytes: 230 subjects with a SHA-256 digest. The sequencer keeps up to 256 entries with their
 * hints and the terms made of them in rows, and each digest is a row of the search index.
 */
const MAX_DIGEST_BYTES = 16 * 1024;
/** Enough to find 2,000 subjects in front of a predicate of any size. Takes about a millisecond. */
const MAX_VISITS = 400_000;
const MAX_SUBJECT_VALUES = 16_384;
/** Longer than any type URI in use. A longer one is not kept. */
const MAX_PREDICATE_TYPE_CHARS = 512;

/** PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body; lengths of bytes in ASCII decimal. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = encodeUtf8(payloadType);
  return concat(encodeUtf8(`DSSEv1 ${type.length} `), type, encodeUtf8(` ${payload.length} `), payload);
}

/**
 * Reads the search hints of an attestation: as many digests of its first subjects as fit. A payload that is not an
 * in-toto statement has only its hash: the log vouches for signatures and does not judge statements.
 */
export function readAttestationHints(payloadType: string, payload: Uint8Array): AttestationHints {
  const { subject, predicateType } =
    payloadType === IN_TOTO_PAYLOAD_TYPE ? readStatement(payload) : { subject: null, predicateType: null };
  return {
    payloadHash: `sha256:${encodeHex(sha256(payload))}`,
    subjectDigests: firstDigests(listOf(subject)),
    predicateType:
      typeof predicateType === "string" && predicateType.length <= MAX_PREDICATE_TYPE_CHARS ? predicateType : null,
  };
}

/** The distinct digests of the first subjects, up to the one that would exceed the limit. Reads no further subject. */
function firstDigests(subjects: readonly unknown[]): readonly string[] {
  const digests = new Set<string>();
  let bytes = 0;
  for (const subject of subjects) {
    for (const digest of readDigests(subject)) {
      if (digests.has(digest)) continue;
      bytes += digest.length;
      if (bytes > MAX_DIGEST_BYTES) return [...digests];
      digests.add(digest);
    }
  }
  return [...digests];
}

/** Builds only the two members that hints need: a predicate may be large, and nest deeper than our parser allows. */
function readStatement(payload: Uint8Array): { readonly subject: unknown; readonly predicateType: unknown } {
  const text = decodeUtf8(payload);
  const members = findMembers(text.ok ? text.value : "", ["subject", "predicateType"], MAX_VISITS);
  const read = (name: string): unknown => {
    const json = parseJson(encodeUtf8(members.get(name) ?? ""), MAX_SUBJECT_VALUES);
    return json.ok ? json.value : null;
  };
  return { subject: read("subject"), predicateType: read("predicateType") };
}

/**
 * `<algorithm>:<hex>` for each digest of a ResourceDescriptor, SHA-256 first. Skips values that are not hex
 * (goModuleH1).
 */
function readDigests(subject: unknown): readonly string[] {
  const digests = member(subject, "digest");
  if (typeof digests !== "object" || digests === null) return [];
  return Object.entries(digests)
    .filter(([algorithm, hex]) => /^[A-Za-z0-9_-]{1,32}$/.test(algorithm) && isHex(hex))
    .map(([algorithm, hex]) => `${algorithm}:${String(hex)}`.toLowerCase())
    .toSorted((a, b) => Number(b.startsWith("sha256:")) - Number(a.startsWith("sha256:")));
}

const isHex = (value: unknown): boolean => typeof value === "string" && /^(?:[0-9A-Fa-f]{2}){1,64}$/.test(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
