// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { buildAssets } from "./docs/assets.ts";

it("the committed style and script are what `npm run assets` makes of their sources, and small", async () => {
  for (const [path, text] of await buildAssets()) {
    expect(readFileSync(join(ROOT, path), "utf8") === text, `${path} is old: npm run assets`).toBe(true);
    // The budget of the script; the style may be as large.
    expect(gzipSync(text).length).toBeLessThanOrEqual(5 * 1024);
  }
});
