// SPDX-License-Identifier: Apache-2.0
// Hexadecimal: prints lower case, parses either case.

import { err, ok, type Result } from "../result.ts";

/** The text is not hexadecimal. */
export interface HexError {
  readonly code: "hex_invalid";
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Encodes in lower case, two digits per byte. */
export function encodeHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += DIGITS[byte];
  return out;
}

/** Decodes an even number of hex digits and nothing else. Fails with hex_invalid. */
export function decodeHex(text: string): Result<Uint8Array<ArrayBuffer>, HexError> {
  if (text.length % 2 !== 0) return err({ code: "hex_invalid" });
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) {
    const byte = (digit(text.charCodeAt(2 * i)) << 4) | digit(text.charCodeAt(2 * i + 1));
    if (byte < 0) return err({ code: "hex_invalid" });
    out[i] = byte;
  }
  return ok(out);
}

/** Returns the value of a digit's character code; -1 for any other, which stays negative in a bitwise OR. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  // Upper and lower case differ in bit 5.
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
