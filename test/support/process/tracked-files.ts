// SPDX-License-Identifier: Apache-2.0
// A guard around a whole run of tests: no test may change a tracked file of the checkout that the commands under test
// write, since it would be committed and bundled with production.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../cli/root.ts";

/** The only tracked file that a command of ours writes. */
const TRUST_FILE = join(ROOT, "deployment", "trust.json");

/** Vitest's global setup. Returns the check that runs after all tests, and fails the run. */
export default function guardTrackedFiles(): () => void {
  const before = readFileSync(TRUST_FILE, "utf8");
  return () => {
    if (readFileSync(TRUST_FILE, "utf8") !== before)
      throw new Error(
        `a test wrote ${TRUST_FILE}; restore it (git checkout deployment/trust.json), and find that test`,
      );
  };
}
