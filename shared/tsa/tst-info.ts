// SPDX-License-Identifier: Apache-2.0
// TSTInfo: the statement of a timestamp token. Spec: RFC 3161 §2.4.2.

import { context, generalizedTime, integer, oid, sequence, smallInteger, tlv } from "../der/writer.ts";
import type { UnixMs } from "../time.ts";
import { POLICY, type TimestampRequest } from "./request.ts";

/** The time and number of one token. */
export interface Instant {
  /** Read after the whole request has arrived: the token states that the imprint existed before this time. */
  readonly genTime: UnixMs;
  /** Unsigned magnitude of at most 20 octets, unique for the authority (RFC 3161 §2.4.2); 158 random bits suffice. */
  readonly serialNumber: Uint8Array;
}

/** Allows for the clock of Workers and for rounding to whole seconds. */
const ACCURACY_SECONDS = 1;

/**
 * Encodes TSTInfo. genTime has whole seconds, since sigstore-js reads no fraction except three digits.
 * @param tsa Name, DER.
 */
export function encodeTstInfo(request: TimestampRequest, tsa: Uint8Array, instant: Instant): Uint8Array<ArrayBuffer> {
  return sequence(
    smallInteger(1),
    oid(POLICY),
    request.messageImprint,
    integer(instant.serialNumber),
    generalizedTime(instant.genTime),
    sequence(smallInteger(ACCURACY_SECONDS)),
    // ordering is FALSE, its DEFAULT, and therefore omitted.
    ...(request.nonce === null ? [] : [tlv(0x02, request.nonce)]),
    // tsa [0] GeneralName is EXPLICIT, because GeneralName is a CHOICE; so is directoryName [4].
    context(0, context(4, tsa)),
  );
}
