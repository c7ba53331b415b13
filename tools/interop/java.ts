// SPDX-License-Identifier: Apache-2.0
// Builds programs in Java from Maven Central, at the versions of test/interop/tools/*/pom.xml. A library that is
// published without a program gets a main class beside its pom.xml.

import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFINITIONS, type Ecosystem, keyWithHash, readDefinition, run, type Tool } from "./tool.ts";

const COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

export const JAVA: Ecosystem = { file: "pom.xml", read: readTool };

/**
 * The version is that of the pom's first dependency; `<Class>.java` beside it becomes the command with the tool's
 * name.
 */
function readTool(name: string): Tool {
  const pom = readDefinition(name, "pom.xml");
  const version = /<dependency>[^]*?<version>([^<]+)<\/version>/.exec(pom)?.[1] ?? "";
  const sources = readdirSync(join(DEFINITIONS, name)).filter((file) => file.endsWith(".java"));
  const texts = sources.map((file) => readDefinition(name, file));
  const [main = ""] = sources;
  if (version === "" || main === "") throw new Error(`${name}/pom.xml has no dependency, or no main class beside it`);
  return {
    name,
    version,
    key: keyWithHash(name, version, [pom, ...texts]),
    commands: [name],
    build: (folder) => build(name, main, folder),
  };
}

async function build(name: string, main: string, folder: string): Promise<void> {
  const definition = join(DEFINITIONS, name);
  const libraries = join(folder, "lib");
  const pom = ["-f", join(definition, "pom.xml")];
  const copy = [COPY_DEPENDENCIES, `-DoutputDirectory=${libraries}`, "-DincludeScope=runtime"];
  await run("mvn", ["--quiet", "--batch-mode", ...pom, ...copy]).catch((error: Error) => {
    throw new Error(`Maven is needed, with a JDK 11 or newer:\n${error.message}`);
  });
  await run("javac", ["-cp", `${libraries}/*`, "-d", join(folder, "classes"), join(definition, main)]);
  const script = join(folder, name);
  const classes = main.replace(".java", "");
  // The script finds its files relative to itself, so the folder can move.
  const line = `exec java -cp "$here/classes:$here/lib/*" ${classes} "$@"`;
  writeFileSync(script, `#!/bin/sh\nhere=$(dirname "$0")\n${line}\n`);
  chmodSync(script, 0o755);
}
