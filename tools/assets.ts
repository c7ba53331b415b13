// SPDX-License-Identifier: Apache-2.0
// `npm run assets`: writes the style and the scripts that the pages load, from their sources, into web/static. They are
// committed, so that neither a start nor a deployment builds anything; a test compares them with their sources.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ROOT } from "../cli/root.ts";
import { say } from "../cli/terminal.ts";
import { buildAssets } from "./docs/assets.ts";

for (const { path, text, maxGzipBytes } of await buildAssets()) {
  writeFileSync(join(ROOT, path), text);
  say(`${path}: ${gzipSync(text).length} bytes after gzip, of ${maxGzipBytes}`);
}
