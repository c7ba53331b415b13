// SPDX-License-Identifier: Apache-2.0
// `npm run assets`: writes the style and the script that the pages load, from their sources, into web/static. They are
// committed, so that neither a start nor a deployment builds anything; a test compares them with their sources.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../cli/root.ts";
import { say } from "../cli/terminal.ts";
import { buildAssets } from "./docs/assets.ts";

for (const [path, text] of await buildAssets()) {
  writeFileSync(join(ROOT, path), text);
  say(`${path}: ${Buffer.byteLength(text)} bytes`);
}
