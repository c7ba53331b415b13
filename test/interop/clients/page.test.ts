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
const NOT_RUN = new Set([
  "models.md: Install",
  "python-packages.md: Install",
  "witness.md: Sign",
  // clients/npm.ts runs it, with a proxy of its own.
  "npm.md: What the npm command can and cannot do",
]);
/** integration-pages.test.ts takes these blocks by their place on the page, and runs every one. */
const RUN_BY_PLACE: Readonly<Record<string, number>> = {
  "github-actions.md": 2,
  "gitlab-ci.md": 1,
  "go-releases.md": 3,
  "jenkins.md": 1,
  "npm.md": 3,
};
/** Run by hand, as no registry has these programs: docs/clients.md, Run by hand. */
const BY_HAND = "monitors.md";

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

  const others = blocks.filter(({ place }) => !NOT_RUN.has(place));
  it.each(others.filter(({ page }) => !(page in RUN_BY_PLACE) && page !== BY_HAND))("$place is run", (block) => {
    expect(isRun(block), block.code).toBe(true);
  });

  it.each(Object.entries(RUN_BY_PLACE))("%s has the %d blocks that are run by their place", (page, count) => {
    expect(others.filter((block) => block.page === page)).toHaveLength(count);
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
