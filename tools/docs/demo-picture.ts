// SPDX-License-Identifier: Apache-2.0
// `npm run demo-picture`: runs the demo and writes its output as docs/demo.svg, the picture at the top of README.md.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../cli/root.ts";
import { fail } from "../../cli/terminal.ts";
import { terminalSvg } from "./terminal-svg.ts";

const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "cli", "sigedge.mjs"), "demo"], {
  cwd: ROOT,
  encoding: "utf8",
  env: { ...process.env, FORCE_COLOR: "1" },
});
if (status !== 0 || stdout === "") fail(`the demo failed:\n${stdout}${stderr}`);
writeFileSync(join(ROOT, "docs", "demo.svg"), terminalSvg(`$ npm run demo\n${stdout.trimEnd()}`));
