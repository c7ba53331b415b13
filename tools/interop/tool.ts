// SPDX-License-Identifier: Apache-2.0
// Where the programs that other people wrote are defined, where they are kept once made, and how they get there.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "../../cli/root.ts";

/** A folder a tool; what is in it says how it is made. */
export const DEFINITIONS = join(ROOT, "test/interop/tools");
/** Kept from the output of a command that failed. */
const MAX_OUTPUT_LINES = 20;

export interface Tool {
  /** Folder below DEFINITIONS. */
  readonly name: string;
  /** Of the package that it is there for. */
  readonly version: string;
  /** Name of its folder in the cache: another definition is another folder. */
  readonly key: string;
  /** Its programs, relative to that folder. */
  readonly commands: readonly string[];
  /** Makes all of it in a folder that is empty. Rejects with the reason, and what would have to be installed. */
  readonly build: (folder: string) => Promise<void>;
}

/** What builds tools of one ecosystem, from the ordinary registry of its packages. */
export interface Ecosystem {
  /** The file of a definition that shows the ecosystem. */
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

/** `<name>@<version>-<hash of the definition>`, for tools whose version does not say everything that is in them. */
export function hashedKey(name: string, version: string, texts: readonly string[]): string {
  const hash = createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 8);
  return `${name}@${version}-${hash}`;
}

/** All of a folder or none, whenever the process dies: it is made beside its place and appears by a rename. */
export async function appear(folder: string, make: (unfinished: string) => Promise<void>): Promise<void> {
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
 * Runs a build step, yielding to whoever else works on the machine. Resolves to the lines of standard output; rejects with
 * the last lines of both if the command fails or is not there.
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
