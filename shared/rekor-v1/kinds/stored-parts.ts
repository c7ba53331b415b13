// SPDX-License-Identifier: Apache-2.0
// Parts of the files of several kinds: members of their bodies, and lists that are not empty.

import { decodeBase64 } from "../../bytes/base64.ts";
import { member } from "../../json/member.ts";
import { parseVerifierChain, type Verifier } from "../verifier.ts";

/** Reads a verifier in base64; null if it is none. */
export function readVerifier(content: unknown): Verifier | null {
  const pem = typeof content === "string" ? decodeBase64(content) : null;
  const verifier = pem?.ok === true ? parseVerifierChain(pem.value) : null;
  return verifier?.ok === true ? verifier.value : null;
}

/** Reads a member with an algorithm and a value as `<algorithm>:<hex>` in lower case; null if it is not one. */
export function readDigest(spec: unknown, name: string): string | null {
  const [algorithm, value] = ["algorithm", "value"].map((part) => member(member(spec, name), part));
  return typeof algorithm === "string" && typeof value === "string" ? `${algorithm}:${value}`.toLowerCase() : null;
}

/** Whether a list has an item. */
export const isFilled = <T>(list: readonly T[]): list is readonly [T, ...T[]] => list.length > 0;

/** Maps a list that is not empty. */
export const mapFilled = <T, U>(
  [first, ...others]: readonly [T, ...T[]],
  map: (item: T) => U,
): readonly [U, ...U[]] => [map(first), ...others.map(map)];
