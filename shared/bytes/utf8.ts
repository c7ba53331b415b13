// SPDX-License-Identifier: Apache-2.0
// Strict UTF-8: rejects malformed sequences and keeps a byte order mark as the character it is.

import { err, ok, type Result } from "../result.ts";

/** The bytes are not well-formed UTF-8. */
export interface Utf8Error {
  readonly code: "utf8_invalid";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Encodes `text` as UTF-8. */
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
