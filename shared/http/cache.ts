// SPDX-License-Identifier: Apache-2.0
// Responses to reads: each says how long it may be cached, has a validator, serves ranges, and is readable by any web
// page.
// Spec: RFC 9110 §8.8.3, §13.1, §14; RFC 9111 §5.2.2; RFC 8246; Fetch §3.2 (CORS).

import { sha256 } from "#sha256";
import { encodeHex } from "../bytes/hex.ts";
import { unreachable } from "../unreachable.ts";
import { acceptEncodingOf, acceptsGzip, compress } from "./encoding.ts";
import { type AskedRange, parseRange } from "./range.ts";

/** Cache-Control values, by what is known of the response's future. */
export const CACHE_CONTROL = {
  /**
   * Never changes: a full tile, a full bundle, an issuer certificate. One year, the practical maximum under RFC 9111.
   */
  immutable: "public, max-age=31536000, immutable",
  /** Never changes, but a wider one soon supersedes it: a partial tile. */
  partial: "public, max-age=60",
  /** Depends on the operator's settings: accepted roots. */
  settings: "public, max-age=60",
  /** Superseded by the next round: a checkpoint. */
  head: "public, max-age=1",
  /** Changes with the next entry, and has a validator: asking again is cheap. */
  revalidate: "no-cache",
  /** Errors and "not yet": if cached, they would hide the response that exists a second later. */
  none: "no-store",
} as const;

/** Lets a page of another origin read the response and all its headers. Everything served with it is public. */
export const PUBLIC_READ: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "*",
};

/** Answers OPTIONS for resources that any page may read; a browser asks before it sends If-None-Match, for example. */
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

/** A body with its metadata. */
export interface Representation {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** One of CACHE_CONTROL. */
  readonly cacheControl: string;
}

/**
 * Responds with 200 and a strong ETag (of the body's SHA-256), 304 if the request has it, or 206 or 416 for a range.
 */
export function respondWith(request: Request, representation: Representation): Response {
  return respondPlain(request, representation, { ...commonHeaders(representation), etag: entityTag(representation) });
}

/**
 * Responds like respondWith, gzipped under its own ETag if the request allows it and it pays. Ranges are always of the
 * plain form, so that nobody joins pieces of two compressions.
 */
export async function respondCompressed(request: Request, representation: Representation): Promise<Response> {
  const plainTag = entityTag(representation);
  const headers = { ...commonHeaders(representation), vary: "accept-encoding" };
  const sendPlain = (): Response => respondPlain(request, representation, { ...headers, etag: plainTag });
  const isPlainAsked = request.headers.has("range") || !acceptsGzip(acceptEncodingOf(request));
  // A client that already holds the plain form gets 304 rather than the other form.
  if (isPlainAsked || isKnown(request, plainTag)) return sendPlain();
  const gzipTag = `${plainTag.slice(0, -1)}-gzip"`;
  const packedHeaders = { ...headers, etag: gzipTag, "content-encoding": "gzip" };
  // The client holds the gzip variant, so it exists. The same runtime makes the same bytes, so nothing is compressed
  // here.
  if (isKnown(request, gzipTag)) return answerNotModified(packedHeaders);
  const packed = await compress(representation.body);
  return packed === null ? sendPlain() : withBody(request, packed, { headers: packedHeaders, encodeBody: "manual" });
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
  if (isKnown(request, headers.etag)) return answerNotModified(headers);
  const range = selectRange(request, headers.etag, body.length);
  switch (range.kind) {
    case "whole":
      return withBody(request, body, { headers });
    case "part": {
      const { start, end } = range;
      const partial = { ...headers, "content-range": `bytes ${start}-${end - 1}/${body.length}` };
      return withBody(request, body.subarray(start, end), { status: 206, headers: partial });
    }
    case "unsatisfiable": {
      const unsatisfied = {
        ...PUBLIC_READ,
        "cache-control": CACHE_CONTROL.none,
        "content-range": `bytes */${body.length}`,
      };
      return new Response(null, { status: 416, headers: unsatisfied });
    }
    default:
      return unreachable(range);
  }
}

/**
 * Ranges apply to GET only (§14.2), and only to the exact bytes that If-Range names: a date is too imprecise (§13.1.5).
 */
function selectRange({ method, headers }: Request, etag: string, length: number): AskedRange {
  const ifRange = headers.get("if-range");
  const counts = method === "GET" && (ifRange === null || ifRange === etag);
  return parseRange(counts ? headers.get("range") : null, length);
}

/** HEAD gets the headers alone, with the length that GET would have. */
function withBody({ method }: Request, body: Uint8Array, { headers, ...init }: Init200): Response {
  const withLength = { ...headers, "content-length": String(body.length) };
  return new Response(method === "HEAD" ? null : body, { ...init, headers: withLength });
}

/** §15.4.5: the headers a cache needs to keep using its copy, none that describe the body. */
function answerNotModified({ "content-type": _type, "content-encoding": _encoding, ...headers }: Headers200): Response {
  return new Response(null, { status: 304, headers });
}

/** Weak comparison, as RFC 9110 §13.1.2 requires: a proxy that compresses weakens a strong validator. */
function isKnown({ headers }: Request, etag: string): boolean {
  const tags = (headers.get("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.some((tag) => tag === etag || tag === "*");
}
