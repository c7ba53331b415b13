// SPDX-License-Identifier: Apache-2.0
// Bundles a Worker for the local runtime, as wrangler does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { IS_INSTALLED, ROOT } from "../cli/root.ts";

/** The composed Worker with the development issuer: what `sigedge start` and `sigedge demo` run. */
export const LOCAL_ENTRY = "workers/dev.ts";

/** LOCAL_ENTRY, bundled: the published package holds it so that a start needs no bundler. */
export const PREBUILT_WORKER = "dist/worker.mjs";

/**
 * Returns one ES module that holds everything except what the runtime supplies. Throws with esbuild's message if the
 * source does not build. @param entry relative to the package
 */
export async function bundleWorker(entry: string): Promise<string> {
  if (IS_INSTALLED && entry === LOCAL_ENTRY) return readFileSync(join(ROOT, PREBUILT_WORKER), "utf8");
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "silent",
  });
  return outputFiles.map(({ text }) => text).join("");
}

/** The module as the package ships it: smaller, with the names that a stack trace shows. */
export async function minifyWorker(code: string): Promise<string> {
  const { transform } = await import("esbuild");
  const options = {
    loader: "js",
    format: "esm",
    target: "es2024",
    minifyWhitespace: true,
    minifySyntax: true,
  } as const;
  return (await transform(code, options)).code;
}
