// SPDX-License-Identifier: Apache-2.0
// `npm run issuers -- FILE [--environment NAME]`: checks a configuration of issuers (Fulcio's config.yaml, YAML or JSON) and
// prints it as the settings of the Worker, ready for `wrangler secret bulk`. Sends nothing.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readIssuersFile } from "../deployment/issuers-file.ts";
import { splitSetting } from "../deployment/split-setting.ts";
import { fail, say } from "../terminal.ts";

const USAGE = "usage: npm run issuers -- FILE [--environment production]";

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { environment: { type: "string" } },
  allowPositionals: true,
});
const [file, ...more] = positionals;
if (file === undefined || more.length > 0) fail(USAGE);

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return fail(`${path} cannot be read (${error instanceof Error ? error.message : "unknown"})`);
  }
}

const read = readIssuersFile(textOf(file), { environment: values.environment ?? null });
if (!read.ok) fail(read.error.map((problem) => `${file}: ${problem}`).join("\n"));
const settings = splitSetting("ISSUERS", read.value.setting);
if (!settings.ok) fail(`${file} ${settings.error}`);
say(JSON.stringify(settings.value, null, 2));
