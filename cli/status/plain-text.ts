// SPDX-License-Identifier: Apache-2.0
// Text of a remote server, before a terminal shows it: without characters that move the cursor, change colors, set
// titles or reorder what is read.

/** C0 but tab, line feed and carriage return; DEL; C1; marks that change the direction of text. */
const CONTROLS = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}]/gu;

/** The text without control characters. Lines stay. */
export const removeControls = (text: string): string => text.replace(CONTROLS, "");

/** The text as a part of one line. */
export const toLine = (text: string): string => removeControls(text).replace(/[\r\n\t]+/g, " ");

/** Parses JSON whose strings may hold such characters as escapes. Throws SyntaxError. */
export const parsePlainJson = (text: string): unknown =>
  JSON.parse(text, (_, value: unknown) => (typeof value === "string" ? removeControls(value) : value));
