// SPDX-License-Identifier: Apache-2.0
// `npm run build:package`, which `npm pack` and `npm publish` run first: builds dist/, the part of the published
// package that is not its sources. Node does not strip types from files below node_modules, so the command line ships
// as JavaScript. A clone runs its TypeScript and never reads dist/.
//
//   dist/sigedge.js         the command line; cli/sigedge.mjs loads it where there is no cli/sigedge.ts
//   dist/bundle-worker.js   the worker threads of `sigedge audit`
//   dist/chunk-*.js         code that they share, or that one subcommand loads; all files lie in one folder, so that
//                           import.meta.dirname + "/.." is the package's folder in each of them
//   dist/worker.mjs         the Worker of `sigedge start` and `sigedge demo`

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { ROOT } from "../cli/root.ts";
import { say } from "../cli/terminal.ts";
import { bundleWorker, LOCAL_ENTRY, minifyWorker, PREBUILT_WORKER } from "../local/bundle.ts";

const DIST = join(ROOT, "dist");

async function buildCommandLine(): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["cli/sigedge.ts", "cli/audit/bundle-worker.ts"],
    outdir: DIST,
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22",
    // Runtime dependencies: npm installs them beside the package.
    packages: "external",
    metafile: true,
    logLevel: "warning",
  });
  return metafile;
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
const { outputs } = await buildCommandLine();
writeFileSync(join(ROOT, PREBUILT_WORKER), await minifyWorker(await bundleWorker(LOCAL_ENTRY)));
say(`built ${Object.keys(outputs).length} modules of the command line, and ${PREBUILT_WORKER}`);
