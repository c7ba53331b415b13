// SPDX-License-Identifier: Apache-2.0
// Runs `wrangler deploy --dry-run` for the composed Worker and for every [env.<name>]. Sends nothing.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { childEnvironment } from "../child-environment.ts";
import { toPlainText } from "../deployment/wrangler-text.ts";
import { ROOT, workingFolder, wranglerScript } from "../root.ts";

/** The budget of the composed Worker. The platform takes 3 MiB; each KiB of code costs start-up time. */
export const MAX_COMPOSED_GZIP_BYTES = 350 * 1024;

/** The result of one dry run. */
export interface DryRun {
  /** The <name> of [env.<name>], null for the composed Worker at the top level. */
  readonly environment: string | null;
  readonly passed: boolean;
  /** Both output streams of wrangler. */
  readonly output: string;
  /** The whole script. */
  readonly bundle: string;
  readonly gzipBytes: number;
}

/** The environments of wrangler.toml, null for its top level. */
export function environments(): readonly (string | null)[] {
  const names = readFileSync(join(ROOT, "wrangler.toml"), "utf8").matchAll(/^\[env\.([a-z-]+)\]$/gm);
  return [null, ...Array.from(names, ([, name = ""]) => name)];
}

/**
 * Runs wrangler once. Never rejects: after a failure `passed` is false. @param config another file than
 * wrangler.toml; wrangler keeps its temporary files beside it
 */
export async function runDry(environment: string | null, config: string | null = null): Promise<DryRun> {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-dry-run-"));
  try {
    // A named configuration: `sigedge init` may have redirected wrangler to a deployment's. An empty --env selects the
    // top level; without --env wrangler warns that there are other environments.
    const source =
      config === null ? ["--config", join(ROOT, "wrangler.toml"), `--env=${environment ?? ""}`] : ["--config", config];
    const args = [wranglerScript(), "deploy", "--dry-run", ...source, "--outdir", folder];
    const { passed, output } = await run(process.execPath, args);
    const scripts = passed ? readdirSync(folder).filter((file) => file.endsWith(".js")) : [];
    const bundle = scripts.map((file) => readFileSync(join(folder, file), "utf8")).join("");
    return { environment, passed, output, bundle, gzipBytes: gzipSync(bundle).length };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[]): Promise<{ readonly passed: boolean; readonly output: string }> {
  const env = childEnvironment({
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
    NO_COLOR: "1",
  });
  return new Promise((resolve) => {
    execFile(command, args, { cwd: workingFolder(), env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({ passed: error === null, output: toPlainText(stdout + stderr) });
    });
  });
}
