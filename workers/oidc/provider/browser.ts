// SPDX-License-Identifier: Apache-2.0
// Recognizes the browser that a sign-in is in by a random cookie, made once and shared by all sign-ins of the browser,
// so that parallel ones do not disturb each other. Sealed texts hold its hash. Sign-ins that begin at once in a browser
// without a cookie each make one; each cookie is named by its own hash, so that none replaces another.

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
/** The name of the cookie has as many characters of the hash. */
const NAMING_CHARACTERS = 8;
/** A browser has one, and one more for each sign-in that began at once with the first. */
const MAX_READ = 8;
/** The prefix needs https, so a local stack goes without it. */
const nameOf = ({ href }: PublicUrl, name: string): string =>
  `${href.startsWith("https:") ? "__Host-" : ""}sigedge-${name}`;
const BROWSER = "browser";
const CONFIRMED = "confirmed";

/** Whether the request comes from the browser with this hash. */
export function isFromBrowser(request: Request, publicUrl: PublicUrl, hash: string): boolean {
  const value = readCookie(request, browserCookieName(publicUrl, hash));
  return value !== null && hashOf(value) === hash;
}

const browserCookieName = (publicUrl: PublicUrl, hash: string): string =>
  nameOf(publicUrl, `${BROWSER}-${hash.slice(0, NAMING_CHARACTERS)}`);

/** The hash of the first cookie that is under its own name; null if there is none. */
function findBrowser(request: Request, publicUrl: PublicUrl): string | null {
  const ours = readCookies(request).filter(
    ({ name, value }) => name.startsWith(nameOf(publicUrl, `${BROWSER}-`)) && COOKIE.test(value),
  );
  for (const { name, value } of ours.slice(0, MAX_READ)) {
    const hash = hashOf(value);
    if (name === browserCookieName(publicUrl, hash)) return hash;
  }
  return null;
}

/** The browser that sent the request, which gets a cookie if it has none. */
export function markBrowser(request: Request, publicUrl: PublicUrl, { randomBytes }: Platform): Browser {
  const known = findBrowser(request, publicUrl);
  if (known !== null) return { hash: known, cookie: null };
  const value = encodeBase64Url(randomBytes(COOKIE_BYTES));
  const hash = hashOf(value);
  return { hash, cookie: formatCookie(publicUrl, { name: browserCookieName(publicUrl, hash), value }) };
}

/** The sealed text that remembers a confirmation; null if there is none. */
export const readConfirmed = (request: Request, publicUrl: PublicUrl): string | null =>
  readCookie(request, nameOf(publicUrl, CONFIRMED));

/** The cookie that remembers a confirmation. */
export const makeConfirmedCookie = (publicUrl: PublicUrl, value: string, maxAgeSeconds: number): string =>
  formatCookie(publicUrl, { name: nameOf(publicUrl, CONFIRMED), value }, maxAgeSeconds);

const hashOf = (value: string): string => encodeBase64Url(sha256(encodeUtf8(value)).subarray(0, COOKIE_BYTES));

interface Cookie {
  readonly name: string;
  readonly value: string;
}

/**
 * Lax: the provider sends the browser back by a GET at the top level, which brings the cookie along.
 *
 * @param maxAgeSeconds null: until the browser closes
 */
function formatCookie(publicUrl: PublicUrl, { name, value }: Cookie, maxAgeSeconds: number | null = null): string {
  const secure = publicUrl.href.startsWith("https:") ? "; Secure" : "";
  const age = maxAgeSeconds === null ? "" : `; Max-Age=${maxAgeSeconds}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`;
}

const readCookie = (request: Request, wanted: string): string | null =>
  readCookies(request).find(({ name }) => name === wanted)?.value ?? null;

const readCookies = ({ headers }: Request): readonly Cookie[] =>
  (headers.get("cookie") ?? "").split(";").map((pair) => {
    const [name = "", ...rest] = pair.trim().split("=");
    return { name, value: rest.join("=") };
  });
