// SPDX-License-Identifier: Apache-2.0
// Judged by what the installed wrangler prints, without a login.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runWrangler as runForDatabase } from "../reindex/databases.ts";
import { wranglerScript } from "../root.ts";
import { openAccount } from "./account.ts";
import { reasonOf, runWrangler, type WranglerRun } from "./wrangler.ts";
import { NOT_LOGGED_IN, reasonIn, toPlainText } from "./wrangler-text.ts";

let home: string;
let list: WranglerRun;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "sigedge-no-login-"));
  for (const name of ["HOME", "XDG_CONFIG_HOME"]) vi.stubEnv(name, home);
  for (const name of ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"]) vi.stubEnv(name, undefined);
  list = await runWrangler(["d1", "list", "--json"]);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

it("wrangler prints colors and advice for its own flags", () => {
  expect(list.passed).toBe(false);
  expect(list.output).toContain("\u001B[");
  expect(list.output).toContain("--temporary");
});

it("is shown without them", () => {
  const text = toPlainText(list.output);
  expect(text).toContain("[ERROR] In a non-interactive environment");
  expect(text).not.toMatch(/[^\P{Cc}\n]|--temporary/u);
});

it("says how to log in, whichever command has failed", async () => {
  expect(reasonOf(list)).toBe(NOT_LOGGED_IN);
  expect(await openAccount({})).toEqual({ ok: false, error: NOT_LOGGED_IN });
  const select = ["d1", "execute", "x", "--remote", "--json", "--yes", "--command", "SELECT 1"];
  await expect(runForDatabase(process.execPath, [wranglerScript(), ...select])).rejects.toThrow(
    `wrangler failed: ${NOT_LOGGED_IN}`,
  );
});

it.each([
  [
    "\u001B[31m✘ \u001B[41;31m[\u001B[41;97mERROR\u001B[41;31m]\u001B[0m \u001B[1mA request failed.\u001B[0m\n\n  details\n",
    "✘ [ERROR] A request failed.\n  details",
  ],
  ["one\ntwo\n", "one\ntwo"],
  ['first\n✘ [ERROR] no\n🪵  Logs were written to "/x"\n', "✘ [ERROR] no"],
])("keeps the reason of another failure: %j", (text, reason) => expect(reasonIn(text)).toBe(reason));
