// SPDX-License-Identifier: Apache-2.0
// `npm run dev-vars`: prepares this checkout for `npx wrangler dev`. Makes keys (once) and writes them, with the address that
// wrangler dev listens on, into git-ignored .dev.vars files; applies the migrations to wrangler's local database.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../cli/root.ts";
import { fail, say } from "../cli/terminal.ts";
import { localSettings } from "./settings.ts";

/** wrangler dev's own default. */
const PORT = 8787;

/**
 * Each shape has keys of its own, beside the storage that wrangler keeps for it: the same key over two storages would be a
 * log that signs two histories.
 */
const SHAPES = [
  { environment: "", file: ".dev.vars", state: ".wrangler/sigedge" },
  { environment: "dev", file: ".dev.vars.dev", state: ".wrangler/sigedge-dev" },
] as const;

/** In the first kind of quotes that the value does not hold: JSON has double ones. */
function quoted(value: string): string {
  const quote = ['"', "'", "`"].find((mark) => !value.includes(mark));
  return quote === undefined ? fail("a setting holds all three kinds of quotes") : `${quote}${value}${quote}`;
}

for (const { environment, file, state } of SHAPES) {
  const settings = localSettings({ port: PORT, state: join(ROOT, state), accept: null });
  if (!settings.ok) fail(settings.error);
  const lines = Object.entries(settings.value).map(([name, value]) => `${name}=${quoted(value)}\n`);
  writeFileSync(join(ROOT, file), lines.join(""), { mode: 0o600 });
  execFileSync(
    join(ROOT, "node_modules", ".bin", "wrangler"),
    ["d1", "migrations", "apply", "INDEX", "--local", `--env=${environment}`],
    {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" },
    },
  );
  say(`wrote ${file}`);
}

say(`
npx wrangler dev           the composed Worker, as it is deployed, at http://localhost:${PORT}
npx wrangler dev -e dev    the same with the development issuer, so that you can sign`);
