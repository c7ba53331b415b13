// SPDX-License-Identifier: Apache-2.0
// A Worker that verifies signatures over digests: what node:crypto does in workerd is not what it does in Node.

import { decodeBase64 } from "../../../shared/bytes/base64.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { verifyDigest } from "../../../shared/crypto/verify-digest.ts";

/** All in base64 but the name of the hash. */
export interface DigestQuestion {
  readonly hash: HashAlgorithm;
  readonly spki: string;
  readonly digest: string;
  /** ECDSA in DER. */
  readonly signature: string;
  /** Asks so often and answers the last time: for measurements. */
  readonly times?: number;
}

/** Null: the key is none. */
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
