// SPDX-License-Identifier: Apache-2.0
// Programs in Rust: examples of published crates, from crates.io, with the versions and hashes of the Cargo.lock inside each crate.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Ecosystem, hashedKey, readDefinition, run, type Tool } from "./tool.ts";

interface Example {
  readonly crate: string;
  readonly example: string;
}

export const RUST: Ecosystem = { file: "crates.json", read: readTool };

/** crates.json: a version, and the examples, each of a crate. */
function readTool(name: string): Tool {
  const text = readDefinition(name, "crates.json");
  const { version, examples } = JSON.parse(text) as {
    readonly version: string;
    readonly examples: readonly Example[];
  };
  return {
    name,
    version,
    key: hashedKey(name, version, [text]),
    commands: examples.map(({ example }) => `bin/${example}`),
    build: (folder) => build(version, examples, folder),
  };
}

async function build(version: string, examples: readonly Example[], folder: string): Promise<void> {
  // Both share most of what they are made of.
  const target = join(folder, "target");
  const env = { ...process.env, CARGO_TARGET_DIR: target, CARGO_PROFILE_DEV_DEBUG: "0" };
  mkdirSync(join(folder, "bin"));
  for (const { crate, example } of examples) {
    const what = ["--locked", "--debug", "--no-track", "--version", version, "--example", example];
    const args = ["install", ...what, "--root", target, crate];
    await run("cargo", args, { env }).catch((error: Error) => {
      throw new Error(`cargo (Rust 1.86 or newer) is needed, with a C compiler and cmake:\n${error.message}`);
    });
    copyFileSync(join(target, "bin", example), join(folder, "bin", example));
  }
  await run("rm", ["-rf", target]);
}
