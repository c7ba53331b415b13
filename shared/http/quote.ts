// SPDX-License-Identifier: Apache-2.0
// Quotes a caller's text in a message, which people read in terminals and logs.

/** Longer than any name that a message has to show. */
const MAX_CHARACTERS = 200;

/** A JSON string of at most 200 characters of the text, without control characters and what reorders or hides text. */
export function quote(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text;
  return JSON.stringify(cut.toWellFormed()).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
