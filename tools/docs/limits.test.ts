// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { readConstant, renderLimits } from "./limits.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

it("docs/reference/limits.md has the limits of the code", () => {
  expect(read("docs/reference/limits.md"), "npm run reference writes it").toBe(renderLimits(read));
  expect(renderLimits(read).match(/^\| `[A-Z]+` \| [^?]/gm)).toHaveLength(3);
});

it.each([
  ["const A = 32;", 32],
  ["const B = 1;\nexport const A = 4 * 1024 * 1_024;\n", 4 * 1024 * 1024],
])("reads the constant of %j", (source, value) => {
  expect(readConstant(source, "A")).toBe(value);
});

it.each(["", "const AB = 1;", "const A = B * 2;", "const A = 1.5;"])("finds no constant in %j", (source) => {
  expect(() => readConstant(source, "A")).toThrow("the constant A is missing");
});
