// SPDX-License-Identifier: Apache-2.0
// A Worker that verifies signatures over digests, since node:crypto differs between workerd and Node.

import { decodeBase64 } from "../../../shared/bytes/base64.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { verifyDigest } from "../../../shared/crypto/verify-digest.ts";

/** Everything except the hash's name is base64. */
export interface DigestQuestion {
  readonly hash: HashAlgorithm;
  readonly spki: string;
  readonly digest: string;
  /** The signature; for ECDSA in DER. */
  readonly signature: string;
  /** Repeats the verification this often, for measurements. */
  readonly times?: number;
}

/** Null if the key is invalid. */
export type DigestAnswer = boolean | null;

function answer({ hash, spki, digest, signature, times = 1 }: DigestQuestion): DigestAnswer {
  const key = parsePublicKey(bytes(spki));
  let verdict: DigestAnswer = null;
  for (let i = 0; i < times && key.ok; i++) verdict = verifyDigest(key.value, hash, bytes(digest), bytes(signature));
  return verdict;
}

function bytes(text: string): Uint8Array {
  const decoded = decodeBase64(text);
  if (!decoded.ok) throw new Error("not base64");
  return decoded.value;
}

export default {
  fetch: async (request: Request): Promise<Response> => {
    const questions: readonly DigestQuestion[] = await request.json();
    return Response.json(questions.map(answer));
  },
};
