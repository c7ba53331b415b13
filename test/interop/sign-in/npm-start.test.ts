// SPDX-License-Identifier: Apache-2.0
// A newcomer signs with the commands that `npm start` shows: cosign opens a page, the person types an address in
// Chromium, and the bundle verifies.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFreePort } from "../../../cli/address.ts";
import { interopPath } from "../../../tools/interop-tools.ts";
import { type Chromium, startChromium } from "../../browser/chromium.ts";
import { type Command, runCommand } from "../../support/process/command.ts";
import { type Program, startProgram } from "../../support/sign-in/program.ts";
import { ALICE } from "../../support/upstreams/people.ts";

let folder: string;
let service: Command;
let shown = "";
let chromium: Chromium;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-npm-start-"));
  writeFileSync(join(folder, "README.md"), "# Mine\n");
  const port = await findFreePort(0);
  const args = ["start", "--port", String(port.ok ? port.value : 0), "--state", join(folder, "state")];
  service = runCommand("cli/sigedge.mjs", { args });
  service.process.stdout?.on("data", (text: string) => (shown += text));
  chromium = await startChromium();
});
afterAll(async () => {
  service.process.kill("SIGTERM");
  await service.ended;
  await chromium.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Types a line of what `npm start` shows. Without a terminal, cosign would ask for a code by itself. */
const type = (line: string): Promise<Program> =>
  startProgram(["sh", "-c", line.replace(/cosign sign-blob(?!.*--identity-token)/, "$& --fulcio-auth-flow normal")], {
    folder,
    path: interopPath("cosign"),
  });

async function run(line: string): Promise<string> {
  const { code, output } = await (await type(line)).ended;
  expect(code, `${line}\n${output}`).toBe(0);
  return output;
}

it("signs in a browser, verifies, signs without one, and is found", async () => {
  await service.says("Ctrl-C ends the service");
  const lines = shown.match(/(?<=^ {2})(?:curl|cosign) .*$/gm) ?? [];
  const [documents = "", sign = "", verify = "", token = "", signWithToken = "", find = "", ...others] = lines;
  expect(others).toEqual([]);
  await run(documents);
  const signing = await type(sign);
  const alice = await chromium.invite();
  await alice.open(await signing.opened);
  await alice.signInAtDevelopment(ALICE);
  await alice.grant();
  const { code, output } = await signing.ended;
  expect(code, output).toBe(0);
  expect(await run(verify)).toContain("Verified OK");
  await run(token);
  await run(signWithToken);
  expect(await run(verify)).toContain("Verified OK");
  expect(await run(find)).toContain(ALICE);
  expect(alice.complaints).toStrictEqual([]);
});
