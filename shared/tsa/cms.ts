// SPDX-License-Identifier: Apache-2.0
// The signed envelope of a timestamp token: CMS SignedData with one signer. Knows only the content type of timestamps.
// Spec: RFC 5652 §5; RFC 3161 §2.4.2; algorithms of RFC 5754 §2, §3.3.

import { certificateTime, context, octetString, oid, sequence, set, setOf, smallInteger } from "../der/writer.ts";
import type { UnixMs } from "../time.ts";
import type { Authority } from "./authority.ts";
import {
  CONTENT_TYPE,
  MESSAGE_DIGEST,
  SHA256,
  SHA384,
  SIGNED_DATA,
  SIGNING_CERTIFICATE_V2,
  SIGNING_TIME,
  TST_INFO,
} from "./oids.ts";

/**
 * Kind of the key → the hash for digest and signature, and both AlgorithmIdentifiers, without parameters (RFC 5754).
 */
const ALGORITHMS = {
  "ecdsa-p256": {
    hash: "SHA-256",
    digest: sequence(oid(SHA256)),
    signature: sequence(oid("1.2.840.10045.4.3.2")),
  },
  "ecdsa-p384": {
    hash: "SHA-384",
    digest: sequence(oid(SHA384)),
    signature: sequence(oid("1.2.840.10045.4.3.3")),
  },
} as const;

/** The content of a token, and its signing options. */
export interface Content {
  /** TSTInfo, DER. */
  readonly tstInfo: Uint8Array<ArrayBuffer>;
  readonly signingTime: UnixMs;
  /** Whether the token includes the authority's certificate. */
  readonly withCertificate: boolean;
}

/** Signs TSTInfo; returns a ContentInfo, DER. */
export async function signContent(content: Content, authority: Authority): Promise<Uint8Array<ArrayBuffer>> {
  const algorithms = ALGORITHMS[authority.signer.kind];
  const digest = new Uint8Array(await crypto.subtle.digest(algorithms.hash, content.tstInfo));
  // RFC 5652 §5.4: the signature covers the attributes as a DER SET OF, although the message has them under [0]
  // IMPLICIT. Some verifiers sort them again and others do not, so they must be written in sorted order.
  const attributes = setOf([
    attribute(CONTENT_TYPE, oid(TST_INFO)),
    attribute(SIGNING_TIME, certificateTime(content.signingTime)),
    attribute(MESSAGE_DIGEST, octetString(digest)),
    attribute(SIGNING_CERTIFICATE_V2, authority.signingCertificate),
  ]);
  const signature = authority.signer.sign(attributes);
  const signerInfo = sequence(
    smallInteger(1),
    authority.issuerAndSerial,
    algorithms.digest,
    implicit0(attributes),
    algorithms.signature,
    octetString(signature),
  );
  // Version 3, since the content is not id-data (RFC 5652 §5.1).
  const signedData = sequence(
    smallInteger(3),
    set(algorithms.digest),
    sequence(oid(TST_INFO), context(0, octetString(content.tstInfo))),
    ...(content.withCertificate ? [context(0, authority.certificate.der)] : []),
    set(signerInfo),
  );
  return sequence(oid(SIGNED_DATA), context(0, signedData));
}

const attribute = (type: string, value: Uint8Array): Uint8Array => sequence(oid(type), set(value));

/** Returns the element with [0] IMPLICIT in place of its own tag. */
function implicit0(element: Uint8Array): Uint8Array {
  const retagged = element.slice();
  retagged[0] = 0xa0;
  return retagged;
}
