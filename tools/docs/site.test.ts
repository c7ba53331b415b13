// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from "vitest";
import { buildSite } from "./site.ts";

const FILES: Readonly<Record<string, string>> = {
  "README.md": "# Overview\n",
  "docs/README.md":
    "# Index\n\n[deploy](deploy.md#keys), [limits](reference/limits.md), [code](../shared/x.ts), [us](../README.md)\n",
  "docs/deploy.md": "# Deploy\n\n## Keys\n\n[index](README.md) [own](#keys) ![demo](demo.svg)\n",
  "docs/reference/limits.md": "# Limits <1>\n\n[deploy](../deploy.md) [web](https://example.com/a#b)\n",
  "docs/demo.svg": "<svg/>",
  "docs/notes.txt": "",
  "shared/x.ts": "",
};

const site = buildSite(Object.keys(FILES), (path) => FILES[path] ?? "");
const pageAt = (place: string): string => site.pages.get(place) ?? "";

describe("buildSite", () => {
  it("has a place for every page, and copies what pages show", () => {
    expect([...site.pages.keys()]).toEqual(["overview.html", "index.html", "deploy.html", "reference/limits.html"]);
    expect([...site.copies]).toEqual([["demo.svg", "docs/demo.svg"]]);
  });

  it("links relatively between pages, and to the repository for everything else", () => {
    expect(pageAt("index.html")).toContain('href="deploy.html#keys"');
    expect(pageAt("index.html")).toContain('href="reference/limits.html"');
    expect(pageAt("index.html")).toContain('href="https://github.com/sigedge/sigedge/blob/main/shared/x.ts"');
    expect(pageAt("deploy.html")).toContain(
      '<a href="index.html">index</a> <a href="#keys">own</a> <img src="demo.svg"',
    );
    expect(pageAt("reference/limits.html")).toContain('<a href="../deploy.html">deploy</a>');
    expect(pageAt("reference/limits.html")).toContain('href="https://example.com/a#b"');
  });

  it("gives headings anchors, pages a title, and every page the pages of the index", () => {
    expect(pageAt("deploy.html")).toContain('<h2 id="keys">Keys</h2>');
    expect(pageAt("reference/limits.html")).toContain("<title>Limits &lt;1&gt; · Sigedge</title>");
    expect(pageAt("reference/limits.html")).toContain('<a href="limits.html" aria-current="page">limits</a>');
    expect(pageAt("reference/limits.html")).toContain('<a href="../overview.html">us</a>');
  });

  it("loads nothing: no script, no style sheet, no font", () => {
    for (const html of site.pages.values()) expect(html).not.toMatch(/<script|<link|@import|url\(/);
  });
});
