// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { loadCommands } from "../cli/sigedge.ts";
import { COMMANDS_PAGE, commandsPage } from "./reference-commands.ts";

it("docs/reference/commands.md says what the commands say", async () => {
  const page = readFileSync(join(ROOT, COMMANDS_PAGE), "utf8");
  expect(page, "node tools/reference-commands.ts writes it").toBe(commandsPage(await loadCommands()));
});
