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
 * Scheme and authority as our templates form them: a host name with an optional port; no user, IP literal or escapes.
 * Labels are not empty, since Go's x509, and so cosign, rejects a certificate with such a URI.
 */
const AUTHORITY = String.raw`https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?`;
/** Path, query and fragment after it, or the rest as one path. */
const PARSED = new RegExp(String.raw`^(${AUTHORITY})((?:/[^?#]*)?)((?:\?[^#]*)?)((?:#.*)?)$`, "s");
const JOINED = new RegExp(`^(${AUTHORITY})(/.*)$`, "s");
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
// oxlint-disable-next-line no-control-regex -- matches exactly the control characters
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Normalizes an absolute http(s) URI as Go does: path and fragment keep a valid spelling and are otherwise escaped
 * entirely. The result is ASCII. Fails with uri_invalid for another shape, a control character, `%` without two hex
 * digits, or a query that is not ASCII.
 */
export function normalizeUri(text: string): Result<string, UriError> {
  const match = CONTROL.test(text) || !text.isWellFormed() ? null : PARSED.exec(text);
  if (match === null) return err({ code: "uri_invalid" });
  const [, base = "", path = "", query = "", hash = ""] = match;
  const fragment = hash.slice(1);
  // Go keeps a query unchanged. Outside ASCII it would not fit into an IA5String.
  if (BAD_ESCAPE.test(path) || BAD_ESCAPE.test(fragment) || encodeUtf8(query).length !== query.length) {
    return err({ code: "uri_invalid" });
  }
  const end = fragment === "" ? "" : `#${escapeComponent(fragment, "fragment")}`;
  return ok(`${base}${escapeComponent(path, "path")}${query}${end}`);
}

/**
 * Joins a host and the path after it as Go's URL.JoinPath does: `?` and `#` belong to the path and are escaped, and a
 * path with any such character is escaped entirely. Fails with uri_invalid as normalizeUri does, and for a segment that
 * is empty or dots: Go would remove it, and the name would belong to something else.
 */
export function joinUri(text: string): Result<string, UriError> {
  const match = CONTROL.test(text) || !text.isWellFormed() ? null : JOINED.exec(text);
  const [, base = "", path = ""] = match ?? [];
  const isClean = path
    .slice(1)
    .split("/")
    .every((segment) => !["", ".", ".."].includes(segment));
  return match === null || !isClean || BAD_ESCAPE.test(path)
    ? err({ code: "uri_invalid" })
    : ok(`${base}${escapeComponent(path, "path")}`);
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
