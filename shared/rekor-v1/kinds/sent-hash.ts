// SPDX-License-Identifier: Apache-2.0
// The hash that a client may send beside a file: it is optional, and must be that of the file, in lower case.

import { isObject, member } from "../../json/member.ts";

/** The rule of the reference's schema that the hash breaks. @param name the member that has the file and its hash */
export function findHashFailure(hash: unknown, name: string): string | null {
  if (!isObject(hash)) return null;
  const { algorithm, value } = hash;
  const path = `${name}.${name}.hash.${name}.hash`;
  if (typeof algorithm !== "string") return `${path}.algorithm in body is required`;
  if (algorithm !== "sha256") return `${path}.algorithm in body should be one of [sha256]`;
  return typeof value === "string" ? null : `${path}.value in body is required`;
}

/**
 * Compares the hash with that of the file.
 * @param empty the name of the member whose file is empty; null if it is not
 */
export function findHashProblem(hash: unknown, digest: string, empty: string | null): string | null {
  const value = isObject(hash) ? member(hash, "value") : null;
  if (typeof value !== "string") return empty === null ? null : `'content' must be specified for ${empty}`;
  if (value === "") return "missing hash value";
  if (!/^[0-9a-f]{64}$/i.test(value)) return "invalid value for hash";
  if (value !== digest) return `SHA mismatch: ${digest} != ${value}`;
  return empty === null ? null : `entry not insertable into log: missing ${empty} content`;
}
