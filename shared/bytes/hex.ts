// SPDX-License-Identifier: Apache-2.0
// Hexadecimal, lower case out, either case in.

import { err, ok, type Result } from "../result.ts";

export interface HexError {
  readonly code: "hex_invalid";
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex, two digits a byte. */
export function encodeHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += DIGITS[byte];
  return out;
}

/** Parses an even number of hex digits, nothing else. Fails with hex_invalid. */
export function decodeHex(text: string): Result<Uint8Array<ArrayBuffer>, HexError> {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return err({ code: "hex_invalid" });
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return ok(out);
}
