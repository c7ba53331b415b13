// SPDX-License-Identifier: Apache-2.0
// Builds programs in Rust: examples of published crates from crates.io, with the versions and hashes of each crate's
// Cargo.lock.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../../cli/terminal.ts";
import { items, member } from "../../shared/json/member.ts";
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

/** The oldest Rust 1.x that the crates build with. */
const MIN_MINOR_VERSION = 86;
/** The pinned rustup that installs Rust where the installed one, like Debian's, is too old. */
const RUSTUP = join(DEFINITIONS, "rustup.json");

interface Example {
  readonly crate: string;
  readonly example: string;
}

export const RUST: Ecosystem = { file: "crates.json", read: readTool };

/** Reads crates.json: a version, and the examples with their crates. */
function readTool(name: string): Tool {
  const text = readDefinition(name, "crates.json");
  const json: unknown = JSON.parse(text);
  const version = textIn(json, "version");
  const examples = items(json, "examples").map((row) => ({
    crate: textIn(row, "crate"),
    example: textIn(row, "example"),
  }));
  return {
    name,
    version,
    key: keyWithHash(name, version, [text]),
    commands: examples.map(({ example }) => `bin/${example}`),
    build: (folder) => build(version, examples, folder),
  };
}

async function build(version: string, examples: readonly Example[], folder: string): Promise<void> {
  // Both share most of their dependencies.
  const target = join(folder, "target");
  const env = { ...(await installRustEnvironment()), CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: "0" };
  mkdirSync(join(folder, "bin"));
  for (const { crate, example } of examples) {
    const what = ["--locked", "--debug", "--no-track", "--version", version, "--example", example];
    const args = ["install", ...what, "--root", target, crate];
    await run("cargo", args, { env }).catch((error: Error) => {
      throw new Error(`a C compiler and cmake are needed:\n${error.message}`);
    });
    copyFileSync(join(target, "bin", example), join(folder, "bin", example));
  }
  await run("rm", ["-rf", target]);
}

interface Rustup {
  readonly version: string;
  readonly toolchain: string;
  /** The SHA-256 of rustup-init by platform. */
  readonly sha256: Readonly<Record<string, string>>;
}

const decodeRustup = (json: unknown): Rustup => ({
  version: textIn(json, "version"),
  toolchain: textIn(json, "toolchain"),
  sha256: Object.fromEntries(
    Object.entries(member(json, "sha256") ?? {}).map(([platform, digest]) => [platform, String(digest)]),
  ),
});

/** A member of a definition. Throws if it is not text. */
function textIn(json: unknown, name: string): string {
  const text = member(json, name);
  if (typeof text !== "string") throw new TypeError(`a definition in ${DEFINITIONS} has no ${name}`);
  return text;
}

/** An environment with a `cargo` that is new enough: this one, or one with a Rust that is kept beside the tools. */
async function installRustEnvironment(): Promise<NodeJS.ProcessEnv> {
  if (hasRust()) return process.env;
  const rustup = decodeRustup(JSON.parse(readFileSync(RUSTUP, "utf8")));
  const folder = toolFolder({ key: `rust@${rustup.toolchain}` });
  if (!existsSync(folder)) {
    say(`Rust 1.${MIN_MINOR_VERSION} or newer is not in PATH: installing Rust ${rustup.toolchain} …`);
    await waitForFile(folder, async (unfinished) => await installRust(rustup, unfinished));
  }
  return environmentOf(folder, rustup.toolchain);
}

function hasRust(): boolean {
  try {
    const text = execFileSync("cargo", ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Number(/^cargo 1\.(\d+)/.exec(text)?.[1] ?? 0) >= MIN_MINOR_VERSION;
  } catch {
    return false;
  }
}

const environmentOf = (folder: string, toolchain: string): NodeJS.ProcessEnv => ({
  ...process.env,
  RUSTUP_HOME: join(folder, "rustup"),
  CARGO_HOME: join(folder, "cargo"),
  RUSTUP_TOOLCHAIN: toolchain,
  PATH: `${join(folder, "cargo/bin")}:${process.env["PATH"]}`,
});

async function installRust({ version, toolchain, sha256 }: Rustup, folder: string): Promise<void> {
  const platform = platformName();
  const url = `https://static.rust-lang.org/rustup/archive/${version}/${platform}/rustup-init`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: status ${response.status}; install Rust by hand (https://rustup.rs)`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (createHash("sha256").update(bytes).digest("hex") !== sha256[platform])
    throw new Error(`${url} does not have the expected SHA-256`);
  const installer = join(folder, "rustup-init");
  writeFileSync(installer, bytes, { mode: 0o755 });
  const what = ["-y", "--no-modify-path", "--profile", "minimal", "--default-toolchain", toolchain];
  await run(installer, what, { env: environmentOf(folder, toolchain) });
}

/** Rust's name of this platform, for example x86_64-unknown-linux-gnu. */
function platformName(): string {
  const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
  return `${machine}-${process.platform === "darwin" ? "apple-darwin" : "unknown-linux-gnu"}`;
}
