// SPDX-License-Identifier: Apache-2.0
// The files of the repository, as git lists them: tracked, and new ones that it does not ignore.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";

/** Paths from the root of the repository, below `paths` if there are any; deleted files are left out. */
export function listFiles(...paths: readonly string[]): readonly string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", ...paths], {
    cwd: ROOT,
  });
  return String(listed)
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(ROOT, path)));
}
