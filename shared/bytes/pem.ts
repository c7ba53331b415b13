// SPDX-License-Identifier: Apache-2.0
// PEM blocks. Spec: RFC 7468 §3, the strict form; text between blocks is rejected.

import { err, ok, type Result } from "../result.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

/** One block: its label and its decoded contents. */
export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array<ArrayBuffer>;
}

/** The text is not PEM, or has too many blocks. */
export interface PemError {
  readonly code: "pem_invalid" | "pem_too_many_blocks";
}

/** Enough for a certificate chain; a text with more is an attack on the parser. */
const MAX_BLOCKS = 16;
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*\r?\n([A-Za-z0-9+/=\r\n]*?)-----END \1-----[ \t]*(?:\r?\n|$)/y;

/** Encodes one block with 64 columns and a final newline, as Go's encoding/pem prints it. */
export function encodePem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/**
 * Parses one or more PEM blocks with only white space between and around them.
 * Fails with pem_invalid, also if there is no block, and with pem_too_many_blocks above `maxBlocks`.
 */
export function decodePem(text: string, maxBlocks = MAX_BLOCKS): Result<readonly PemBlock[], PemError> {
  const blocks: PemBlock[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    if (blocks.length === maxBlocks) return err({ code: "pem_too_many_blocks" });
    BLOCK.lastIndex = at;
    const match = BLOCK.exec(text);
    const der = match === null ? null : decodeBase64((match[2] ?? "").replace(/[\r\n]+/g, ""));
    if (match === null || der === null || !der.ok) return err({ code: "pem_invalid" });
    blocks.push({ label: match[1] ?? "", der: der.value });
    at = skipSpace(text, at + match[0].length);
  }
  return blocks.length > 0 ? ok(blocks) : err({ code: "pem_invalid" });
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text.charAt(at))) at++;
  return at;
}
