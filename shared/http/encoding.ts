// SPDX-License-Identifier: Apache-2.0
// Compression of bodies, as a request allows it. Spec: RFC 9110 §12.5.3; RFC 1952

/** What the client accepts: Cloudflare rewrites the header before a Worker sees it, and keeps the client's own in `cf`. */
export function acceptEncodingOf({ cf, headers }: Pick<Request, "cf" | "headers">): string | null {
  const own: unknown = cf?.["clientAcceptEncoding"];
  return typeof own === "string" ? own : headers.get("accept-encoding");
}

/** Whether an Accept-Encoding header takes gzip, and does not like the plain form better. An absent header takes none. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const weights = new Map((acceptEncoding ?? "").split(",").map(weightOf));
  const gzip = weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0;
  return gzip > 0 && gzip >= (weights.get("identity") ?? 0);
}

/** `gzip;q=0.5` → gzip and 0.5; a weight that is not of the grammar counts as 0: not accepted. */
function weightOf(item: string): readonly [coding: string, weight: number] {
  const [coding = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
  const [weight = "q=1"] = parameters;
  const isWeight = parameters.length < 2 && /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight);
  return [coding, isWeight ? Number(weight.slice(2)) : 0];
}

/** One packet carries it as it is. */
const MIN_BYTES = 1400;
/** Compressing takes 13 ms of CPU a MiB, and a request may have 10 ms in all on the Workers Free plan. */
const MAX_BYTES = 512 * 1024;
/** A saving below this is not worth the other side's work. */
const MAX_RATIO = 0.9;

/** The body gzipped, or null where that is not worth its price. */
export async function gzipped(body: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body.length < MIN_BYTES || body.length > MAX_BYTES) return null;
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  return packed.length <= MAX_RATIO * body.length ? packed : null;
}
