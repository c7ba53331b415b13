// SPDX-License-Identifier: Apache-2.0
// UTF-8, refusing what is not well-formed and keeping a byte order mark as what it is: a character.

import { err, ok, type Result } from "../result.ts";

export interface Utf8Error {
  readonly code: "utf8_invalid";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Decodes well-formed UTF-8. Fails with utf8_invalid. */
export function decodeUtf8(bytes: Uint8Array): Result<string, Utf8Error> {
  try {
    return ok(decoder.decode(bytes));
  } catch {
    return err({ code: "utf8_invalid" });
  }
}
