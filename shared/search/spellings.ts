// SPDX-License-Identifier: Apache-2.0
// What people write when they search, and the terms that it names: digests, identities and keys in the spellings of
// other tools. Null for a text that names nothing, so that the answer is never a wrong "none".

import { decodeProtoBase64 } from "../bytes/base64.ts";
import { encodeHex } from "../bytes/hex.ts";
import { digestTerm, emailTerm, keyTerm, nameTerm } from "./terms.ts";

/** The terms of which an entry must have one. */
export type Terms = readonly [string, ...string[]];

/** Digests of artifacts and of attestation subjects, with the names and lengths of in-toto's digest_set.md. */
const NAMED =
  /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|sha1:[0-9a-f]{40}|git(?:Commit|Tree|Blob|Tag):(?:[0-9a-f]{40}|[0-9a-f]{64}))$/i;
/** Digits of a bare digest → its names. Git's are as long as SHA-1's. */
const BARE: Readonly<Record<number, readonly [string, ...string[]]>> = {
  40: ["sha1", "gitcommit"],
  64: ["sha256"],
  96: ["sha384"],
  128: ["sha512"],
};
/** Subresource Integrity, which npm uses too: `sha512-<base64>`. Some tools put hex after the hyphen. */
const HYPHENATED = /^(sha(?:256|384|512))-(.+)$/i;
const HEX = /^[0-9a-f]+$/i;
/** What precedes the digest in a reference to a container image. */
const IMAGE = /^[^\s@]+@(?=sha)/;

/**
 * `sha256:<hex>`, bare hex, `sha256-<hex>`, `sha512-<base64>`, `image@sha256:<hex>`; hex in any case. A raw + in a
 * query arrives as a blank.
 */
export function digestTerms(text: string): Terms | null {
  const digest = toNamed(text.replaceAll(" ", "+").replace(IMAGE, ""));
  if (NAMED.test(digest)) return [digestTerm(digest.toLowerCase())];
  const names = HEX.test(digest) ? BARE[digest.length] : undefined;
  if (names === undefined) return null;
  const [first, ...more] = names;
  const termOf = (name: string): string => digestTerm(`${name}:${digest.toLowerCase()}`);
  return [termOf(first), ...more.map(termOf)];
}

/** `sha512-<base64>` and `sha512-<hex>` → `sha512:<hex>`; every other text stays. */
function toNamed(digest: string): string {
  const [, name, value] = HYPHENATED.exec(digest) ?? [];
  if (name === undefined || value === undefined) return digest;
  const named = `${name}:${value}`;
  if (NAMED.test(named)) return named;
  const bytes = decodeProtoBase64(value);
  return bytes.ok ? `${name}:${encodeHex(bytes.value)}` : digest;
}

const ADDRESS = /^[^\s@*]+@[^\s@*]+$/;
const URI = /^[a-z][a-z0-9+.-]*:\//i;
/** The longest address that SMTP can carry (RFC 5321 §4.5.3.1.3). */
const MAX_ADDRESS_CHARS = 254;

/** A whole address. A URI that contains an @ is not one, and no address has a blank: a raw + arrives as one. */
export function emailTerms(text: string): Terms | null {
  const address = text.replaceAll(" ", "+");
  return ADDRESS.test(address) && !URI.test(address) && address.length <= MAX_ADDRESS_CHARS
    ? [emailTerm(address)]
    : null;
}

/** Longer than any name that the CA puts into a certificate. */
export const MAX_NAME_CHARS = 2048;

/** Whether a text can be compared with a whole name. A pattern cannot, and would silently find nothing. */
export const isWholeName = (text: string): boolean =>
  text !== "" && text.length <= MAX_NAME_CHARS && !text.includes("*");

/** A certificate's name as written, whatever its kind; an e-mail address in any case. */
export function identityTerms(text: string): Terms | null {
  if (!isWholeName(text)) return null;
  // An address has no blank, but a user name may, and a URI without a host: `repo:o/r:environment:a b`.
  const repaired = text.replaceAll(" ", "+");
  const names = [...new Set([text, repaired])];
  return [
    nameTerm({ kind: "email", value: repaired }),
    ...names.map((value) => nameTerm({ kind: "uri", value })),
    ...names.map((value) => nameTerm({ kind: "username", value })),
  ];
}

const SHA256_HEX = /^(?:sha256:)?([0-9a-f]{64})$/i;

/** The hex SHA-256 of a SubjectPublicKeyInfo. */
export function publicKeyTerms(text: string): Terms | null {
  const [, hex] = SHA256_HEX.exec(text) ?? [];
  return hex === undefined ? null : [keyTerm(hex.toLowerCase())];
}
