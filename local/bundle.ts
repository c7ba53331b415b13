// SPDX-License-Identifier: Apache-2.0
// Bundles a Worker as wrangler does, for the local runtime. Nothing is written to disk.

import { build } from "esbuild";
import { ROOT } from "../cli/root.ts";

/** One ES module with everything in it but what the runtime brings. Throws with esbuild's message when the source does not build. */
export async function bundleWorker(entry: string): Promise<string> {
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
