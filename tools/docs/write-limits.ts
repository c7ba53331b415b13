// SPDX-License-Identifier: Apache-2.0
// `npm run reference`: writes docs/reference/limits.md from the constants in the code.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { renderLimits } from "./limits.ts";

const folder = join(ROOT, "docs", "reference");
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, "limits.md"),
  renderLimits((path) => readFileSync(join(ROOT, path), "utf8")),
);
