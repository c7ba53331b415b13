// SPDX-License-Identifier: Apache-2.0
// Completion scripts, run by the shells that are installed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadCommands } from "../sigedge.ts";
import { completionScript, SHELLS } from "./completion.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sigedge-completion-"));
  const commands = await loadCommands();
  for (const shell of SHELLS) writeFileSync(join(folder, shell), `${completionScript(shell, commands)}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isInstalled = (shell: string): boolean => spawnSync(shell, ["-c", "exit"]).status === 0;

function run(shell: string, args: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, { cwd: folder, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trim().split(/\s+/);
}

describe.skipIf(!isInstalled("bash"))("bash", () => {
  /** Returns the completions that the Tab key offers after these words. */
  const complete = (...words: readonly string[]): readonly string[] => {
    const list = words.map((word) => `'${word}'`).join(" ");
    const line = `COMP_WORDS=(sigedge ${list}); COMP_CWORD=${words.length}; _sigedge; echo "\${COMPREPLY[@]}"`;
    return run("bash", ["-c", `set -u; source ./bash; ${line}`]);
  };

  it.each<[readonly string[], readonly string[]]>([
    [["ro"], ["rotate"]],
    [["re"], ["restore", "reindex"]],
    [["help", "au"], ["audit"]],
    [
      ["rotate", "tuf-"],
      ["tuf-root", "tuf-targets", "tuf-online", "tuf-expiry"],
    ],
    [["rotate", "ca", "--f"], ["--finish"]],
    [
      ["status", "--"],
      ["--env", "--dir", "--json", "--help"],
    ],
    [
      ["init", "--issuers", ""],
      ["public", "none"],
    ],
    [
      ["trust", "--for", "sigstore-"],
      ["sigstore-python", "sigstore-js", "sigstore-go"],
    ],
    [["audit", "--key", ""], [""]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", "--help"],
    ],
  ])("%j", (words, offered) => {
    expect(complete(...words)).toEqual(offered);
  });
});

it.skipIf(!isInstalled("zsh"))("zsh parses its script", () => {
  expect(run("zsh", ["-n", "./zsh"])).toEqual([""]);
});

it.skipIf(!isInstalled("fish"))("fish offers commands and flags", () => {
  const complete = (line: string): readonly string[] =>
    run("fish", ["-c", `source ./fish; complete -C '${line}' | string replace -r '\\t.*' ''`]);
  expect(complete("sigedge ro")).toEqual(["rotate"]);
  expect(complete("sigedge status --j")).toEqual(["--json"]);
});
