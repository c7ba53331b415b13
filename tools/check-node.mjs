// SPDX-License-Identifier: Apache-2.0
// Runs before every npm script, on any Node: plain JavaScript that Node 12 parses. The npm package "node" installs a
// suitable Node in node_modules/.bin, so this check fails only if that installation failed.

import { createRequire } from "module";

/** wrangler 4 needs 22.12, running .ts files directly needs 22.18, the @sigstore packages need 22.22.2. */
const REQUIRED = [22, 22, 2];

const found = process.versions.node.split(".").map(Number);
const difference = REQUIRED.map((part, i) => found[i] - part).find((part) => part !== 0) || 0;

/** Whether `npm ci` has run: every script needs it. */
function isInstalled() {
  try {
    return createRequire(import.meta.url).resolve("wrangler/package.json") !== "";
  } catch {
    return false;
  }
}

if (difference >= 0 && !isInstalled()) {
  console.error("sigedge: the packages are not installed; run: npm ci");
  process.exit(1);
}
if (difference < 0) {
  console.error(
    `sigedge: Node ${process.versions.node} is too old; version ${REQUIRED.join(".")} or newer is required. ` +
      "Run `npm ci` (without --ignore-scripts): it installs a newer Node in this folder, for this project only.",
  );
  process.exit(1);
}
