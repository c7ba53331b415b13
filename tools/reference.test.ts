// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { routesPage, settingsPage } from "./reference.ts";

const committed = (page: string): string => readFileSync(join(ROOT, "docs", "reference", page), "utf8");

it("has written the committed pages: otherwise run `npm run reference`", () => {
  expect(committed("settings.md")).toBe(settingsPage());
  expect(committed("routes.md")).toBe(routesPage());
});

it("describes every setting and every route", () => {
  for (const page of [settingsPage(), routesPage()]) expect(page).not.toMatch(/\|\s*\|\s*\|$/m);
  expect(settingsPage()).not.toMatch(/\|\s*\|$/m);
});
