// SPDX-License-Identifier: Apache-2.0
// The secrets of the identity provider: random bytes in base64url.

import { decodeBase64Url } from "../../bytes/base64.ts";
import { err, ok, type Result } from "../../result.ts";

/** 256 bits. */
export const SECRET_BYTES = 32;
/** The one in use, and those that it replaced within ten minutes. */
const MAX_SECRETS = 4;

/** Parses OIDC_SEAL_KEY: secrets, the one in use first, with white space between. The error completes its name. */
export function parseSealKeys(text: string): Result<readonly Uint8Array<ArrayBuffer>[], string> {
  const words = text.trim().split(/\s+/);
  const secrets = words.map(parseSecret);
  if (words.length > MAX_SECRETS || secrets.some((secret) => secret === null))
    return err(`must be 1 to ${MAX_SECRETS} secrets of ${SECRET_BYTES} bytes in base64url, the one in use first`);
  return ok(secrets.flatMap((secret) => secret ?? []));
}

/** Parses OIDC_SUBJECT_KEY: one secret. The error completes its name. */
export function parseSubjectKey(text: string): Result<Uint8Array<ArrayBuffer>, string> {
  const secret = parseSecret(text.trim());
  return secret === null ? err(`must be ${SECRET_BYTES} bytes in base64url`) : ok(secret);
}

function parseSecret(word: string): Uint8Array<ArrayBuffer> | null {
  const bytes = decodeBase64Url(word);
  return bytes.ok && bytes.value.length === SECRET_BYTES ? bytes.value : null;
}
