// SPDX-License-Identifier: Apache-2.0
// Reads container files and .dockerignore as far as the tests need it. Knows no heredocs.
// Spec: https://docs.docker.com/reference/dockerfile/

import { readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { ROOT } from "../../cli/root.ts";

interface Instruction {
  /** In capitals. */
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  /** Null for a stage without a name. */
  readonly name: string | null;
  /** Without FROM. */
  readonly instructions: readonly Instruction[];
}

const INSTRUCTION = /^([A-Z]+)\s+(.+)$/s;
const FROM = /^(\S+)(?:\s+AS\s+(\S+))?$/;

/** Parses a container file, by default the repository's. Throws on a line that is no instruction. */
export function readDockerfile(content = readFileSync(join(ROOT, "Dockerfile"), "utf8")): readonly Stage[] {
  const lines = content.split("\n");
  const source = lines.filter((line) => !/^\s*#/.test(line) && line.trim() !== "").join("\n");
  const stages: { image: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const line of source.replaceAll(/\\\n\s*/g, "").split("\n")) {
    const [, name = "", text = ""] = INSTRUCTION.exec(line) ?? [];
    if (name === "") throw new Error(`not an instruction: ${line}`);
    if (name === "FROM") {
      const [, image = "", stage = null] = FROM.exec(text) ?? [];
      stages.push({ image, name: stage, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ name, text });
    }
  }
  return stages;
}

/** The container file that docs/monitoring.md prints. */
export function readMonitorDockerfile(): Stage {
  const page = readFileSync(join(ROOT, "docs/monitoring.md"), "utf8");
  const [stage] = readDockerfile(/^```dockerfile\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? "");
  if (stage === undefined) throw new Error("docs/monitoring.md prints no container file");
  return stage;
}

/** The texts of one kind of instruction in a stage. */
export const textsOf = ({ instructions }: Stage, name: string): readonly string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ text }) => text);

/** The words of an instruction in its JSON form. Throws for the shell form, which would swallow signals. */
export const wordsOf = (text: string): readonly string[] => JSON.parse(text) as readonly string[];

/** Whether a path is in the build context. The last rule that matches decides, as Docker does it. */
export function isInContext(path: string): boolean {
  let isIncluded = true;
  for (const line of readFileSync(join(ROOT, ".dockerignore"), "utf8")
    .split("\n")
    .filter((rule) => rule !== "" && !rule.startsWith("#"))) {
    const pattern = line.replace(/^!/, "");
    if (matchesGlob(path, pattern) || path.startsWith(`${pattern}/`) || pattern === "*") isIncluded = line !== pattern;
  }
  return isIncluded;
}
