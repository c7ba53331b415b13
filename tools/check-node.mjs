// SPDX-License-Identifier: Apache-2.0
// Runs before every npm script, on whatever Node is found: plain JavaScript that Node 12 understands. The project brings a
// Node of its own (the npm package "node" puts it into node_modules/.bin), so this fails only when that did not work.

/** wrangler 4 wants 22.12, running .ts files directly 22.18, the @sigstore packages 22.22.2. */
const REQUIRED = [22, 22, 2];

const found = process.versions.node.split(".").map(Number);
const difference = REQUIRED.map((part, i) => found[i] - part).find((part) => part !== 0) || 0;

if (difference < 0) {
  console.error(
    `sigedge: Node ${process.versions.node} is too old, ${REQUIRED.join(".")} is needed. ` +
      "Run `npm ci` (without --ignore-scripts): it installs a newer Node inside this folder, for this project only.",
  );
  process.exit(1);
}
