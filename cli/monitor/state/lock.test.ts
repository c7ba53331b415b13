// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { takeLock } from "./lock.ts";

const folder = mkdtempSync(join(tmpdir(), "sigedge-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("makes the folder of the state: the first run of a machine has none", () => {
  const state = join(folder, "cache", "sigedge", "monitor", "state.json");
  const lock = takeLock(state);
  expect(lock.ok).toBe(true);
  expect(existsSync(`${state}.lock`)).toBe(true);
});

it("names the place that cannot be written", () => {
  writeFileSync(join(folder, "file"), "");
  const state = join(folder, "file", "more", "state.json");
  expect(takeLock(state)).toEqual({
    ok: false,
    error: `${state}.lock cannot be written (ENOTDIR): choose another place with --state`,
  });
});
