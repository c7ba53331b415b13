// SPDX-License-Identifier: Apache-2.0
// Cleans the output of wrangler before this program shows it: wrangler colors its errors even with NO_COLOR, and
// advises flags that only wrangler has.

import { stripVTControlCharacters } from "node:util";

/** One instruction in place of wrangler's two, which differ. */
export const NOT_LOGGED_IN = "wrangler is not logged in; run: npx wrangler login, or set CLOUDFLARE_API_TOKEN";

const LOGIN_ERRORS = /\bnot logged in\b|necessary to set a CLOUDFLARE_API_TOKEN/i;
/** Lines that help nobody here: flags of wrangler, and files that this program tells wrangler not to write. */
const FOREIGN_LINES = /--temporary|Logs were written to/;

/** The text without colors and without such lines. */
export const toPlainText = (text: string): string =>
  stripVTControlCharacters(text)
    .split("\n")
    .filter((line) => !FOREIGN_LINES.test(line))
    .join("\n");

/** Why wrangler failed: its error lines, or its last lines. */
export function reasonIn(text: string): string {
  const plain = toPlainText(text);
  if (LOGIN_ERRORS.test(plain)) return NOT_LOGGED_IN;
  const lines = plain
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const at = lines.findIndex((line) => line.includes("[ERROR]"));
  return (at < 0 ? lines.slice(-8) : lines.slice(at, at + 12)).join("\n");
}
