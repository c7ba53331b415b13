// SPDX-License-Identifier: Apache-2.0
// `npm run reference`: writes docs/reference/connectors.md from the tables by which connectors are read.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { renderConnectors } from "./connectors.ts";

writeFileSync(join(ROOT, "docs", "reference", "connectors.md"), renderConnectors());
