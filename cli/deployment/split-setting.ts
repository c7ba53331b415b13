// SPDX-License-Identifier: Apache-2.0
// A text that is longer than one setting of a Worker may be, over several.
// Spec: https://developers.cloudflare.com/workers/platform/limits/ (environment variables: 5 KB each)

import { err, ok, type Result } from "../../shared/result.ts";

const MAX_BYTES = 5000;
const MAX_PARTS = 4;

/** `NAME`, `NAME_2`, …: their texts one after the other are the text; those that are not needed are empty. */
export function splitSetting(name: string, text: string): Result<Readonly<Record<string, string>>, string> {
  const parts: string[] = [""];
  let bytes = 0;
  for (const character of text) {
    const length = Buffer.byteLength(character);
    if (bytes + length > MAX_BYTES) {
      parts.push("");
      bytes = 0;
    }
    parts[parts.length - 1] += character;
    bytes += length;
  }
  if (parts.length > MAX_PARTS)
    return err(`is ${Buffer.byteLength(text)} bytes long, and ${MAX_PARTS * MAX_BYTES} fit`);
  return ok(Object.fromEntries(parts.map((part, i) => [i === 0 ? name : `${name}_${i + 1}`, part])));
}
