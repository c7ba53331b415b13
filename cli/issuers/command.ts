// SPDX-License-Identifier: Apache-2.0
// `sigedge issuers`: checks an issuers file and prints it as settings of the Worker. Sends nothing.

import { readFileSync } from "node:fs";
import { err, ok, type Result } from "../../shared/result.ts";
import { splitSetting } from "../../shared/settings/parts.ts";
import { type Arguments, defineCommand } from "../command.ts";
import { readIssuersFile } from "../deployment/issuers-file.ts";
import { say } from "../terminal.ts";

const FLAGS = {
  environment: {
    value: "NAME",
    description: "Leave out issuers whose row names another environment.",
  },
} as const;

interface Options {
  readonly file: string;
  readonly environment: string | null;
}

export const ISSUERS = defineCommand({
  name: "issuers",
  summary: "check an issuers file and print it as settings of the Worker",
  usage: ["issuers FILE [options]"],
  description: [
    "Checks a configuration of OpenID issuers in the format of Fulcio's config.yaml (YAML or JSON) and prints it as JSON that wrangler secret bulk reads. Sends nothing.",
    "The commands deploy and start read issuers.yaml themselves; use this command with wrangler alone.",
  ],
  arguments: [{ name: "FILE", description: "The issuers file. A problem is reported with its line number." }],
  flags: FLAGS,
  examples: [
    { title: "Check a file", command: "npx sigedge issuers issuers.yaml" },
    { title: "Upload it as a secret", command: "npx sigedge issuers issuers.yaml | npx wrangler secret bulk" },
    {
      title: "Take only the issuers of production",
      command: "npx sigedge issuers config.yaml --environment production",
    },
  ],
  exitCodes: { 0: "The file is valid.", 1: "The file is invalid or unreadable.", 2: "The arguments are wrong." },
  read: ({ values, positionals: [file, ...more] }: Arguments<typeof FLAGS>): Result<Options, string> =>
    file === undefined || more.length > 0
      ? err("give one file: sigedge issuers FILE")
      : ok({ file, environment: values.environment }),
  run: ({ file, environment }) => {
    const settings = readSettings(file, environment);
    if (!settings.ok) return Promise.resolve(settings);
    say(JSON.stringify(settings.value, null, 2));
    return Promise.resolve(ok(0));
  },
});

function readSettings(file: string, environment: string | null): Result<Readonly<Record<string, string>>, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return err(`${file} cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
  const read = readIssuersFile(text, { environment });
  if (!read.ok) return err(read.error.map((problem) => `${file}: ${problem}`).join("\n"));
  const settings = splitSetting("ISSUERS", read.value.setting);
  return settings.ok ? settings : err(`${file} ${settings.error}`);
}
