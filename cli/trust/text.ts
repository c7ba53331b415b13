// SPDX-License-Identifier: Apache-2.0
// What to give to the people who sign and verify, for a terminal.

import { styled } from "../terminal.ts";
import { type Client, CONFIGURATIONS } from "./clients.ts";
import type { Trust } from "./files.ts";

/** @param out the folder that the files were written to, null if they were not */
export function trustText(trust: Trust, clients: readonly Client[], out: string | null): string {
  const { url, hasTuf, files } = trust;
  const lines = [
    `${styled("bold", url)}: trusted root ${url}/trusted_root.json, signing config ${url}/signing_config.json`,
    hasTuf
      ? `TUF repository ${url}/tuf: clients follow it by themselves`
      : "No TUF repository: clients are given files",
    out === null ? "The files named below: sigedge trust URL --out DIR" : `In ${out}: ${[...files.keys()].join(", ")}`,
  ];
  for (const client of clients) lines.push("", styled("bold", `# ${client}`), CONFIGURATIONS[client](trust).trimEnd());
  return lines.join("\n");
}
