// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { findBrokenLinks } from "./links.ts";

const FILES: Readonly<Record<string, string>> = {
  "README.md": "",
  "docs/a.md": "# A title\n\n## Keys, and `kids`\n\n## Again\n\n## Again\n",
  "shared/x/y.ts": "",
};

const check = (text: string): readonly string[] =>
  findBrokenLinks(Object.keys(FILES), (path) => (path === "README.md" ? text : (FILES[path] ?? "")));

describe("findBrokenLinks", () => {
  it.each([
    ["a file", "[a](docs/a.md)"],
    ["a folder", "[a](docs/) and [x](shared/x)"],
    ["an anchor in another file", "[a](docs/a.md#a-title)"],
    ["an anchor with punctuation and code", "[a](docs/a.md#keys-and-kids)"],
    ["the second of two equal headings", "[a](docs/a.md#again-1)"],
    ["an anchor in the same file", "# Here\n\n[a](#here)"],
    ["another host", "[a](https://example.com/nowhere#x) and [b](mailto:a@example.com)"],
    ["a path in backticks", "`shared/x/y.ts`, `shared/x/` and `docs/a.md`"],
    ["what is no path of ours", "`test/main.go:12`, `shared/…`, `workers/<service>/`, `@noble/curves`"],
    ["anything in a code block", "```\n[a](nowhere.md) `shared/nowhere.ts`\n```"],
  ])("accepts %s", (_, text) => {
    expect(check(text)).toEqual([]);
  });

  it.each([
    ["a missing file", "\n[a](docs/b.md)", "README.md:2: the link docs/b.md leads nowhere"],
    ["a missing anchor", "[a](docs/a.md#b)", "README.md:1: the link docs/a.md#b leads nowhere"],
    ["a missing anchor of its own", "[a](#b)", "README.md:1: the link #b leads nowhere"],
    ["a missing image", "![a](docs/a.svg)", "README.md:1: the link docs/a.svg leads nowhere"],
    ["a path outside the repository", "[a](../a.md)", "README.md:1: the link ../a.md leads nowhere"],
    ["a missing path in backticks", "`shared/x/z.ts`", "README.md:1: there is no shared/x/z.ts"],
  ])("reports %s", (_, text, problem) => {
    expect(check(text)).toEqual([problem]);
  });
});
