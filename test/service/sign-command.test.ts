// SPDX-License-Identifier: Apache-2.0
// `sigedge sign` as a person runs it: in a browser of this machine, and with a code on another device.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { ownIssuerOf } from "../../shared/oidc/own-issuer.ts";
import { runCommand } from "../support/process/command.ts";
import { startStack, type TestStack } from "../support/process/stack.ts";
import { type Program, startProgram } from "../support/sign-in/program.ts";
import { walk } from "../support/sign-in/walk.ts";

const ALICE = { connector: "development", address: "alice@example.com", answer: "grant" } as const;
const folder = mkdtempSync(join(tmpdir(), "sigedge-sign-"));
let stack: TestStack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function sign(file: string, ...flags: readonly string[]): Promise<Program> {
  writeFileSync(join(folder, file), `${file}\n`);
  const command = ["node", join(ROOT, "cli/sigedge.mjs"), "sign", file, "--url", stack.url, ...flags];
  return startProgram(command, { folder });
}

async function expectSigned(program: Program, file: string): Promise<void> {
  const { code, output } = await program.ended;
  expect(code, output).toBe(0);
  // The sentence on what becomes public comes before everything else.
  expect(output).toMatch(/^Your identity.* become public forever/);
  const verify = ["verify", join(folder, file), "--identity", ALICE.address, "--issuer", ownIssuerOf(stack.url)];
  const env = { XDG_CACHE_HOME: join(folder, "cache") };
  const verified = await runCommand("cli/sigedge.mjs", { args: [...verify, "--url", stack.url], env }).ended;
  expect(verified.code, verified.stdout + verified.stderr).toBe(0);
}

test("signs in in the browser of this machine", async () => {
  const program = await sign("browser.txt");
  const page = await walk(await program.opened, ALICE);
  expect(page.html).toContain("go back to the terminal");
  await expectSigned(program, "browser.txt");
});

test("signs in with a code on another device", async () => {
  const program = await sign("device.txt", "--device");
  const [, address = "", code = ""] = await program.says(/Go to (\S+) and enter the code (\S+)/);
  const url = new URL(address);
  url.searchParams.set("user_code", code);
  await walk(url.href, ALICE);
  await expectSigned(program, "device.txt");
});

test("shows a bundle that it cannot write, as its entry is public", async () => {
  writeFileSync(join(folder, "token"), await stack.token(ALICE.address));
  mkdirSync(join(folder, "taken.txt.sigstore.json"));
  const program = await sign("taken.txt", "--overwrite", "--identity-token", "token");
  const { code, output } = await program.ended;
  expect(output).toMatch(/^\{"mediaType":.+\}$/m);
  expect(output).toContain("The file is signed: save the line above as its bundle");
  expect(code).toBe(1);
});

test("says who refused, exit 1", async () => {
  const program = await sign("refused.txt");
  await walk(await program.opened, { ...ALICE, answer: "refuse" });
  const { code, output } = await program.ended;
  expect(output).toContain("the identity provider rejected the sign-in");
  expect(code).toBe(1);
});
