// SPDX-License-Identifier: Apache-2.0
// A setting whose text exceeds one variable of a Worker is split over `NAME`, `NAME_2`, `NAME_3` and `NAME_4`. The text
// is their concatenation; parts that are not needed are empty or missing.
// Spec: https://developers.cloudflare.com/workers/platform/limits/ (environment variables: 5 KB each)

import { encodeUtf8 } from "../bytes/utf8.ts";
import { err, ok, type Result } from "../result.ts";

const MAX_PART_BYTES = 5000;
const MAX_PARTS = 4;

/** The names of all parts of a setting, in order. */
export const partNames = (name: string): readonly string[] =>
  Array.from({ length: MAX_PARTS }, (_, i) => (i === 0 ? name : `${name}_${i + 1}`));

/** The text of a setting in an environment, all its parts joined; "" if it is missing. */
export function joinParts(env: object, name: string): string {
  const texts = partNames(name).map((part): unknown => Reflect.get(env, part));
  return texts.filter((text) => typeof text === "string").join("");
}

/** The parts of a text by name, at least one. The error completes "<name> …". */
export function splitSetting(name: string, text: string): Result<Readonly<Record<string, string>>, string> {
  const parts: string[] = [""];
  let bytes = 0;
  // A character is never divided: each part must be valid UTF-8 by itself.
  for (const character of text) {
    const length = encodeUtf8(character).length;
    if (bytes + length > MAX_PART_BYTES) {
      parts.push("");
      bytes = 0;
    }
    parts[parts.length - 1] += character;
    bytes += length;
  }
  if (parts.length > MAX_PARTS)
    return err(`is ${encodeUtf8(text).length} bytes long, and ${MAX_PARTS * MAX_PART_BYTES} fit`);
  return ok(Object.fromEntries(parts.map((part, i) => [i === 0 ? name : `${name}_${i + 1}`, part])));
}
