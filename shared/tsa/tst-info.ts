// SPDX-License-Identifier: Apache-2.0
// TSTInfo: what a time-stamp token says. Spec: RFC 3161 §2.4.2.

import { context, generalizedTime, integer, oid, sequence, smallInteger } from "../der/writer.ts";
import type { UnixMs } from "../time.ts";
import { POLICY, type TimestampRequest } from "./request.ts";

export interface Instant {
  /** Read after the request has arrived whole: the token says that the imprint existed before it. */
  readonly genTime: UnixMs;
  /** Unsigned magnitude of at most 20 octets, unique for the authority (RFC 3161 §2.4.2); 158 random bits are. */
  readonly serialNumber: Uint8Array;
}

/** The clock that Workers run on, and the rounding to whole seconds. */
const ACCURACY_SECONDS = 1;

/** TSTInfo, DER; genTime in whole seconds, since sigstore-js reads no other fraction than three digits. @param tsa Name, DER. */
export function encodeTstInfo(request: TimestampRequest, tsa: Uint8Array, instant: Instant): Uint8Array<ArrayBuffer> {
  return sequence(
    smallInteger(1),
    oid(POLICY),
    request.messageImprint,
    integer(instant.serialNumber),
    generalizedTime(instant.genTime),
    sequence(smallInteger(ACCURACY_SECONDS)),
    // ordering is FALSE, its DEFAULT, and so left out.
    ...(request.nonce === null ? [] : [integer(request.nonce)]),
    // tsa [0] GeneralName, explicit as GeneralName is a CHOICE; directoryName [4] likewise.
    context(0, context(4, tsa)),
  );
}
