// SPDX-License-Identifier: Apache-2.0
// Which browser a sign-in is in: one random cookie, made once and shared by all sign-ins of the browser, so that
// parallel ones do not disturb each other. Sealed texts hold its hash.
// Spec: RFC 6265bis §4.1.3.2 (__Host-); RFC 9700 §4.7

import { sha256 } from "#sha256";
import { encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import type { PublicUrl } from "../../../shared/http/public-url.ts";
import type { Platform } from "../platform.ts";

/** The browser in front of us. */
export interface Browser {
  /** 128 bits of the cookie's SHA-256, base64url. */
  readonly hash: string;
  /** The cookie to set; null if the browser has it. */
  readonly cookie: string | null;
}

const COOKIE_BYTES = 16;
const COOKIE = /^[A-Za-z0-9_-]{22}$/;
/** The prefix needs https, so a local stack goes without it. */
const nameOf = ({ href }: PublicUrl, name: string): string =>
  `${href.startsWith("https:") ? "__Host-" : ""}sigedge-${name}`;
const BROWSER = "browser";
const CONFIRMED = "confirmed";

/** The browser that sent the request; null if it has no cookie of ours. */
export function readBrowser(request: Request, publicUrl: PublicUrl): Browser | null {
  const value = readCookie(request, nameOf(publicUrl, BROWSER));
  return value !== null && COOKIE.test(value) ? { hash: hashOf(value), cookie: null } : null;
}

/** The browser that sent the request, which gets a cookie if it has none. */
export function markBrowser(request: Request, publicUrl: PublicUrl, { randomBytes }: Platform): Browser {
  const known = readBrowser(request, publicUrl);
  if (known !== null) return known;
  const value = encodeBase64Url(randomBytes(COOKIE_BYTES));
  return { hash: hashOf(value), cookie: formatCookie(publicUrl, { name: BROWSER, value, maxAgeSeconds: null }) };
}

/** The sealed text that remembers a confirmation; null if there is none. */
export const readConfirmed = (request: Request, publicUrl: PublicUrl): string | null =>
  readCookie(request, nameOf(publicUrl, CONFIRMED));

/** The cookie that remembers a confirmation. */
export const makeConfirmedCookie = (publicUrl: PublicUrl, value: string, maxAgeSeconds: number): string =>
  formatCookie(publicUrl, { name: CONFIRMED, value, maxAgeSeconds });

const hashOf = (value: string): string => encodeBase64Url(sha256(encodeUtf8(value)).subarray(0, COOKIE_BYTES));

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Null: until the browser closes. */
  readonly maxAgeSeconds: number | null;
}

/** Lax: the provider sends the browser back by a GET at the top level, which brings the cookie along. */
function formatCookie(publicUrl: PublicUrl, { name, value, maxAgeSeconds }: Cookie): string {
  const secure = publicUrl.href.startsWith("https:") ? "; Secure" : "";
  const age = maxAgeSeconds === null ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${nameOf(publicUrl, name)}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`;
}

function readCookie({ headers }: Request, name: string): string | null {
  for (const pair of (headers.get("cookie") ?? "").split(";")) {
    const [key, ...rest] = pair.trim().split("=");
    if (key === name) return rest.join("=");
  }
  return null;
}
