// SPDX-License-Identifier: Apache-2.0
// The programs by others: where their definitions are, where built ones are kept, and how they get there.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../cli/root.ts";

/** One folder per tool; its files define how to build it. */
export const DEFINITIONS = join(ROOT, "test/interop/tools");
/** How many lines of a failed command's output are reported. */
const MAX_OUTPUT_LINES = 20;

export interface Tool {
  /** The tool's folder in DEFINITIONS. */
  readonly name: string;
  /** The version of the package that the tool is for. */
  readonly version: string;
  /** The versions of all packages that it pins, by name, where it has several. */
  readonly versions?: Readonly<Record<string, string>>;
  /** The name of its folder in the cache; a changed definition gets a new folder. */
  readonly key: string;
  /** Its programs, relative to that folder. */
  readonly commands: readonly string[];
  /** Builds the tool in an empty folder. Rejects with the reason, and what to install. */
  readonly build: (folder: string) => Promise<void>;
}

/** Builds the tools of one ecosystem from its ordinary package registry. */
export interface Ecosystem {
  /** The file that a definition of this ecosystem has. */
  readonly file: string;
  readonly read: (name: string) => Tool;
}

const cacheFolder = (): string => process.env["SIGEDGE_TOOLS"] ?? join(homedir(), ".cache/sigedge/tools");

/** The tool's folder in the cache. */
export const toolFolder = ({ key }: Pick<Tool, "key">): string => join(cacheFolder(), key);

export const isBuilt = (tool: Tool): boolean => tool.commands.every((path) => existsSync(join(toolFolder(tool), path)));

/** Reads a file of a tool's definition. */
export const readDefinition = (name: string, file: string): string =>
  readFileSync(join(DEFINITIONS, name, file), "utf8");

/** `<name>@<version>-<hash of the definition>`, for tools whose version does not determine their content. */
export function keyWithHash(name: string, version: string, texts: readonly string[]): string {
  const hash = createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 8);
  return `${name}@${version}-${hash}`;
}

/** Makes a folder atomically, even if the process dies: builds it beside its place and renames it. */
export async function waitForFile(folder: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  try {
    await make(unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a build step at low priority. Resolves to the lines of standard output; rejects with the last lines of both
 * outputs if the command fails or is missing.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<readonly string[]> {
  const { onLine = () => undefined, ...where } = options;
  const child = spawn("nice", ["-n", "5", command, ...args], { ...where, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? "" : `exit code ${code}`));
  });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  createInterface(child.stderr).on("line", (line) => {
    errors.push(line);
    onLine(line);
  });
  const failure = await ended;
  if (failure === "") return lines;
  const said = [...lines, ...errors].slice(-MAX_OUTPUT_LINES);
  throw new Error([`${command} ${args.join(" ")}: ${failure}`, ...said].join("\n"));
}
