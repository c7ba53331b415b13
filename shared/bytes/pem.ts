// SPDX-License-Identifier: Apache-2.0
// PEM blocks: each in the strict form of RFC 7468 §3. The explanatory text around them (§2, §5.2) says whose key it is,
// or repeats a certificate for people.

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

/** A line that begins with a boundary, after white space at most. `# -----BEGIN` is a comment like any other line. */
const BOUNDARY = /^[ \t]*(?=-----(?:BEGIN|END) )/gm;

/**
 * Parses one or more PEM blocks and ignores other lines between and around them.
 * Fails with pem_invalid, also if there is no block, and with pem_too_many_blocks above `maxBlocks`.
 */
export function decodePem(text: string, maxBlocks = MAX_BLOCKS): Result<readonly PemBlock[], PemError> {
  const blocks: PemBlock[] = [];
  for (let at = nextBoundary(text, 0); at !== null; ) {
    if (blocks.length === maxBlocks) return err({ code: "pem_too_many_blocks" });
    BLOCK.lastIndex = at;
    const match = BLOCK.exec(text);
    const der = match === null ? null : decodeBase64((match[2] ?? "").replace(/[\r\n]+/g, ""));
    if (match === null || der === null || !der.ok) return err({ code: "pem_invalid" });
    blocks.push({ label: match[1] ?? "", der: der.value });
    at = nextBoundary(text, at + match[0].length);
  }
  return blocks.length > 0 ? ok(blocks) : err({ code: "pem_invalid" });
}

/** Returns the index after the next boundary; null if there is none. */
function nextBoundary(text: string, from: number): number | null {
  BOUNDARY.lastIndex = from;
  const match = BOUNDARY.exec(text);
  return match === null ? null : match.index + match[0].length;
}
