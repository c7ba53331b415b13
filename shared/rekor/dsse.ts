// SPDX-License-Identifier: Apache-2.0
// DSSE: the data that an envelope's signature covers, and the hints that the log keeps about a payload.
// Spec: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md;
// https://github.com/in-toto/attestation/tree/main/spec/v1

import { sha256 } from "#sha256";
import { concat } from "../bytes/bytes.ts";
import { encodeHex } from "../bytes/hex.ts";
import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { err, ok, type Result } from "../result.ts";
import type { AttestationHints } from "./hints.ts";

export interface SubjectsError {
  readonly code: "attestation_subjects_too_many";
  readonly maxSubjects: number;
  /** Distinct digests of all subjects together. */
  readonly maxDigests: number;
}

const IN_TOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";
/**
 * Each digest is a row of the search index, and a free plan has 100,000 rows a day. A subject usually has one or two
 * digests.
 */
const MAX_SUBJECTS = 256;
const MAX_SUBJECT_DIGESTS = 512;
/** Longer than any type URI in use. A longer one is not kept. */
const MAX_PREDICATE_TYPE_CHARS = 512;

/** PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body; lengths of bytes in ASCII decimal. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const type = encodeUtf8(payloadType);
  return concat(encodeUtf8(`DSSEv1 ${type.length} `), type, encodeUtf8(` ${payload.length} `), payload);
}

/**
 * Reads the search hints of an attestation. A payload that is not a well-formed in-toto statement has only its hash:
 * the log vouches for signatures and does not judge statements. Fails with attestation_subjects_too_many.
 */
export function readAttestationHints(
  payloadType: string,
  payload: Uint8Array,
): Result<AttestationHints, SubjectsError> {
  const statement = payloadType === IN_TOTO_PAYLOAD_TYPE ? parseStatement(payload) : null;
  const subjects = listOf(member(statement, "subject"));
  const subjectDigests = subjects.length > MAX_SUBJECTS ? [] : [...new Set(subjects.flatMap(readDigests))];
  if (subjects.length > MAX_SUBJECTS || subjectDigests.length > MAX_SUBJECT_DIGESTS) {
    return err({
      code: "attestation_subjects_too_many",
      maxSubjects: MAX_SUBJECTS,
      maxDigests: MAX_SUBJECT_DIGESTS,
    });
  }
  const predicateType = member(statement, "predicateType");
  return ok({
    payloadHash: `sha256:${encodeHex(sha256(payload))}`,
    subjectDigests,
    predicateType:
      typeof predicateType === "string" && predicateType.length <= MAX_PREDICATE_TYPE_CHARS ? predicateType : null,
  });
}

/** Uses JSON.parse, because a predicate may nest deeper than our parser allows. Nothing relies on hints. */
function parseStatement(payload: Uint8Array): unknown {
  const text = decodeUtf8(payload);
  try {
    return text.ok ? JSON.parse(text.value) : null;
  } catch {
    return null;
  }
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
