// SPDX-License-Identifier: Apache-2.0
// The bytes that TUF signs: canonical JSON as OLPC defined it. It has no white space and sorts members by name, and
// strings escape only quotes and backslashes: a line feed in a PEM text stays a line feed.
// Spec: https://wiki.laptop.org/go/Canonical_JSON;
// https://theupdateframework.github.io/specification/v1.0.31/#metaformat

import { encodeUtf8 } from "../bytes/utf8.ts";

/** A JSON value without fractions: canonical JSON has integers only. */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [name: string]: CanonicalValue | undefined };

/** Encodes canonical JSON. Omits undefined members. Throws TypeError for a value that canonical JSON cannot express. */
export const canonicalJson = (value: CanonicalValue): Uint8Array => encodeUtf8(write(value));

function write(value: CanonicalValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return integer(value);
  return Array.isArray(value) ? `[${value.map(write).join(",")}]` : object(value as Record<string, CanonicalValue>);
}

function object(members: Readonly<Record<string, CanonicalValue | undefined>>): string {
  const written = Object.entries(members)
    .flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
    // Sorts by UTF-16 units. Sorting by bytes gives the same order for every name that metadata.ts allows.
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, value }) => `${quote(name)}:${write(value)}`);
  return `{${written.join(",")}}`;
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError("canonical JSON has integers only");
  return String(value);
}
