// SPDX-License-Identifier: Apache-2.0
// Installs programs in Python from PyPI, at the versions and hashes of test/interop/tools/*/requirements.txt.

import { join } from "node:path";
import { DEFINITIONS, type Ecosystem, keyWithHash, readDefinition, run, type Tool } from "./tool.ts";

export const PYTHON: Ecosystem = { file: "requirements.txt", read: readTool };

/** The first lines hold `# tool: <package> <command> …`. Commands need PYTHONPATH set to the tool's folder. */
function readTool(name: string): Tool {
  const text = readDefinition(name, "requirements.txt");
  const [, packageName = "", commands = ""] = /^# tool: (\S+) (.+)$/m.exec(text) ?? [];
  const version = new RegExp(`^${packageName}==(\\S+)`, "m").exec(text)?.[1] ?? "";
  if (packageName === "" || version === "") throw new Error(`${name}/requirements.txt does not name a tool`);
  return {
    name,
    version,
    key: keyWithHash(name, version, [text]),
    commands: commands.split(" ").map((command) => `bin/${command}`),
    build: (folder) => build(name, folder),
  };
}

async function build(name: string, folder: string): Promise<void> {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];
  const from = ["--require-hashes", "--requirement", join(DEFINITIONS, name, "requirements.txt"), "--target", folder];
  await run("python3", [...pip, ...from]).catch((error: Error) => {
    throw new Error(`python3 (3.10 or newer) with pip is needed:\n${error.message}`);
  });
}
