// SPDX-License-Identifier: Apache-2.0
// The output of `sigedge trust` for a terminal.

import { paint } from "../terminal.ts";
import type { Trust } from "./files.ts";
import { configurationOf } from "./tools/tool.ts";
import { TOOL_NAMES, TOOLS, type ToolName } from "./tools/tools.ts";

const NAME_WIDTH = Math.max(...TOOL_NAMES.map((name) => name.length));

/**
 * Formats the configuration of some tools, or lists the tools if none is asked for.
 * @param out the folder that the files were written to, null if none
 */
export function trustText(trust: Trust, names: readonly ToolName[], out: string | null): string {
  const { url, provider, hasTuf, files } = trust;
  const lines = [
    `${paint("bold", url)}: trusted root ${url}/trusted_root.json, signing config ${url}/signing_config.json`,
    hasTuf
      ? `TUF repository ${url}/tuf: clients follow its updates by themselves`
      : "No TUF repository: clients need the files",
    provider === null
      ? "Nobody can log in with a browser here: sign with an identity token (docs/identities.md, People)"
      : `People log in at ${provider}`,
    out === null
      ? "To write the files that are named below: sigedge trust URL --out DIR"
      : `In ${out}: ${[...files.keys()].join(", ")}`,
  ];
  if (names.length === 0)
    lines.push("", "To print the configuration of a tool: sigedge trust URL --for TOOL", ...listTools());
  for (const name of names) lines.push("", paint("bold", `# ${name}`), configurationOf(TOOLS[name], trust).trimEnd());
  return lines.join("\n");
}

const listTools = (): readonly string[] =>
  TOOL_NAMES.map((name) => `  ${paint("bold", name.padEnd(NAME_WIDTH))}  ${TOOLS[name].about}`);
