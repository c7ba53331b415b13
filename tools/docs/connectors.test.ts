// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { renderConnectors } from "./connectors.ts";

it("docs/reference/connectors.md has the members that are read", () => {
  const page = readFileSync(join(ROOT, "docs/reference/connectors.md"), "utf8");
  expect(page, "npm run reference writes it").toBe(renderConnectors());
  for (const name of ["hostedDomains", "orgs", "tenant", "teamDomain"]) expect(page).toContain(`| \`${name}\` |`);
});
