// SPDX-License-Identifier: Apache-2.0
// `sub` of a token. The CA writes it into certificates, so it is public forever: by default it says nothing of the
// person's account at the provider, and can be recognized by this deployment only.
// Spec: OpenID Connect Core 1.0 §2 (sub), §8; dex: server/internal/types.proto (IDTokenSubject)

import { encodeBase64Url } from "../../bytes/base64.ts";
import { concat } from "../../bytes/bytes.ts";
import { encodeUtf8 } from "../../bytes/utf8.ts";
import { err, ok, type Result } from "../../result.ts";

/** `private`: a keyed hash. `dex`: dex's encoding, which publishes the provider's own id of the person. */
export type SubjectEncoding = "private" | "dex";

/** Parses OIDC_SUBJECT. The error completes "OIDC_SUBJECT …". */
export const parseSubjectEncoding = (text: string): Result<SubjectEncoding, string> =>
  text === "private" || text === "dex" ? ok(text) : err("must be private or dex");

/** The account of a person at a connector. */
interface Account {
  readonly connectorId: string;
  readonly userId: string;
}

/**
 * HMAC-SHA-256 over both ids, base64url. A NUL cannot occur in a connector's id, which is a URL, so no two accounts
 * share a text.
 */
export async function hashSubject(key: Uint8Array<ArrayBuffer>, { connectorId, userId }: Account): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const hmac = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", hmac, encodeUtf8(`${connectorId}\0${userId}`));
  return encodeBase64Url(new Uint8Array(mac));
}

/** message IDTokenSubject { string user_id = 1; string conn_id = 2; }, base64url without padding. */
export function encodeDexSubject({ connectorId, userId }: Account): string {
  const fields = [protoField(1, userId), protoField(2, connectorId)];
  return encodeBase64Url(concat(...fields));
}

function protoField(number: number, text: string): Uint8Array {
  const bytes = encodeUtf8(text);
  if (bytes.length === 0) return bytes;
  return concat(new Uint8Array([(number << 3) | 2, ...varint(bytes.length)]), bytes);
}

function varint(value: number): readonly number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}
