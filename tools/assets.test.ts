// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { buildAssets } from "./docs/assets.ts";

it("the committed style and scripts are what `npm run assets` makes of their sources, and within their sizes", async () => {
  for (const { path, text, maxGzipBytes } of await buildAssets()) {
    expect(readFileSync(join(ROOT, path), "utf8") === text, `${path} is old: npm run assets`).toBe(true);
    expect(gzipSync(text).length, path).toBeLessThanOrEqual(maxGzipBytes);
    expect(text, path).not.toMatch(/\bnode:|\brequire\(/);
  }
});
