// SPDX-License-Identifier: Apache-2.0
// Values that code looks up or decodes without a thought, in the place of every text of a JSON body. A random change
// meets one of them once in a hundred thousand requests.

import { isObject } from "../../../shared/json/member.ts";

/** Names that every object has, and bytes of lengths that no signature, digest or key has. */
const VALUES: readonly string[] = [
  "constructor",
  "__proto__",
  "toString",
  "",
  ...[1, 63, 64, 65, 128].map((length) => Buffer.alloc(length, 7).toString("base64")),
];

/** Every copy of the value with one text replaced. */
export function* replaceTexts(value: unknown): Generator<unknown, void, void> {
  if (typeof value === "string") yield* VALUES;
  else if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) for (const changed of replaceTexts(inner)) yield value.with(i, changed);
  } else if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      for (const changed of replaceTexts(inner)) yield { ...value, [name]: changed };
    }
  }
}
