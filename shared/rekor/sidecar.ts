// SPDX-License-Identifier: Apache-2.0
// Sidecars: the data about the entries of a full bundle that their leaves do not hold. One line of JSON per entry:
// `{"timestamp": ms, "hints": null | {"payloadHash", "subjectDigests", "predicateType"}}`.

import { decodeUtf8, encodeUtf8 } from "../bytes/utf8.ts";
import { member } from "../json/member.ts";
import { parseJson } from "../json/parse.ts";
import { type UnixMs, unixMs } from "../time.ts";
import { type AttestationHints, decodeHints } from "./hints.ts";

/** The data of one entry. */
export interface SidecarLine {
  readonly timestamp: UnixMs;
  readonly hints: AttestationHints | null;
}

/** Path of the sidecar of a bundle, below the log's prefix. */
export const sidecarPath = (bundleIndex: number): string => `meta/${bundleIndex}`;

/** Encodes the sidecar of a bundle, one line per entry. */
export function encodeSidecar(entries: readonly SidecarLine[]): Uint8Array {
  return encodeUtf8(entries.map(({ timestamp, hints }) => `${JSON.stringify({ timestamp, hints })}\n`).join(""));
}

/** Reads one line of a sidecar. Null if the sidecar or that line is malformed: the store is damaged. */
export function readSidecarLine(sidecar: Uint8Array, line: number): SidecarLine | null {
  const text = decodeUtf8(sidecar);
  const found = text.ok ? text.value.split("\n")[line] : undefined;
  const json = found === undefined ? null : parseJson(encodeUtf8(found));
  return json?.ok === true ? toLine(json.value) : null;
}

function toLine(json: unknown): SidecarLine | null {
  const timestamp = member(json, "timestamp");
  if (typeof timestamp !== "number" || !Number.isSafeInteger(timestamp) || timestamp < 0) return null;
  const hints = member(json, "hints");
  if (hints === null) return { timestamp: unixMs(timestamp), hints };
  const read = decodeHints(hints);
  return read === null ? null : { timestamp: unixMs(timestamp), hints: read };
}
