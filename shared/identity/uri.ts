// SPDX-License-Identifier: Apache-2.0
// Normalizes URIs for a subjectAltName. Verifiers compare the whole string with the one Fulcio writes, which is Go's
// url.Parse(x).String(). `new URL(x).href` differs: it lower-cases the host, drops default ports, collapses dots and
// adds a slash. Spec: https://pkg.go.dev/net/url (go1.26); RFC 3986 §2, §3.

import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";

/** The text is not a URI that may be written. */
export interface UriError {
  readonly code: "uri_invalid";
}

/** Bytes that are not escaped once a component needs escaping: unreserved ones, and those below per component. */
const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
const COMPONENT = {
  path: { plain: bytesOf(`${UNRESERVED}$&+,/:;=@`), kept: bytesOf(`${UNRESERVED}$&+,/:;=@!'()*[]%`) },
  fragment: { plain: bytesOf(`${UNRESERVED}$&+,/:;=?@!()*`), kept: bytesOf(`${UNRESERVED}$&+,/:;=?@!'()*[]%`) },
} as const;

function bytesOf(ascii: string): ReadonlySet<number> {
  return new Set(encodeUtf8(ascii));
}

/**
 * A host name with an optional port; no user, IPv6 address or escapes. Labels are not empty, since Go's x509, and so
 * cosign, rejects a certificate with such a URI. Some hosts have an underscore.
 */
const AUTHORITY = String.raw`//[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*(?::[0-9]*)?`;
/** Scheme (RFC 3986 §3.1), authority, path, query and fragment. Whatever is no authority counts as path. */
const PARTS = new RegExp(
  String.raw`^([A-Za-z][A-Za-z0-9+.-]*):((?:${AUTHORITY})?)([^?#]*)((?:\?[^#]*)?)((?:#.*)?)$`,
  "s",
);
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
// oxlint-disable-next-line no-control-regex -- matches exactly the control characters
const CONTROL = /[\u0000-\u001f\u007f]/;
/** Schemes whose URIs always have a host (RFC 9110 §4.2). */
const WITH_HOST = /^https?$/;

interface Parts {
  /** Scheme and authority, the scheme in lower case as Go writes it. */
  readonly base: string;
  readonly hasAuthority: boolean;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
}

function split(text: string): Parts | null {
  const match = CONTROL.test(text) || !text.isWellFormed() ? null : PARTS.exec(text);
  if (match === null) return null;
  const [, scheme = "", authority = "", path = "", query = "", hash = ""] = match;
  const hasAuthority = authority !== "";
  const isComplete = hasAuthority
    ? path === "" || path.startsWith("/")
    : path !== "" && !path.startsWith("//") && !WITH_HOST.test(scheme.toLowerCase());
  if (!isComplete) return null;
  return { base: `${scheme.toLowerCase()}:${authority}`, hasAuthority, path, query, fragment: hash.slice(1) };
}

/**
 * Normalizes a URI as Go does. Any scheme is accepted, since CI providers have their own: `p://org/project/pipeline`.
 * Path and fragment keep a valid spelling and are otherwise escaped entirely; what follows the scheme without a slash,
 * as in `urn:example:1`, and the query stay as they are. The result is ASCII. Fails with uri_invalid for a relative or
 * another shape, a control character, `%` without two hex digits, or a part without escapes that is not ASCII.
 */
export function normalizeUri(text: string): Result<string, UriError> {
  const parts = split(text);
  if (parts === null) return err({ code: "uri_invalid" });
  const { base, hasAuthority, path, query, fragment } = parts;
  const isOpaque = !hasAuthority && !path.startsWith("/");
  // Outside ASCII, what Go keeps unchanged would not fit into an IA5String.
  const kept = isOpaque ? path + query : query;
  const isWrong = (!isOpaque && BAD_ESCAPE.test(path)) || BAD_ESCAPE.test(fragment);
  if (isWrong || encodeUtf8(kept).length !== kept.length) return err({ code: "uri_invalid" });
  const end = fragment === "" ? "" : `#${escapeComponent(fragment, "fragment")}`;
  return ok(`${base}${isOpaque ? path : escapeComponent(path, "path")}${query}${end}`);
}

/**
 * Joins a host and the path after it as Go's URL.JoinPath does: `?` and `#` belong to the path and are escaped, and a
 * path with any such character is escaped entirely. Fails with uri_invalid as normalizeUri does, and for a segment that
 * is empty or dots: Go would remove it, and the name would belong to something else.
 */
export function joinUri(text: string): Result<string, UriError> {
  const parts = split(text);
  if (parts === null) return err({ code: "uri_invalid" });
  const path = text.slice(parts.base.length);
  const isClean = path
    .slice(1)
    .split("/")
    .every((segment) => !["", ".", ".."].includes(segment));
  return !parts.hasAuthority || !path.startsWith("/") || !isClean || BAD_ESCAPE.test(path)
    ? err({ code: "uri_invalid" })
    : ok(`${parts.base}${escapeComponent(path, "path")}`);
}

/** Returns the text if the component allows every byte; otherwise decodes it and escapes it again, byte by byte. */
function escapeComponent(text: string, component: keyof typeof COMPONENT): string {
  const { plain, kept } = COMPONENT[component];
  const bytes = encodeUtf8(text);
  if (bytes.every((byte) => kept.has(byte))) return text;
  let escaped = "";
  for (const byte of unescape(bytes)) {
    escaped += plain.has(byte) ? String.fromCharCode(byte) : `%${encodeHex(Uint8Array.of(byte)).toUpperCase()}`;
  }
  return escaped;
}

function unescape(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const digits = byte === 0x25 ? String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0) : null;
    out.push(digits === null ? byte : Number.parseInt(digits, 16));
    if (digits !== null) at += 2;
  }
  return Uint8Array.from(out);
}
