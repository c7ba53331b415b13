// SPDX-License-Identifier: Apache-2.0
// A deployment whose PUBLIC_URL is https answers https only. Cloudflare passes plain http on unless the zone is set to
// redirect it, and a token in such a request can be read by everybody on its way. Spec: RFC 6797 §7; RFC 9110 §15.4.9.

import type { Result } from "../../shared/result.ts";
import type { FrontConfig } from "./config.ts";

type Config = Result<FrontConfig, unknown>;

/** A year. Other names of the domain are not ours to decide on. */
const STRICT_TRANSPORT = { "strict-transport-security": "max-age=31536000" };

/** Whether requests must be encrypted. A loopback host never leaves the machine, and other ports of it are not ours. */
const isHttpsOnly = (config: Config): boolean =>
  config.ok && !config.value.publicUrl.isLoopback && config.value.publicUrl.href.startsWith("https:");

const isEncrypted = ({ url }: Request): boolean => url.startsWith("https:");

/** The headers that make browsers use https from now on; §7.2 forbids them in a response over http. */
export const transportHeaders = (request: Request, config: Config): Readonly<Record<string, string>> =>
  isHttpsOnly(config) && isEncrypted(request) ? STRICT_TRANSPORT : {};

/**
 * The answer to a request over http for a host of the deployment: reads are redirected, the rest is refused, so that
 * senders of tokens notice. Null for any other request.
 */
export function rejectInsecure(request: Request, config: Config): Response | null {
  if (isEncrypted(request) || !config.ok || !isHttpsOnly(config)) return null;
  const { hostname, pathname, search } = new URL(request.url);
  const { publicUrl, logs } = config.value;
  const base = [publicUrl.href, ...logs.map(({ baseUrl }) => baseUrl)]
    .map((href) => new URL(href))
    .find((url) => url.hostname === hostname);
  if (base === undefined) return null;
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  if (request.method === "GET" || request.method === "HEAD") {
    return new Response(null, { status: 308, headers: { ...headers, location: `${base.origin}${pathname}${search}` } });
  }
  const text = `${base.origin} answers https only. This request was not encrypted: treat any token in it as compromised.\n`;
  return new Response(text, { status: 403, headers });
}
