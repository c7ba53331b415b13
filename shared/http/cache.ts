// SPDX-License-Identifier: Apache-2.0
// Answers to reads: every one says how long it may be kept, carries a validator, gives parts on demand, and can be read by any web
// page. Spec: RFC 9110 §8.8.3, §13.1, §14; RFC 9111 §5.2.2; RFC 8246; Fetch §3.2 (CORS).

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { unreachable } from "../unreachable.ts";
import { acceptEncodingOf, acceptsGzip, gzipped } from "./encoding.ts";
import { type AskedRange, parseRange } from "./range.ts";

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

/** What lets a page of another origin read the answer and all its headers; all that is answered this way is public. */
export const PUBLIC_READ: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};

/** Answers OPTIONS on what any page may read: If-None-Match, say, is a header that a browser asks about first. */
export function preflight(allow: string): Response {
  const allowed = {
    "access-control-allow-methods": allow,
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
  };
  return new Response(null, {
    status: 204,
    headers: { ...PUBLIC_READ, ...allowed, allow, "cache-control": "no-store" },
  });
}

export interface Representation {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** One of CACHE_CONTROL. */
  readonly cacheControl: string;
}

/** 200 with a strong ETag (of the body's SHA-256), 304 if the request already names it, 206 or 416 if it asks for a part. */
export function respondWith(request: Request, representation: Representation): Response {
  return respondPlain(request, representation, { ...commonHeaders(representation), etag: entityTag(representation) });
}

/**
 * The same, gzipped where the request allows it and it is worth it, under an ETag of its own. Parts are always of the plain form,
 * so that nobody joins pieces of two compressions.
 */
export async function respondCompressed(request: Request, representation: Representation): Promise<Response> {
  const plainTag = entityTag(representation);
  const headers = { ...commonHeaders(representation), vary: "accept-encoding" };
  const plain = (): Response => respondPlain(request, representation, { ...headers, etag: plainTag });
  const isPlainAsked = request.headers.has("range") || !acceptsGzip(acceptEncodingOf(request));
  // Who has the plain form already is told so, and not sent the other one.
  if (isPlainAsked || isKnown(request, plainTag)) return plain();
  const gzipTag = `${plainTag.slice(0, -1)}-gzip"`;
  const packedHeaders = { ...headers, etag: gzipTag, "content-encoding": "gzip" };
  // Named before: it was worth it then. The same runtime makes the same bytes, so nothing has to be compressed to know.
  if (isKnown(request, gzipTag)) return notModified(packedHeaders);
  const packed = await gzipped(representation.body);
  return packed === null ? plain() : withBody(request, packed, { headers: packedHeaders, encodeBody: "manual" });
}

type Headers200 = Readonly<Record<string, string>> & { readonly etag: string };
interface Init200 extends Pick<ResponseInit, "status" | "encodeBody"> {
  readonly headers: Headers200;
}

function commonHeaders({ contentType, cacheControl }: Representation): Readonly<Record<string, string>> {
  return { ...PUBLIC_READ, "cache-control": cacheControl, "content-type": contentType, "accept-ranges": "bytes" };
}

const entityTag = ({ body }: Representation): string => `"${encodeHex(sha256(body).subarray(0, 16))}"`;

function respondPlain(request: Request, { body }: Representation, headers: Headers200): Response {
  if (isKnown(request, headers.etag)) return notModified(headers);
  const range = askedRange(request, headers.etag, body.length);
  switch (range.kind) {
    case "whole":
      return withBody(request, body, { headers });
    case "part": {
      const { start, end } = range;
      const partial = { ...headers, "content-range": `bytes ${start}-${end - 1}/${body.length}` };
      return withBody(request, body.subarray(start, end), { status: 206, headers: partial });
    }
    case "unsatisfiable": {
      const refused = {
        ...PUBLIC_READ,
        "cache-control": CACHE_CONTROL.none,
        "content-range": `bytes */${body.length}`,
      };
      return new Response(null, { status: 416, headers: refused });
    }
    default:
      return unreachable(range);
  }
}

/** A part counts for GET only (§14.2), and only of the very bytes that If-Range names: a date never is that precise (§13.1.5). */
function askedRange({ method, headers }: Request, etag: string, length: number): AskedRange {
  const ifRange = headers.get("if-range");
  const counts = method === "GET" && (ifRange === null || ifRange === etag);
  return parseRange(counts ? headers.get("range") : null, length);
}

/** HEAD gets the headers alone, with the length that GET has. */
function withBody({ method }: Request, body: Uint8Array, { headers, ...init }: Init200): Response {
  const withLength = { ...headers, "content-length": String(body.length) };
  return new Response(method === "HEAD" ? null : body, { ...init, headers: withLength });
}

/** §15.4.5: what a cache needs to go on with what it has, and nothing of the body. */
function notModified({ "content-type": _type, "content-encoding": _encoding, ...headers }: Headers200): Response {
  return new Response(null, { status: 304, headers });
}

/** Weak comparison, as RFC 9110 §13.1.2 demands: a proxy that compresses makes a strong validator weak. */
function isKnown({ headers }: Request, etag: string): boolean {
  const tags = (headers.get("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.some((tag) => tag === etag || tag === "*");
}
