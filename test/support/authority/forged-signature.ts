// SPDX-License-Identifier: Apache-2.0
// ECDSA signatures that anybody can make from a public key alone, over digests that nobody can choose.

import { p256 } from "@noble/curves/nist.js";

/** A digest, and a signature over it in DER that verifies with the key. */
export interface Forgery {
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}

/** Forges a signature of a P-256 key: R = aG + bQ, r = R.x, s = r/b, digest = a·s. */
export function forgeSignature(spki: Uint8Array): Forgery {
  const { Fn } = p256.Point;
  const random = (): bigint => Fn.fromBytes(p256.utils.randomSecretKey());
  const key = p256.Point.fromBytes(spki.subarray(-65));
  const [a, b] = [random(), random()];
  const r = Fn.create(p256.Point.BASE.multiply(a).add(key.multiply(b)).toAffine().x);
  const s = Fn.div(r, b);
  const digest = Fn.toBytes(Fn.mul(a, s));
  return { digest, signature: new p256.Signature(r, s).toBytes("der") };
}
