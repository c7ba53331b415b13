// SPDX-License-Identifier: Apache-2.0
// `npm run deploy:dry-run`: builds everything that wrangler.toml can deploy and prints the sizes; sends nothing.

import { type DryRun, environments, MAX_COMPOSED_GZIP_BYTES, runDry } from "../cli/deploy/dry-run.ts";
import { fail, paint, say } from "../cli/terminal.ts";

function tell({ environment, passed, output, gzipBytes }: DryRun): boolean {
  const name = environment === null ? "(composed)" : environment;
  const small = environment !== null || gzipBytes <= MAX_COMPOSED_GZIP_BYTES;
  const mark = passed && small ? paint("green", "✓") : paint("red", "✗");
  say(`${mark} ${name.padEnd(12)} ${(gzipBytes / 1024).toFixed(1).padStart(7)} KiB gzip`);
  if (!passed) say(output);
  if (!small) say(`  larger than the budget of ${MAX_COMPOSED_GZIP_BYTES / 1024} KiB`);
  return passed && small;
}

let allPassed = true;
for (const environment of environments()) allPassed = tell(await runDry(environment)) && allPassed;
if (!allPassed) fail("some shapes of deployment fail: see the marks above");
