// SPDX-License-Identifier: Apache-2.0
// The URLs that an issuer or its keys may have: addresses that this service is willing to fetch.
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

/** The origin of an issuer's keys: its own address, or the configuration. */
export type KeyOrigin = "fetched" | "static";

/**
 * Parses an issuer's URL without user name, query or fragment: https, or http for a loopback host and for an issuer
 * whose keys are not fetched. Providers write the host in upper case and the default port, and an issuer is compared as
 * a string, so these spellings stay; a URL parser must not change anything else. Fails with issuer_url_invalid.
 */
export function parseIssuerUrl(text: string, keys: KeyOrigin = "fetched"): Result<IssuerUrl, IssuerUrlError> {
  const parsed = parseUrl(text, keys);
  if (!parsed.ok) return parsed;
  const { href } = new URL(text);
  if (/[?#]/.test(text)) return fail("must not have a query or fragment");
  const plain = toPlain(text);
  return href === plain || href === `${plain}/` ? parsed : fail(`must be spelled ${href.replace(/\/$/, "")}`);
}

/** The URL with its host in lower case and without the scheme's default port. */
function toPlain(text: string): string {
  const [, scheme = "", authority = "", path = ""] = /^(https?):\/\/([^/]*)(.*)$/s.exec(text) ?? [];
  const port = scheme === "https" ? /:443$/ : /:80$/;
  return `${scheme}://${authority.toLowerCase().replace(port, "")}${path}`;
}

/** Parses the URL of a key set: https (http for a loopback host) without a user name. Fails with issuer_url_invalid. */
export const parseFetchableUrl = (text: string): Result<IssuerUrl, IssuerUrlError> => parseUrl(text, "fetched");

function parseUrl(text: string, keys: KeyOrigin): Result<IssuerUrl, IssuerUrlError> {
  const url = text.length <= MAX_URL_LENGTH && URL.canParse(text) ? new URL(text) : null;
  if (url === null) return fail("is not a URL");
  const isLoopback = isLoopbackHost(url.hostname);
  const mayBeHttp = isLoopback || keys === "static";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && mayBeHttp)) return fail("must start with https://");
  if (url.username !== "" || url.password !== "") return fail("must not contain a user name or password");
  return ok({ href: text, isLoopback });
}

function isLoopbackHost(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1\]|\[::\])$/.test(hostname);
}

const fail = (reason: string): Result<never, IssuerUrlError> => err({ code: "issuer_url_invalid", reason });
