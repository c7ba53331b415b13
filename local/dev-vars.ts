// SPDX-License-Identifier: Apache-2.0
// `sigedge dev-vars`, or `npm run dev-vars`: prepares this checkout for `npx wrangler dev`.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { childEnvironment } from "../cli/child-environment.ts";
import { defineCommand, refusePositionals } from "../cli/command.ts";
import { IS_INSTALLED, ROOT, wranglerScript } from "../cli/root.ts";
import { say } from "../cli/terminal.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { openLocalSettings } from "./settings.ts";

/** The default of wrangler dev. */
const PORT = 8787;

/**
 * Each shape has keys of its own, beside the storage that wrangler keeps for it: with one key over two storages, a
 * log would sign two histories.
 */
const SHAPES = [
  { environment: "", file: ".dev.vars", state: ".wrangler/sigedge" },
  { environment: "dev", file: ".dev.vars.dev", state: ".wrangler/sigedge-dev" },
] as const;

export const DEV_VARS = defineCommand({
  name: "dev-vars",
  summary: "prepare this checkout for wrangler dev",
  usage: ["dev-vars"],
  description: [
    `Creates keys on the first run, writes them with the address of wrangler dev (http://localhost:${PORT}) to .dev.vars and .dev.vars.dev, which git ignores, and applies the migrations to wrangler's local database.`,
  ],
  arguments: [],
  flags: {},
  examples: [
    { title: "Run the composed Worker as it is deployed", command: "npm run dev-vars && npx wrangler dev" },
    {
      title: "Run it with the development issuer, so that you can sign",
      command: "npm run dev-vars && npx wrangler dev -e dev",
    },
  ],
  exitCodes: { 0: "The files are written.", 1: "The files could not be written.", 2: "The arguments are wrong." },
  read: refusePositionals,
  run: () => {
    if (IS_INSTALLED) return Promise.resolve(err("works in a clone only; here, run: npx sigedge start"));
    for (const shape of SHAPES) {
      const written = prepare(shape);
      if (!written.ok) return Promise.resolve(written);
      say(`wrote ${shape.file}`);
    }
    say(`
npx wrangler dev           runs the composed Worker as it is deployed, at http://localhost:${PORT}
npx wrangler dev -e dev    runs it with the development issuer, so that you can sign`);
    return Promise.resolve(ok(0));
  },
});

function prepare({ environment, file, state }: (typeof SHAPES)[number]): Result<null, string> {
  const settings = openLocalSettings({
    port: PORT,
    state: join(ROOT, state),
    accept: null,
    ...(environment === "dev" ? {} : { isDeployed: true }),
  });
  if (!settings.ok) return settings;
  const lines: string[] = [];
  for (const [name, value] of Object.entries(settings.value)) {
    const text = quote(value);
    if (text === null) return err(`the setting ${name} holds all three kinds of quotes`);
    lines.push(`${name}=${text}\n`);
  }
  writeFileSync(join(ROOT, file), lines.join(""), { mode: 0o600 });
  execFileSync(
    process.execPath,
    [wranglerScript(), "d1", "migrations", "apply", "INDEX", "--local", `--env=${environment}`],
    {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
      env: childEnvironment({ CI: "true", WRANGLER_SEND_METRICS: "false" }),
    },
  );
  return ok(null);
}

/**
 * Quotes a value with the first kind of quotes that it does not hold; null if it holds all. JSON holds double quotes.
 */
function quote(value: string): string | null {
  const mark = ['"', "'", "`"].find((candidate) => !value.includes(candidate));
  return mark === undefined ? null : `${mark}${value}${mark}`;
}
