// SPDX-License-Identifier: Apache-2.0
// Sidecars: the data about the entries of a full bundle that their leaves do not hold. One line of JSON per entry:
// `{"timestamp": ms, "hints": null | {"payloadHash", "subjectDigests", "predicateType"}}`.

import { encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { parseUnixMs, type UnixMs } from "../time.ts";
import { TILE_WIDTH } from "../tlog/tile.ts";
import { type AttestationHints, decodeHints } from "./hints.ts";

/** The data of one entry. */
export interface SidecarLine {
  readonly timestamp: UnixMs;
  readonly hints: AttestationHints | null;
}

/**
 * The longest line that any version has written: 512 digests of 161 characters, and a predicate type of 512, each
 * escaped. Today it is a fifth of that (dsse.ts).
 */
const MAX_LINE_BYTES = 96 * 1024;
/** The limit of a sidecar for who writes it and who reads it. */
export const MAX_SIDECAR_BYTES = TILE_WIDTH * MAX_LINE_BYTES;

/** Path of the sidecar of a bundle, below the log's prefix. */
export const sidecarPath = (bundleIndex: number): string => `meta/${bundleIndex}`;

/** Encodes the sidecar of a bundle, one line per entry. */
export function encodeSidecar(entries: readonly SidecarLine[]): Uint8Array {
  return encodeUtf8(entries.map(({ timestamp, hints }) => `${JSON.stringify({ timestamp, hints })}\n`).join(""));
}

/**
 * Splits a sidecar once. The returned function reads one line: null if the sidecar or that line is malformed, because
 * the store is damaged.
 */
export function openSidecar(sidecar: Uint8Array): (line: number) => SidecarLine | null {
  const ends = findLineEnds(sidecar);
  return (line) => {
    const end = ends[line];
    const json =
      end === undefined ? null : parseJson(sidecar.subarray(line === 0 ? 0 : (ends[line - 1] ?? 0) + 1, end));
    return json?.ok === true ? toLine(json.value) : null;
  };
}

/** Decodes the sidecar of `width` entries; null if it is malformed or has another number of lines. */
export function decodeSidecar(sidecar: Uint8Array, width: number): readonly SidecarLine[] | null {
  if (sidecar.at(-1) !== NEWLINE || sidecar.reduce((lines, byte) => lines + Number(byte === NEWLINE), 0) !== width) {
    return null;
  }
  const lines = Array.from({ length: width }, (_, line) => line).map(openSidecar(sidecar));
  return lines.every((line) => line !== null) ? lines : null;
}

const NEWLINE = 0x0a;

/**
 * Finds the ends of the lines, that of the text after the last newline included. Only the lines that are asked for are
 * decoded.
 */
function findLineEnds(sidecar: Uint8Array): readonly number[] {
  const ends: number[] = [];
  for (let at = sidecar.indexOf(NEWLINE); at >= 0; at = sidecar.indexOf(NEWLINE, at + 1)) ends.push(at);
  return [...ends, sidecar.length];
}

/** Reads one line of a sidecar; openSidecar reads several. */
export const readSidecarLine = (sidecar: Uint8Array, line: number): SidecarLine | null => openSidecar(sidecar)(line);

function toLine(json: unknown): SidecarLine | null {
  const timestamp = parseUnixMs(member(json, "timestamp"));
  if (timestamp === null) return null;
  const hints = member(json, "hints");
  if (hints === null) return { timestamp, hints };
  const read = decodeHints(hints);
  return read === null ? null : { timestamp, hints: read };
}
