// SPDX-License-Identifier: Apache-2.0
// Compresses bodies as far as a request allows. Spec: RFC 9110 §12.5.3; RFC 1952.

/**
 * Returns what the client accepts. Cloudflare rewrites the header before a Worker sees it and keeps the original in
 * `cf`.
 */
export function acceptEncodingOf({ cf, headers }: Pick<Request, "cf" | "headers">): string | null {
  const own: unknown = cf?.["clientAcceptEncoding"];
  return typeof own === "string" ? own : headers.get("accept-encoding");
}

/** Whether an Accept-Encoding header accepts gzip and does not prefer the plain form. An absent header does not. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const weights = new Map((acceptEncoding ?? "").split(",").map(weightOf));
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0;
  return gzip > 0 && gzip >= (weights.get("identity") ?? 0);
}

/** Parses `gzip;q=0.5` to gzip and 0.5. A malformed weight counts as 0, not accepted. */
function weightOf(item: string): readonly [coding: string, weight: number] {
  const [coding = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
  const [weight = "q=1"] = parameters;
  const isWeight = parameters.length < 2 && /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight);
  return [coding, isWeight ? Number(weight.slice(2)) : 0];
}

/** A body below this fits in one packet uncompressed. */
const MIN_BYTES = 1400;
/** Compression takes 13 ms of CPU per MiB, and the Workers Free plan allows a request 10 ms in all. */
const MAX_BYTES = 512 * 1024;
/** A smaller saving is not worth the client's work. */
const MAX_RATIO = 0.9;

/** Compresses the body; returns null if that does not pay. */
export async function compress(body: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body.length < MIN_BYTES || body.length > MAX_BYTES) return null;
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  return packed.length <= MAX_RATIO * body.length ? packed : null;
}
