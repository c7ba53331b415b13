// SPDX-License-Identifier: Apache-2.0
// `sigedge demo` as a real process: the first command that a newcomer runs.

import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { runCommand } from "../support/process/command.ts";

const leftovers = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("sigedge-demo-"));

it("shows every step and leaves nothing behind", async () => {
  const before = leftovers();
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: ["demo"] }).ended;
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const steps = stdout.split("\n").filter((line) => line.startsWith("✓"));
  expect(steps).toHaveLength(13);
  for (const step of steps) expect(step).toMatch(/^✓ [ \d]\d {2}\S.* {2,}[\d.]+ m?s$/);
  for (const refusal of ["SIGNATURE_ERROR", "UNTRUSTED_SIGNER_ERROR", "TLOG_"]) expect(stdout).toContain(refusal);
  const warnings = stdout.split("\n").filter((line) => line.includes("match.unexpected"));
  expect(warnings).toHaveLength(2);
  for (const warning of warnings) expect(warning).toContain("alice@example.com");
  expect(stdout).toContain("exit code 1");
  expect(stdout).toContain("Everything held");
  expect(stdout).not.toContain("\u001b");
  expect(leftovers()).toEqual(before);
});

it("names the step that failed, exit 1", async () => {
  const { code, stdout, stderr } = await runCommand("cli/sigedge.mjs", { args: ["demo"], env: { TMPDIR: "/dev/null" } })
    .ended;
  expect(code).toBe(1);
  expect(stdout).toContain("✗  1");
  expect(stderr).toMatch(/^sigedge demo: step 1 failed \(started the whole service on this machine\): ENOTDIR/);
});
