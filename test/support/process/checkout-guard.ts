// SPDX-License-Identifier: Apache-2.0
// A guard around a whole run of tests: no test may change what the commands under test write into the checkout itself.
// The trust file would be committed and bundled with production; a redirect of wrangler to a test's deployment would
// break every bare `wrangler deploy` that follows.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../cli/root.ts";

/** The files of the checkout that a command of ours writes, each with the command that restores it. */
const GUARDED: readonly (readonly [path: string, restore: string])[] = [
  ["deployment/trust.json", "git checkout deployment/trust.json"],
  [".wrangler/deploy/config.json", "rm -r .wrangler/deploy"],
];

const read = (path: string): string | null => {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
};

/** Vitest's global setup. Returns the check that runs after all tests, and fails the run. */
export default function guardCheckout(): () => void {
  const before = new Map(GUARDED.map(([path]) => [path, read(path)]));
  return () => {
    for (const [path, restore] of GUARDED)
      if (read(path) !== before.get(path))
        throw new Error(`a test wrote ${path}; restore it (${restore}), and find that test`);
  };
}
