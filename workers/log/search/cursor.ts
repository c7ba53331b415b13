// SPDX-License-Identifier: Apache-2.0
// The cursor of a search: where the next page begins in each log.

import { sha256 } from "#sha256";
import { decodeBase64Url, encodeBase64Url } from "../../../shared/bytes/base64.ts";
import { concat, equal } from "../../../shared/bytes/bytes.ts";
import { decodeBytes } from "../../../shared/bytes/reader.ts";
import { encodeUtf8 } from "../../../shared/bytes/utf8.ts";
import { uint } from "../../../shared/bytes/writer.ts";
import { TERMS_VERSION } from "../../../shared/search/terms.ts";
import type { Bounds, Question } from "./conjunction.ts";

const VERSION = Uint8Array.of(2);
const TAG_BYTES = 8;
/** An index is below 2^53. */
const BOUND_BYTES = 7;

// struct { uint8 version; opaque question[8]; uint56 bounds[number of logs]; } in unpadded base64url
export function formatCursor(question: Question, bounds: Bounds, all: readonly string[]): string {
  const ends = all.map((log) => uint(bounds.get(log) ?? 0, BOUND_BYTES));
  return encodeBase64Url(concat(VERSION, tagOf(question, all), ...ends));
}

/** Null for everything that formatCursor does not print for this question. */
export function parseCursor(cursor: string, question: Question, all: readonly string[]): Bounds | null {
  const bytes = decodeBase64Url(cursor);
  if (!bytes.ok) return null;
  const decoded = decodeBytes(bytes.value, (reader) => {
    const isOurs = equal(reader.bytes(1 + TAG_BYTES), concat(VERSION, tagOf(question, all)));
    const bounds: Bounds = new Map(all.map((log) => [log, reader.uint(BOUND_BYTES)]));
    return isOurs ? bounds : null;
  });
  const bounds = decoded.ok ? decoded.value : null;
  return bounds !== null && formatCursor(question, bounds, all) === cursor ? bounds : null;
}

/** Covers the list of logs too, because the bounds are in its order. */
function tagOf({ alternatives, kind, since, until, logs }: Question, all: readonly string[]): Uint8Array {
  const asked = JSON.stringify([TERMS_VERSION, alternatives, kind, since, until, logs, all]);
  return sha256(encodeUtf8(asked)).subarray(0, TAG_BYTES);
}
