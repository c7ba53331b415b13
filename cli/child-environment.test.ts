// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { childEnvironment } from "./child-environment.ts";
import { ROOT } from "./root.ts";

it("passes on what wrangler needs, and no secret of this process", () => {
  const needed = { PATH: "/bin", Path: "C:\\", HOME: "/h", https_proxy: "p", CLOUDFLARE_API_TOKEN: "t", LC_ALL: "C" };
  const secret = { SIGEDGE_PASSPHRASE: "p", AWS_SECRET_ACCESS_KEY: "k", NPM_TOKEN: "t", VAULT_TOKEN: "t" };
  expect(childEnvironment({ CI: "true" }, { ...needed, ...secret })).toEqual({ ...needed, CI: "true" });
});

it("is the environment of every program that a command starts", () => {
  const sources = ["cli", "local"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const code = sources.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  expect(code.length).toBeGreaterThan(50);
  const starting = code.filter((name) => {
    const text = readFileSync(join(ROOT, name), "utf8");
    expect([name, /\.\.\.process\.env|env: process\.env/.test(text)]).toEqual([name, false]);
    return text.includes("node:child_process") && /\b(spawn|execFile|execFileSync|fork)\(/.test(text);
  });
  // ps gets nothing to read: it runs with the arguments of this file only.
  const others = starting.filter((name) => !readFileSync(join(ROOT, name), "utf8").includes("childEnvironment("));
  expect(others).toEqual([]);
});
