// SPDX-License-Identifier: Apache-2.0
// Builds the style and the script of the pages from their sources.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, transform } from "esbuild";
import { ROOT } from "../../cli/root.ts";
import { SHARED_STYLE } from "../../shared/pages/style.ts";

const TARGET = ["chrome123", "firefox120", "safari17.5"];

/** The text of each built file, by its path. */
export async function buildAssets(): Promise<ReadonlyMap<string, string>> {
  const own = readFileSync(join(ROOT, "web/style/site.css"), "utf8");
  const style = await transform(`${SHARED_STYLE}${own}`, { loader: "css", minifyWhitespace: true, target: TARGET });
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["web/client/site.ts"],
    bundle: true,
    write: false,
    format: "esm",
    minify: true,
    target: TARGET,
    conditions: ["browser"],
    logLevel: "silent",
  });
  return new Map([
    ["web/static/assets/site.css", style.code],
    ["web/static/assets/site.js", outputFiles.map(({ text }) => text).join("")],
  ]);
}
