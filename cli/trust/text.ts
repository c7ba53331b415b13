// SPDX-License-Identifier: Apache-2.0
// The output of `sigedge trust` for a terminal.

import { paint } from "../terminal.ts";
import { type Client, CONFIGURATIONS } from "./clients.ts";
import type { Trust } from "./files.ts";

/** Formats the configuration of some clients. @param out the folder that the files were written to, null if none */
export function trustText(trust: Trust, clients: readonly Client[], out: string | null): string {
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
  for (const client of clients) lines.push("", paint("bold", `# ${client}`), CONFIGURATIONS[client](trust).trimEnd());
  return lines.join("\n");
}
