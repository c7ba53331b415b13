// SPDX-License-Identifier: Apache-2.0
// Which URLs an issuer or its keys may have: the addresses that this service is willing to fetch.
// Spec: OpenID Connect Core 1.0 §2 (iss); OpenID Connect Discovery 1.0 §3.

import { err, ok, type Result } from "../result.ts";

/** A URL that may be fetched. */
export interface IssuerUrl {
  /** As given; compared with `iss` as a whole string. */
  readonly href: string;
  /** localhost, 127.0.0.0/8, 0.0.0.0 or [::1]: the machine itself, whose issuer proves nothing to others. */
  readonly isLoopback: boolean;
}

/** The URL is malformed or not allowed. */
export interface IssuerUrlError {
  readonly code: "issuer_url_invalid";
  /** Completes "<setting or member> …". */
  readonly reason: string;
}

/** Longer than any issuer's URL. */
const MAX_URL_LENGTH = 512;

/**
 * Parses an issuer's URL: https (http for a loopback host) without user name, query or fragment, spelled as a URL
 * parser prints it except for the slash after a bare host. Fails with issuer_url_invalid.
 */
export function parseIssuerUrl(text: string): Result<IssuerUrl, IssuerUrlError> {
  const fetchable = parseFetchableUrl(text);
  if (!fetchable.ok) return fetchable;
  const { href } = new URL(text);
  if (/[?#]/.test(text)) return fail("must not have a query or fragment");
  if (href !== text && href !== `${text}/`) return fail(`must be spelled ${href.replace(/\/$/, "")}`);
  return fetchable;
}

/** Parses the URL of a key set: https (http for a loopback host) without a user name. Fails with issuer_url_invalid. */
export function parseFetchableUrl(text: string): Result<IssuerUrl, IssuerUrlError> {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text) ? new URL(text) : null;
  if (url === null) return fail("is not a URL");
  const isLoopback = isLoopbackHost(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) return fail("must start with https://");
  if (url.username !== "" || url.password !== "") return fail("must not contain a user name or password");
  return ok({ href: text, isLoopback });
}

function isLoopbackHost(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\]|\[::\])$/.test(hostname);
}

const fail = (reason: string): Result<never, IssuerUrlError> => err({ code: "issuer_url_invalid", reason });
