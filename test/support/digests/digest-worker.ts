// SPDX-License-Identifier: Apache-2.0
// A Worker that verifies signatures over digests and messages: node:crypto and WebCrypto differ between workerd and
// Node.

import { decodeBase64 } from "../../../shared/bytes/base64.ts";
import type { HashAlgorithm } from "../../../shared/crypto/hash.ts";
import { parsePublicKey } from "../../../shared/crypto/public-key.ts";
import { verifyDigest } from "../../../shared/crypto/verify-digest.ts";
import { verifyMessage } from "../../../shared/crypto/verify-message.ts";

/** Everything except the hash's name is base64. */
export interface DigestQuestion {
  readonly hash: HashAlgorithm;
  readonly spki: string;
  readonly digest: string;
  /** The message to verify in place of the digest. */
  readonly message?: string;
  /** The signature; for ECDSA in DER. */
  readonly signature: string;
  /** Repeats the verification this often, for measurements. */
  readonly times?: number;
}

/** Null if the key is invalid. */
export type DigestAnswer = boolean | null;

async function answer(question: DigestQuestion): Promise<DigestAnswer> {
  const { hash, spki, digest, message, signature, times = 1 } = question;
  const key = parsePublicKey(bytes(spki));
  if (key.ok && message !== undefined) return await verifyMessage(key.value, hash, bytes(message), bytes(signature));
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
    return Response.json(await Promise.all(questions.map(answer)));
  },
};
