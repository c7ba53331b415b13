// SPDX-License-Identifier: Apache-2.0
// Builds the style and the scripts of the pages from their sources.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, transform } from "esbuild";
import { ROOT } from "../../cli/root.ts";
import { SHARED_STYLE } from "../../shared/pages/style.ts";

const TARGET = ["chrome123", "firefox120", "safari17.5"];

/** A file of the pages. */
export interface Asset {
  readonly path: string;
  readonly text: string;
  /** The most that it may have after gzip. */
  readonly maxGzipBytes: number;
}

const KIB = 1024;

/**
 * The scripts, each bundled with everything that it imports. A page that does work has one of its own, which its
 * handler names in SitePage.program: all that such a page loads may be 120 KiB.
 */
const SCRIPTS: readonly { readonly name: string; readonly source: string; readonly maxGzipBytes: number }[] = [
  { name: "site", source: "web/client/site.ts", maxGzipBytes: 5 * KIB },
  { name: "verify", source: "web/client/verify/page.ts", maxGzipBytes: 105 * KIB },
  { name: "sign", source: "web/client/sign/page.ts", maxGzipBytes: 105 * KIB },
  { name: "sign-return", source: "web/client/sign-return/page.ts", maxGzipBytes: 5 * KIB },
  { name: "verify-worker", source: "web/client/verify/worker.ts", maxGzipBytes: 10 * KIB },
];

/** The style may be as large as the script of the reading pages. */
const MAX_STYLE_GZIP_BYTES = 5 * KIB;

/** Every built file. */
export async function buildAssets(): Promise<readonly Asset[]> {
  const own = readFileSync(join(ROOT, "web/style/site.css"), "utf8");
  const style = await transform(`${SHARED_STYLE}${own}`, { loader: "css", minifyWhitespace: true, target: TARGET });
  const scripts = SCRIPTS.map(async ({ name, source, maxGzipBytes }) => ({
    path: `web/static/assets/${name}.js`,
    text: await buildScript(source),
    maxGzipBytes,
  }));
  return [
    { path: "web/static/assets/site.css", text: style.code, maxGzipBytes: MAX_STYLE_GZIP_BYTES },
    ...(await Promise.all(scripts)),
  ];
}

async function buildScript(source: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "esm",
    minify: true,
    target: TARGET,
    platform: "browser",
    conditions: ["browser"],
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text).join("");
}
