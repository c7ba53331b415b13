// SPDX-License-Identifier: Apache-2.0
// `npm run docs:build`: writes the documentation as a static site into dist/docs.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { say } from "../../cli/terminal.ts";
import { listFiles } from "./repository.ts";
import { buildSite } from "./site.ts";

const OUTPUT = join(ROOT, "dist", "docs");

function prepare(place: string): string {
  const path = join(OUTPUT, place);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

const { pages, copies } = buildSite(listFiles(), (path) => readFileSync(join(ROOT, path), "utf8"));
rmSync(OUTPUT, { recursive: true, force: true });
for (const [place, html] of pages) writeFileSync(prepare(place), html);
for (const [place, path] of copies) copyFileSync(join(ROOT, path), prepare(place));
say(`${pages.size} pages in dist/docs: open dist/docs/index.html, or give the folder to any static host`);
