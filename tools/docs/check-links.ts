// SPDX-License-Identifier: Apache-2.0
// `npm run links`: checks every relative link, anchor and repository path in the Markdown files. Prints one line for
// each broken one, and exits 1 if there is any.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { findBrokenLinks } from "./links.ts";
import { listFiles } from "./repository.ts";

const problems = findBrokenLinks(listFiles(), (path) => readFileSync(join(ROOT, path), "utf8"));
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
