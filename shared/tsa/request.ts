// SPDX-License-Identifier: Apache-2.0
// A timestamp query in DER, and which queries this authority serves. json-request.ts reads the JSON form.
// Spec: RFC 3161 §2.4.1.

import { type DerReader, decodeDer } from "../der/reader.ts";
import { err, ok, type Result } from "../result.ts";
import { SHA256, SHA384, SHA512 } from "./oids.ts";

/** The policy of Sigstore's public authority, and the only one here: clients name this one or none. */
export const POLICY = "1.3.6.1.4.1.57264.2";

/** AlgorithmIdentifier.algorithm of a message imprint → digest length. SHA-1 is broken and therefore missing. */
const DIGEST_BYTES: ReadonlyMap<string, number> = new Map([
  [SHA256, 32],
  [SHA384, 48],
  [SHA512, 64],
]);

/**
 * Clients send 8 to 20 bytes, some of them with the top bit set: a negative number (RFC 3161 §2.4.1 has an INTEGER of
 * any sign). Beyond 64 it is a hidden message rather than a nonce.
 */
export const MAX_NONCE_BYTES = 64;

/** A query that this authority serves. */
export interface TimestampRequest {
  /** MessageImprint, DER, exactly as requested: the token must repeat it (RFC 3161 §2.4.2). */
  readonly messageImprint: Uint8Array;
  /** Contents of an INTEGER of either sign, exactly as requested, since the token must repeat it; null without one. */
  readonly nonce: Uint8Array | null;
  /** Whether the token must include the authority's certificate. */
  readonly certReq: boolean;
}

/** A well-formed query that is not served; the names are those of PKIFailureInfo (RFC 3161 §2.4.2). */
export interface Rejection {
  readonly code: "timestamp_rejected";
  readonly failure: "badAlg" | "badRequest" | "badDataFormat" | "unacceptedPolicy" | "unacceptedExtension";
}

/** The query is malformed or not served. */
export type TimestampRequestError =
  | Rejection
  /** `problem` completes "the request …". */
  | { readonly code: "timestamp_query_invalid"; readonly problem: string };

interface Imprint {
  readonly der: Uint8Array;
  readonly algorithm: string;
  readonly hasParameters: boolean;
  readonly digestBytes: number;
}

interface Query {
  readonly version: Uint8Array;
  readonly imprint: Imprint;
  readonly policy: string | null;
  readonly nonce: Uint8Array | null;
  readonly certReq: boolean;
  readonly hasExtensions: boolean;
}

/**
 * Parses a TimeStampReq, DER. Fails with timestamp_query_invalid if it is malformed and with timestamp_rejected if it
 * is not served.
 */
export function parseTimestampRequest(der: Uint8Array): Result<TimestampRequest, TimestampRequestError> {
  const query = decodeDer(der, (reader) => reader.sequence(readQuery));
  if (!query.ok) {
    return err({ code: "timestamp_query_invalid", problem: `is not a DER TimeStampReq: ${query.error.reason}` });
  }
  const failure = failureOf(query.value);
  if (failure !== null) return err({ code: "timestamp_rejected", failure });
  const { imprint, nonce, certReq } = query.value;
  return ok({ messageImprint: imprint.der, nonce, certReq });
}

// TimeStampReq ::= SEQUENCE {
//   version INTEGER { v1(1) }, messageImprint MessageImprint, reqPolicy TSAPolicyId OPTIONAL, nonce INTEGER OPTIONAL,
//   certReq BOOLEAN DEFAULT FALSE, extensions [0] IMPLICIT Extensions OPTIONAL }
function readQuery(reader: DerReader): Query {
  return {
    version: reader.integer(),
    imprint: readImprint(reader),
    policy: reader.optional(0x06, (r) => r.oid()),
    nonce: reader.optional(0x02, (r) => r.integer()),
    // DER omits a DEFAULT. The reference accepts an encoded FALSE, and so do we.
    certReq: reader.optional(0x01, (r) => r.boolean()) ?? false,
    hasExtensions: reader.optional(0xa0, (r) => r.raw()) !== null,
  };
}

// MessageImprint ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING }
function readImprint(reader: DerReader): Imprint {
  const der = reader.raw();
  const fields = decodeDer(der, (r) =>
    r.sequence((imprint) => ({ ...imprint.sequence(readAlgorithm), digestBytes: imprint.octetString().length })),
  );
  return fields.ok ? { der, ...fields.value } : reader.fail(fields.error.reason);
}

function readAlgorithm(reader: DerReader): Pick<Imprint, "algorithm" | "hasParameters"> {
  const algorithm = reader.oid();
  reader.optional(0x05, (r) => r.null());
  const hasParameters = !reader.done;
  if (hasParameters) reader.raw();
  return { algorithm, hasParameters };
}

function failureOf({ version, imprint, policy, nonce, hasExtensions }: Query): Rejection["failure"] | null {
  if (version.length !== 1 || version[0] !== 1) return "badRequest";
  if (nonce !== null && !isServedNonce(nonce)) return "badRequest";
  const digestBytes = DIGEST_BYTES.get(imprint.algorithm);
  if (digestBytes === undefined || imprint.hasParameters) return "badAlg";
  if (imprint.digestBytes !== digestBytes) return "badDataFormat";
  if (policy !== null && policy !== POLICY) return "unacceptedPolicy";
  return hasExtensions ? "unacceptedExtension" : null;
}

/** Whether the contents of an INTEGER are short enough, not counting a sign octet. */
export function isServedNonce(contents: Uint8Array): boolean {
  return contents.length <= MAX_NONCE_BYTES + (contents[0] === 0 ? 1 : 0);
}
