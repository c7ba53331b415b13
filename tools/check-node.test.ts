// SPDX-License-Identifier: Apache-2.0
// A clone without `npm ci`: one line that says what to do, from every way to start a command.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";

const FILES = ["cli/sigedge.mjs", "cli/sigedge.ts", "tools/check-node.mjs"];

let clone: string;
beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), "sigedge-no-packages-"));
  for (const folder of ["cli", "tools"]) mkdirSync(join(clone, folder));
  for (const file of FILES) cpSync(join(ROOT, file), join(clone, file));
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

it.each([
  [["cli/sigedge.mjs", "start"], 2],
  [["tools/check-node.mjs"], 1],
  [["--import", "./tools/check-node.mjs", "cli/sigedge.mjs", "demo"], 1],
] as const)("node %j", (args, code) => {
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: clone, encoding: "utf8" });
  expect([status, stderr]).toEqual([code, "sigedge: the packages are not installed; run: npm ci\n"]);
});

it("npm ci says nothing of packages that need the Node which it installs", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigedge-npmrc-"));
  const dependency = { version: "1.0.0", engines: { node: ">=99" } };
  const project = { name: "project", version: "1.0.0", dependencies: { tool: "1.0.0" } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(project));
  writeFileSync(
    join(folder, "package-lock.json"),
    JSON.stringify({ ...project, lockfileVersion: 3, packages: { "": project, "node_modules/tool": dependency } }),
  );
  const isSetting = ([name]: [string, unknown]): boolean => name.toLowerCase().startsWith("npm_config_");
  const env = Object.fromEntries(Object.entries(process.env).filter((entry) => !isSetting(entry)));
  const install = (): string =>
    spawnSync("npm", ["ci", "--dry-run", "--offline"], { cwd: folder, encoding: "utf8", env }).stderr;
  expect(install()).toContain("EBADENGINE");
  cpSync(join(ROOT, ".npmrc"), join(folder, ".npmrc"));
  expect(install()).toBe("");
  rmSync(folder, { recursive: true });
});
