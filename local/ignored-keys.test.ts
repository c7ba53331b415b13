// SPDX-License-Identifier: Apache-2.0
// Folders with keys in a checkout: `git add -A` stages none of them, and the documentation asks to commit trust.json.
// git is the judge.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDeployment } from "../cli/deployment/create.ts";
import { parsePublicUrl } from "../shared/http/public-url.ts";
import { valueOf } from "../test/support/value-of.ts";
import { openLocalSettings } from "./settings.ts";

const PORT = 8787;
const SHARDS = [{ name: "second", kind: "signature", url: `http://127.0.0.2:${PORT}` }];
const PASSPHRASE = "correct horse battery";

let checkout: string;
beforeAll(async () => {
  checkout = mkdtempSync(join(tmpdir(), "sigedge-ignored-"));
  execFileSync("git", ["init", "-q"], { cwd: checkout });
  writeFileSync(join(checkout, "README.md"), "a file that git may have");
  const publicUrl = valueOf(parsePublicUrl("https://sign.example.com"));
  const wanted = { name: "sigedge", publicUrl, issuers: "none", passphrase: PASSPHRASE } as const;
  valueOf(await createDeployment({ ...wanted, folder: join(checkout, "deployed") }));
  mkdirSync(join(checkout, "state"));
  writeFileSync(join(checkout, "state", "shards.json"), JSON.stringify(SHARDS));
  valueOf(openLocalSettings({ port: PORT, state: join(checkout, "state"), accept: null }));
}, 60_000);
afterAll(() => rmSync(checkout, { recursive: true, force: true }));

it("no key is staged", () => {
  const all = readdirSync(checkout, { recursive: true, encoding: "utf8", withFileTypes: true });
  const files = all.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  const secret = files
    .map((file) => file.slice(checkout.length + 1))
    .filter(
      (file) =>
        !file.startsWith(".git/") && /PRIVATE KEY|correct horse/.test(readFileSync(join(checkout, file), "utf8")),
    );
  // Both kinds of folder, the offline keys, and the keys of another log.
  for (const folder of ["deployed/keys/", "deployed/offline/", "state/keys/", "state/keys/shards/"]) {
    expect(secret.filter((file) => file.startsWith(folder)).length).toBeGreaterThan(1);
  }
  const staged = execFileSync("git", ["add", "-n", "-A"], { cwd: checkout, encoding: "utf8" })
    .split("\n")
    .map((line) => line.replace(/^add '(.*)'$/, "$1"));
  expect(staged).toContain("README.md");
  expect(secret.filter((file) => staged.includes(file))).toEqual([]);
});
