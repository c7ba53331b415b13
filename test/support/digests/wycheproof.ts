// SPDX-License-Identifier: Apache-2.0
// Reads the signature vectors of test/vectors/wycheproof.

import { readFileSync } from "node:fs";
import { decodeHex } from "../../../shared/bytes/hex.ts";

/** One test vector. */
export interface WycheproofCase {
  readonly name: string;
  readonly spki: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly isValid: boolean;
}

type Row = readonly [id: number, message: string, signature: string, result: string, comment: string];
interface File {
  readonly groups: readonly { readonly spki: string; readonly tests: readonly Row[] }[];
}

/** Every case of one file; "acceptable" counts as invalid. */
export function readWycheproof(file: string): readonly WycheproofCase[] {
  const text = readFileSync(new URL(`../../vectors/wycheproof/${file}.json`, import.meta.url).pathname, "utf8");
  const { groups } = JSON.parse(text) as File;
  return groups.flatMap(({ spki, tests }) =>
    tests.map(([id, message, signature, result, comment]) => ({
      name: `${file} ${id} ${comment}`,
      spki: bytes(spki),
      message: bytes(message),
      signature: bytes(signature),
      isValid: result === "valid",
    })),
  );
}

function bytes(hex: string): Uint8Array {
  const decoded = decodeHex(hex);
  if (!decoded.ok) throw new Error(`not hex: ${hex}`);
  return decoded.value;
}
