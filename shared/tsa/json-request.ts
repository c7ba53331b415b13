// SPDX-License-Identifier: Apache-2.0
// The JSON form of a timestamp query, which sigstore-js sends: {artifactHash, hashAlgorithm, nonce, certificates,
// tsaPolicyOID}. Unknown fields are ignored.
// Spec: https://github.com/sigstore/timestamp-authority/blob/main/README.md (its JSON request)

import { decodeHex } from "../bytes/hex.ts";
import { NULL, octetString, oid, sequence } from "../der/writer.ts";
import { parseJsonExact } from "../json/parse.ts";
import { bytes, type Decoder, message, string } from "../json/proto.ts";
import { err, ok, type Result } from "../result.ts";
import { SHA256, SHA384, SHA512 } from "./oids.ts";
import { isServedNonce, MAX_NONCE_BYTES, POLICY, type TimestampRequest } from "./request.ts";

/**
 * `problem` completes "the request …". The JSON form has no rejection of its own: an unserved request is an error too.
 */
export interface JsonRequestError {
  readonly code: "timestamp_query_invalid";
  readonly problem: string;
}

/** Names in lower case → AlgorithmIdentifier.algorithm and digest length. */
const HASHES: ReadonlyMap<string, { readonly oid: string; readonly digestBytes: number }> = new Map([
  ["sha256", { oid: SHA256, digestBytes: 32 }],
  ["sha384", { oid: SHA384, digestBytes: 48 }],
  ["sha512", { oid: SHA512, digestBytes: 64 }],
]);

const boolean: Decoder<boolean> = (value, path) =>
  typeof value === "boolean" ? ok(value) : err({ code: "field_type", path });

/** Decodes an integer of either sign, written without fraction or exponent. */
const nonce: Decoder<bigint> = (value, path) => {
  const isInteger = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  return isInteger ? ok(BigInt(value)) : err({ code: "field_type", path });
};

const decodeFields = message(
  { artifactHash: bytes, hashAlgorithm: string, nonce, certificates: boolean, tsaPolicyOID: string },
  "ignore",
);

/** Parses the JSON form. The caller has limited its length. Fails with timestamp_query_invalid. */
export function parseJsonTimestampRequest(body: Uint8Array): Result<TimestampRequest, JsonRequestError> {
  const json = parseJsonExact(body);
  if (!json.ok) return rejectInvalid("is not a JSON object");
  const fields = decodeFields(json.value, "");
  if (!fields.ok)
    return rejectInvalid(fields.error.path === "" ? "is not a JSON object" : `has a bad ${fields.error.path}`);
  const { artifactHash, hashAlgorithm = "", certificates = false, tsaPolicyOID = "" } = fields.value;
  const hash = HASHES.get(hashAlgorithm.toLowerCase());
  if (hash === undefined) return rejectInvalid("needs hashAlgorithm sha256, sha384 or sha512");
  if (artifactHash?.length !== hash.digestBytes) {
    return rejectInvalid(
      `needs in artifactHash the ${hash.digestBytes} bytes of a ${hashAlgorithm.toLowerCase()} digest`,
    );
  }
  if (tsaPolicyOID !== "" && tsaPolicyOID !== POLICY) return rejectInvalid(`has a tsaPolicyOID other than ${POLICY}`);
  const number = fields.value.nonce === undefined ? null : toContents(fields.value.nonce);
  if (number !== null && !isServedNonce(number)) return rejectInvalid(`has a nonce of over ${MAX_NONCE_BYTES} bytes`);
  const messageImprint = sequence(sequence(oid(hash.oid), NULL), octetString(artifactHash));
  return ok({ messageImprint, nonce: number, certReq: certificates });
}

const rejectInvalid = (problem: string): Result<never, JsonRequestError> =>
  err({ code: "timestamp_query_invalid", problem });

/** The contents of a DER INTEGER: two's complement in as few bytes as possible. */
function toContents(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const length = Math.floor(magnitude.toString(2).length / 8) + 1;
  const contents = decodeHex(
    BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, "0"),
  );
  if (!contents.ok) throw new RangeError("not an integer");
  return contents.value;
}
