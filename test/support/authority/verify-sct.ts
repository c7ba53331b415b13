// SPDX-License-Identifier: Apache-2.0
// RFC 6962 §3.2 with the parser and writer of @sigstore/core, step by step as its verifier.

import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { ByteStream, EXTENSION_OID_SCT, type X509Certificate, X509SCTExtension } from "@sigstore/core";

/** The key of a certificate log. */
export interface SctSigner {
  readonly spki: Uint8Array;
  readonly logId: Uint8Array;
}

/**
 * Whether the leaf has one SCT, and it verifies: the log signed the certificate without it, so that precertificate and
 * certificate have one TBS.
 */
export function verifiesSct(leaf: X509Certificate, issuing: X509Certificate, log: SctSigner): boolean {
  const clone = leaf.clone();
  const at = clone.extensions.findIndex((extension) => extension.subs[0]?.toOID() === EXTENSION_OID_SCT);
  const [extension] = clone.extensions.splice(at, 1);
  if (extension === undefined) return false;
  const scts = new X509SCTExtension(extension).signedCertificateTimestamps;
  const signed = new ByteStream();
  signed.appendView(createHash("sha256").update(issuing.publicKey).digest());
  const tbs = clone.tbsCertificate.toDER();
  signed.appendUint24(tbs.length);
  signed.appendView(tbs);
  return scts.length === 1 && scts.every((sct) => sct.logID.equals(log.logId) && sct.verify(signed.buffer, keyOf(log)));
}

const keys = new WeakMap<SctSigner, KeyObject>();

/** A fuzzer verifies many SCTs of one log. */
function keyOf(log: SctSigner): KeyObject {
  const key = keys.get(log) ?? createPublicKey({ key: Buffer.from(log.spki), type: "spki", format: "der" });
  keys.set(log, key);
  return key;
}
