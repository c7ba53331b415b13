// SPDX-License-Identifier: Apache-2.0
// The commands and configurations that the pages of docs/integrations print, so that the suite runs what people copy.
// The pages write https://HOST for the instance and alice@example.com for the signer.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../cli/root.ts";

/** Reads the first block of code in a language below a heading of a page. Throws if there is none. */
export function readPageBlock(page: string, heading: string, language = "sh"): string {
  const text = readFileSync(join(ROOT, "docs/integrations", page), "utf8");
  const section = text.split(`\n## ${heading}\n`)[1]?.split(/^## /m)[0] ?? "";
  const [, block] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(section) ?? [];
  if (block === undefined) throw new Error(`docs/integrations/${page} has no ${language} below "${heading}"`);
  return block.trimEnd();
}

/** Replaces every occurrence of one text. Throws if there is none, as a forgery would then be the valid command. */
export function changeCommand(command: string, from: string, to: string): string {
  if (!command.includes(from)) throw new Error(`${from} is not in: ${command}`);
  return command.replaceAll(from, to);
}
