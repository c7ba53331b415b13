// SPDX-License-Identifier: Apache-2.0
// The verifier as a page loads it: bundled for browsers, without Node, and with the same verdicts.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { readBundleCases } from "../../test/support/bundles/cases.ts";
import { judgeBundle, type Verifier } from "../../test/support/bundles/judge.ts";

/** A page that verifies may be 120 KiB; this is its part. */
const MAX_GZIP_BYTES = 100 * 1024;

const FOLDER = mkdtempSync(join(tmpdir(), "sigedge-browser-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

const ENTRY = `
export { parseBundle } from "./bundle.ts";
export { parseTrustedRoot } from "./trusted-root.ts";
export { verifyBundle } from "./verify.ts";
`;

test("the bundle for a browser is small, has nothing of Node, and gives the same verdicts", async () => {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array(0);
  process.stdout.write(`shared/bundle in a browser: ${gzipSync(code).length} bytes of gzip\n`);
  expect(gzipSync(code).length).toBeLessThan(MAX_GZIP_BYTES);
  expect(Buffer.from(code).toString()).not.toMatch(/\bnode:|\brequire\(/);
  const file = join(FOLDER, "verifier.mjs");
  writeFileSync(file, code);
  const verifier = (await import(pathToFileURL(file).href)) as Verifier;
  for (const one of readBundleCases()) expect(await judgeBundle(one, verifier)).toEqual(await judgeBundle(one));
});
