// SPDX-License-Identifier: Apache-2.0
// TimeStampResp: a token, or the reason why there is none. Spec: RFC 3161 §2.4.2.

import { sequence, smallInteger, tlv } from "../der/writer.ts";
import type { Authority } from "./authority.ts";
import { signContent } from "./cms.ts";
import type { Rejection, TimestampRequest } from "./request.ts";
import { encodeTstInfo, type Instant } from "./tst-info.ts";

/** PKIStatus: granted, rejection. */
const GRANTED = sequence(smallInteger(0));
const REJECTION = smallInteger(2);

/** Bits of PKIFailureInfo. */
const FAILURE_BITS: Readonly<Record<Rejection["failure"], number>> = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
};

/** Grants a request: returns a TimeStampResp with a token, DER. */
export async function grantTimestamp(
  request: TimestampRequest,
  authority: Authority,
  instant: Instant,
): Promise<Uint8Array<ArrayBuffer>> {
  const tstInfo = encodeTstInfo(request, authority.certificate.subject, instant);
  const content = { tstInfo, signingTime: instant.genTime, withCertificate: request.certReq };
  return sequence(GRANTED, await signContent(content, authority));
}

/** Rejects a well-formed query: returns a TimeStampResp with status and failInfo but no token. */
export function encodeRejection({ failure }: Rejection): Uint8Array<ArrayBuffer> {
  return sequence(sequence(REJECTION, failInfo(FAILURE_BITS[failure])));
}

/**
 * Encodes a BIT STRING of named bits. DER drops the zero bits after the last set bit (X.690 §11.2.2), here the only
 * one.
 */
function failInfo(bit: number): Uint8Array {
  const octets = new Uint8Array(Math.floor(bit / 8) + 1);
  octets[octets.length - 1] = 0x80 >> (bit % 8);
  return tlv(0x03, Uint8Array.of(7 - (bit % 8)), octets);
}
