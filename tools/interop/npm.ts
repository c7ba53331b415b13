// SPDX-License-Identifier: Apache-2.0
// Installs programs in JavaScript from the npm registry, at the versions and hashes of
// test/interop/tools/*/package-lock.json.

import { chmodSync, copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { member } from "../../shared/json/member.ts";
import { DEFINITIONS, type Ecosystem, keyWithHash, readDefinition, run, type Tool } from "./tool.ts";

const PROGRAM = ".mjs";

export const NPM: Ecosystem = { file: "package.json", read: readTool };

/**
 * `config.tool` of a package.json names the package that decides the version, `config.commands` its programs. A
 * `<name>.mjs` beside it is a program too, for packages that are published without one.
 */
function readTool(name: string): Tool {
  const json: unknown = JSON.parse(readDefinition(name, "package.json"));
  const config = member(json, "config");
  const versions = member(json, "dependencies") as Readonly<Record<string, string>>;
  const version = versions[String(member(config, "tool"))];
  if (version === undefined) throw new TypeError(`the package.json of ${name} does not pin config.tool`);
  const files = readdirSync(join(DEFINITIONS, name)).toSorted();
  const programs = files.filter((file) => file.endsWith(PROGRAM));
  const texts = files.map((file) => readDefinition(name, file));
  return {
    name,
    version,
    versions,
    key: keyWithHash(name, version, texts),
    commands: [
      ...String(member(config, "commands"))
        .split(" ")
        .map((command) => `node_modules/.bin/${command}`),
      ...programs,
    ],
    build: async (folder) => {
      for (const file of files) copyFileSync(join(DEFINITIONS, name, file), join(folder, file));
      for (const program of programs) chmodSync(join(folder, program), 0o755);
      await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    },
  };
}
