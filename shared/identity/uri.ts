// SPDX-License-Identifier: Apache-2.0
// URIs as they stand in a subjectAltName. Verifiers compare the whole string with what Fulcio writes, and Fulcio writes what
// Go's url.Parse(x).String() makes of x. `new URL(x).href` is something else: it lower-cases the host, drops default
// ports, collapses dots and adds a slash. Spec: https://pkg.go.dev/net/url (go1.26); RFC 3986 §2, §3.

import { encodeHex } from "../bytes/hex.ts";
import { encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";

export interface UriError {
  readonly code: "uri_invalid";
}

/** Bytes that stand as they are once a component has to be escaped: unreserved ones and those below, per component. */
const UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
const COMPONENT = {
  path: { plain: bytesOf(`${UNRESERVED}$&+,/:;=@`), kept: bytesOf(`${UNRESERVED}$&+,/:;=@!'()*[]%`) },
  fragment: { plain: bytesOf(`${UNRESERVED}$&+,/:;=?@!()*`), kept: bytesOf(`${UNRESERVED}$&+,/:;=?@!'()*[]%`) },
} as const;

function bytesOf(ascii: string): ReadonlySet<number> {
  return new Set(encodeUtf8(ascii));
}

/**
 * Scheme and authority in the shape that our templates have: a host name and perhaps a port; no user, no IP literal, no escapes. A
 * label of the name is not empty: Go's x509, and so cosign, reads no certificate with such a URI.
 */
const AUTHORITY = String.raw`https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?`;
/** Path, query and fragment behind it, or all of it as one path. */
const PARSED = new RegExp(String.raw`^(${AUTHORITY})((?:/[^?#]*)?)((?:\?[^#]*)?)((?:#.*)?)$`, "s");
const JOINED = new RegExp(`^(${AUTHORITY})(/.*)$`, "s");
const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
// oxlint-disable-next-line no-control-regex -- exactly these must be found
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Normalizes an absolute http(s) URI as Go does: path and fragment keep their spelling if it is a valid one, and are escaped
 * whole otherwise. The result is ASCII. Fails with uri_invalid: another shape, a control character, `%` without two hex
 * digits, a query that is not ASCII.
 */
export function normalizeUri(text: string): Result<string, UriError> {
  const match = CONTROL.test(text) || !text.isWellFormed() ? null : PARSED.exec(text);
  if (match === null) return err({ code: "uri_invalid" });
  const [, base = "", path = "", query = "", hash = ""] = match;
  const fragment = hash.slice(1);
  // Go passes a query through as it is; outside ASCII it would not fit an IA5String.
  if (BAD_ESCAPE.test(path) || BAD_ESCAPE.test(fragment) || encodeUtf8(query).length !== query.length) {
    return err({ code: "uri_invalid" });
  }
  const end = fragment === "" ? "" : `#${escapeComponent(fragment, "fragment")}`;
  return ok(`${base}${escapeComponent(path, "path")}${query}${end}`);
}

/**
 * Writes a host with a path behind it as Go's URL.JoinPath does: `?` and `#` are of the path, so they are escaped, and a path
 * with any such character is escaped whole. Fails with uri_invalid as normalizeUri does, and for what Go would clean away:
 * a segment that is empty or dots makes the name of something else.
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

/** The text itself if every byte may stand in the component, otherwise decoded and escaped anew, byte by byte. */
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
