// SPDX-License-Identifier: Apache-2.0
// Every `npx sigedge` command that a document shows exists, with its flags, in docs/reference/commands.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { listFiles } from "./repository.ts";

const REFERENCE = "docs/reference/commands.md";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The section of each command, by name. */
const sections = new Map(
  read(REFERENCE)
    .split(/^## sigedge /m)
    .slice(1)
    .map((section) => [section.split("\n")[0] ?? "", section] as const),
);

/** Reports each command or flag that the reference lacks as `FILE: COMMAND FLAG`. */
const unknownIn = (path: string): readonly string[] =>
  Array.from(read(path).matchAll(/(?:^|`|&& )npx sigedge ([a-z-]+)([^\n`#|&]*)/gm)).flatMap(
    ([, command = "", rest = ""]) => {
      const section = sections.get(command);
      if (section === undefined) return command === "help" ? [] : [`${path}: ${command}`];
      const flags = rest.match(/--[a-z-]+/g) ?? [];
      return flags.filter((flag) => !section.includes(flag)).map((flag) => `${path}: ${command} ${flag}`);
    },
  );

const documents = listFiles("*.md").filter((path) => path !== REFERENCE && !path.startsWith("test/vectors/"));

it.each(documents)("%s shows only commands and flags that exist", (path) => {
  expect(sections.size).toBeGreaterThan(10);
  expect(unknownIn(path)).toEqual([]);
});
