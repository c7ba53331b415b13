// SPDX-License-Identifier: Apache-2.0
// The pages of docs/integrations print only commands and configurations that the suite runs.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../cli/root.ts";
import { CLIENTS, operationsOf, TRANSPORTS } from "./clients.ts";
import { changeCommand, readPageBlock } from "./page.ts";

const PAGES = join(ROOT, "docs/integrations");
const TESTS = join(ROOT, "test/interop");
/**
 * tools/interop-tools.ts installs what the first two install. The third has flags of a command that is not in the
 * suite.
 */
const NOT_RUN = new Set(["models.md: Install", "python-packages.md: Install", "witness.md: Sign"]);

const commands = CLIENTS.flatMap((client) =>
  TRANSPORTS.flatMap((transport) => operationsOf(client, transport).map(({ run }) => run)),
);
const tests = readdirSync(TESTS)
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(TESTS, file), "utf8"));

interface Block {
  readonly place: string;
  readonly page: string;
  readonly heading: string;
  readonly code: string;
}

const blocks: readonly Block[] = readdirSync(PAGES).flatMap((page) =>
  readFileSync(join(PAGES, page), "utf8")
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const heading = section.split("\n")[0] ?? "";
      return [...section.matchAll(/^```\w*\n(.*?)\n```$/gms)].map(([, code = ""]) => ({
        place: `${page}: ${heading}`,
        page,
        heading,
        code,
      }));
    }),
);

/** Placeholders of a block, which a client's commands fill with the instance's own. */
const PASTED = /TUF_ROOT|TRUSTED_ROOT/;

/** A block is run if a client's commands contain it, or if a test reads the block below its heading. */
const isRun = ({ page, heading, code }: Block): boolean =>
  commands.some((command) => code.split(PASTED).every((part) => command.includes(part))) ||
  tests.some((test) => test.includes(`"${page}"`) && test.includes(`"${heading}"`));

describe("the pages of docs/integrations", () => {
  it("hold blocks of code", () => {
    expect(new Set(blocks.map(({ page }) => page)).size).toBe(readdirSync(PAGES).length);
  });

  it.each(blocks.filter(({ place }) => !NOT_RUN.has(place)))("$place is run", (block) => {
    expect(isRun(block), block.code).toBe(true);
  });
});

describe("readPageBlock", () => {
  it("rejects a heading and a language that the page does not have", () => {
    expect(() => readPageBlock("models.md", "Nothing")).toThrow('no sh below "Nothing"');
    expect(() => readPageBlock("models.md", "Verify", "yaml")).toThrow('no yaml below "Verify"');
  });
});

describe("changeCommand", () => {
  it("rejects a change that changes nothing, which would make a forgery the valid command", () => {
    expect(changeCommand("verify alice", "alice", "bob")).toBe("verify bob");
    expect(() => changeCommand("verify alice", "carol", "bob")).toThrow("carol is not in: verify alice");
  });
});
