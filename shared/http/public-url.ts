// SPDX-License-Identifier: Apache-2.0
// The one address of a deployment. It is configuration and never the Host header: origins, issuers and certificates
// depend on it.

import { err, ok, type Result } from "../result.ts";

/** A parsed PUBLIC_URL. */
export interface PublicUrl {
  /** Scheme and authority without a trailing slash: `https://sigstore.example.com`, `http://localhost:8787`. */
  readonly href: string;
  /** Authority: `sigstore.example.com`, `localhost:8787`. */
  readonly host: string;
  /** Host name without the port: the origin of the signature log. */
  readonly hostname: string;
  /** localhost, 127.0.0.0/8 or [::1]: a development stack. */
  readonly isLoopback: boolean;
}

/** The text is not a usable PUBLIC_URL. */
export interface PublicUrlError {
  readonly code: "public_url_invalid";
  /** Completes "PUBLIC_URL …". */
  readonly reason: string;
}

const fail = (reason: string): Result<PublicUrl, PublicUrlError> => err({ code: "public_url_invalid", reason });

/**
 * Parses PUBLIC_URL. Clients join absolute paths and compare host names, so it may have only a scheme, host and port;
 * http is for loopback hosts only. Fails with public_url_invalid.
 */
export function parsePublicUrl(text: string): Result<PublicUrl, PublicUrlError> {
  if (!URL.canParse(text)) return fail("is not a URL; give it as https://HOST");
  const url = new URL(text);
  const isLoopback =
    url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol !== "https:" && url.protocol !== "http:") return fail("must start with https://");
  if (url.protocol === "http:" && !isLoopback)
    return fail("must start with https:// (http is for loopback hosts only)");
  if (!HOST_NAME.test(url.hostname))
    return fail("has a host name with characters other than letters, digits, hyphens and dots");
  const href = `${url.protocol}//${url.host}`;
  const port = DEFAULT_PORTS[url.protocol];
  if (text === `${href}:${port}`) return fail(`must not name port ${port}, which is the default: ${href}`);
  if (text !== href) return fail(`must be scheme and host alone, in lower case, without a trailing slash: ${href}`);
  return ok({ href, host: url.host, hostname: url.hostname, isLoopback });
}

/**
 * Labels of a host name, or an IP address. The address is in origins, in certificates and in commands to paste, and
 * the URL parser accepts quotes, semicolons and dollar signs.
 */
const HOST_NAME = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/;

const DEFAULT_PORTS: Readonly<Record<"https:" | "http:", number>> = { "https:": 443, "http:": 80 };

/** Parses the setting PUBLIC_URL. The error completes "PUBLIC_URL …". */
export function parsePublicUrlSetting(text: string): Result<PublicUrl, string> {
  const url = parsePublicUrl(text);
  return url.ok ? url : err(url.error.reason);
}
