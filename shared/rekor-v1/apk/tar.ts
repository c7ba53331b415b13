// SPDX-License-Identifier: Apache-2.0
// Reads a tar archive of small regular files, as abuild writes it: names of at most 100 bytes, no links, and PAX
// headers that change nothing but times. The archive may end without its two empty blocks, which abuild-tar cuts.
// Spec: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"

import { decodeUtf8 } from "../../bytes/utf8.ts";
import { err, ok, type Result } from "../../result.ts";

/** The bytes are not such an archive. */
export interface TarError {
  readonly code: "tar_invalid";
}

const BLOCK_BYTES = 512;
/** A control archive has a dozen scripts. */
const MAX_FILES = 32;
const INVALID = err({ code: "tar_invalid" } as const);

/** Reads all files, in order. Fails with tar_invalid. */
export function decodeTar(bytes: Uint8Array): Result<readonly (readonly [string, Uint8Array])[], TarError> {
  const files: (readonly [string, Uint8Array])[] = [];
  let at = 0;
  while (at < bytes.length) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) return bytes.subarray(at).every((byte) => byte === 0) ? ok(files) : INVALID;
    const header = readHeader(block);
    if (header === null || files.length === MAX_FILES) return INVALID;
    const start = at + BLOCK_BYTES;
    const end = start + Math.ceil(header.size / BLOCK_BYTES) * BLOCK_BYTES;
    if (end > bytes.length) return INVALID;
    const contents = bytes.subarray(start, start + header.size);
    if (header.type === REGULAR) files.push([header.name, contents]);
    else if (!hasOnlyTimes(contents)) return INVALID;
    at = end;
  }
  return ok(files);
}

const REGULAR = "0";
const PAX = "x";
/** Numbers of the header that are read but mean nothing here: mode, owner, group and time. */
const NUMBERS = [
  [100, 8],
  [108, 8],
  [116, 8],
  [136, 12],
] as const;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: typeof REGULAR | typeof PAX;
}

function readHeader(block: Uint8Array): Header | null {
  const text = (from: number, length: number): string =>
    String.fromCharCode(...block.subarray(from, from + length)).replace(/\0.*$/s, "");
  const octal = (from: number, length: number): number | null => {
    const digits = /^ *([0-7]{1,11})[ \0]*$/.exec(String.fromCharCode(...block.subarray(from, from + length)));
    return digits === null ? null : Number.parseInt(digits[1] ?? "", 8);
  };
  const [size, type] = [octal(124, 12), text(156, 1)];
  // The older form of GNU tar has blanks after the magic.
  const isWhole = block.length === BLOCK_BYTES && text(257, 6).trimEnd() === "ustar" && octal(148, 8) === sumOf(block);
  if (!isWhole || size === null || NUMBERS.some(([from, length]) => octal(from, length) === null)) return null;
  const name = text(0, 100);
  const hasPrefix = block.subarray(345).some((byte) => byte !== 0);
  return !hasPrefix && /^[\x21-\x7e]+$/.test(name) && (type === REGULAR || type === PAX) ? { name, size, type } : null;
}

/** The sum of all bytes, with blanks in place of the field of the sum. */
const sumOf = (block: Uint8Array): number =>
  block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);

/** `<length> <key>=<value>\n`, the length that of the whole record. */
function hasOnlyTimes(records: Uint8Array): boolean {
  const text = decodeUtf8(records);
  if (!text.ok) return false;
  return text.value
    .split(/(?<=\n)/)
    .every((record) => Number(/^(\d+) [acm]time=-?\d{1,11}(?:\.\d{1,9})?\n$/.exec(record)?.[1]) === record.length);
}
