// SPDX-License-Identifier: Apache-2.0
// Builds the clients and checkers by others for `npm run test:interop`, from their ordinary registries, at pinned
// versions, once, into a folder outside the repository. Each tool is a folder in test/interop/tools.
//   node tools/interop-tools.ts [TOOL …]     SIGEDGE_TOOLS=DIR chooses the folder; default ~/.cache/sigedge/tools

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { duration, fail, paint, say } from "../cli/terminal.ts";
import { GO } from "./interop/go.ts";
import { JAVA } from "./interop/java.ts";
import { NPM } from "./interop/npm.ts";
import { PYTHON } from "./interop/python.ts";
import { RUST } from "./interop/rust.ts";
import { DEFINITIONS, isBuilt, type Tool, toolFolder, waitForFile } from "./interop/tool.ts";

const ECOSYSTEMS = [GO, PYTHON, NPM, RUST, JAVA];

/** The path of a program; `command` is optional for a tool with one program. Throws if the tool has not been built. */
export function interopTool(name: string, command?: string): string {
  const tool = readTool(name);
  const found = tool.commands.find((path) => command === undefined || basename(path) === command);
  const path = join(toolFolder(tool), found ?? command ?? "");
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`node tools/interop-tools.ts\` first`);
  return path;
}

/** The version that the tool's definition pins; of one of its packages, where it has several. */
export function interopVersion(name: string, packageName?: string): string {
  const { version, versions } = readTool(name);
  const found = packageName === undefined ? version : versions?.[packageName];
  if (found === undefined) throw new Error(`test/interop/tools/${name} does not pin ${packageName}`);
  return found;
}

/** The folder of a built tool, for PYTHONPATH and the like. Throws if it has not been built. */
export function interopFolder(name: string): string {
  const folder = toolFolder(readTool(name));
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`node tools/interop-tools.ts\` first`);
  return folder;
}

/** The folders of a built tool's programs, for PATH. Throws if one has not been built. */
export const interopPath = (name: string): readonly string[] => [
  ...new Set(readTool(name).commands.map((command) => dirname(interopTool(name, basename(command))))),
];

const listDefinedTools = (): readonly string[] =>
  readdirSync(DEFINITIONS, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

function readTool(name: string): Tool {
  const ecosystem = ECOSYSTEMS.find(({ file }) => existsSync(join(DEFINITIONS, name, file)));
  if (ecosystem === undefined) throw new Error(`test/interop/tools/${name} defines no tool`);
  return ecosystem.read(name);
}

/** Builds one tool. Rejects with the last lines of what failed. */
async function buildTool(tool: Tool): Promise<void> {
  const started = performance.now();
  say(`${paint("dim", "…")} ${tool.name} ${tool.version}`);
  await waitForFile(toolFolder(tool), tool.build);
  say(`${paint("green", "✓")} ${tool.name} ${tool.version}: built in ${duration(performance.now() - started)}`);
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  const tools = (asked.length > 0 ? asked : listDefinedTools()).map(readTool);
  for (const tool of tools.filter(isBuilt)) say(`${paint("green", "✓")} ${tool.name} ${tool.version}`);
  const failures: string[] = [];
  // Builds everything possible before failing, so that one run reports everything that is missing.
  for (const tool of tools.filter((candidate) => !isBuilt(candidate))) {
    await buildTool(tool).catch((error: Error) => failures.push(`${tool.name}: ${error.message}`));
  }
  if (failures.length > 0) fail(failures.join("\n"));
}

if (import.meta.main) await main();
