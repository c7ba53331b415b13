// SPDX-License-Identifier: Apache-2.0
// Answers to reads: every one says how long it may be kept, carries a validator, and can be read by any web page.
// Spec: RFC 9110 §8.8.3, §13.1.2; RFC 9111 §5.2.2; RFC 8246; Fetch §3.2 (CORS).

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";

/** Cache-Control values, by what is known of the answer's future. */
export const CACHE_CONTROL = {
  /** Never changes and always exists: a full tile, a full bundle, an issuer certificate. One year, as RFC 9111 caps it in practice. */
  immutable: "public, max-age=31536000, immutable",
  /** Never changes, but is superseded by a wider one soon: a partial tile. */
  partial: "public, max-age=60",
  /** Follows the operator's settings: accepted roots. */
  settings: "public, max-age=60",
  /** Superseded by the next round: a checkpoint. */
  head: "public, max-age=1",
  /** Errors and "not there yet": kept, they would hide the answer that comes a second later. */
  none: "no-store",
} as const;

/** What lets a page of another origin read the answer; all that is answered this way is public. */
export const PUBLIC_READ: Readonly<Record<string, string>> = { "access-control-allow-origin": "*" };

export interface Representation {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** One of CACHE_CONTROL. */
  readonly cacheControl: string;
}

/** 200 with a strong ETag (of the body's SHA-256), or 304 if the request already names it. */
export function respondWith(request: Request, { body, contentType, cacheControl }: Representation): Response {
  const etag = `"${encodeHex(sha256(body).subarray(0, 16))}"`;
  const headers = { ...PUBLIC_READ, "cache-control": cacheControl, etag };
  if (namesEtag(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  return new Response(body, { headers: { ...headers, "content-type": contentType } });
}

/** Weak comparison, as RFC 9110 §13.1.2 demands: a proxy that compresses makes a strong validator weak. */
function namesEtag(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = new Set(ifNoneMatch.split(",").map((tag) => tag.trim().replace(/^W\//, "")));
  return tags.has(etag) || tags.has("*");
}
