// SPDX-License-Identifier: Apache-2.0
// The same questions to dex and to the built-in provider. docs/dex.md has the answers of both; SIGEDGE_WRITE_TABLES=1
// writes them. A row says why the two differ exactly if they do.

import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { currentTable } from "../clients/results.ts";
import { BEHAVIORS } from "./behaviors.ts";
import { type Subject, startDexSubject, startOwnSubject } from "./subject.ts";

let subjects: readonly [dex: Subject, here: Subject];
beforeAll(async () => {
  subjects = await Promise.all([startDexSubject(), startOwnSubject()]);
});
afterAll(async () => {
  for (const subject of subjects ?? []) await subject.stop();
});
beforeEach(() => {
  for (const { upstream } of subjects) upstream.nastiness = {};
});

const DIFFERENCES: string[][] = [];
const AGREEMENTS: string[][] = [];

it.each(BEHAVIORS)("$what", async ({ what, observe, why }) => {
  const [dex, here] = [await observe(subjects[0]), await observe(subjects[1])];
  const differs = dex !== here;
  expect({ dex, here, differs }, "a row has a reason exactly if the two differ").toStrictEqual({
    dex,
    here,
    differs: why !== null,
  });
  if (why === null) AGREEMENTS.push([what, here]);
  else DIFFERENCES.push([what, dex, here, why]);
});

const formatTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

describe("docs/dex.md", () => {
  it.each([
    { section: "differences", rows: DIFFERENCES, head: ["what", "dex", "here", "why"] },
    { section: "agreements", rows: AGREEMENTS, head: ["what", "both"] },
  ])("has the $section", ({ section, rows, head }) => {
    const { path, text } = currentTable("docs/dex.md", section, formatTable(head, rows));
    if (process.env["SIGEDGE_WRITE_TABLES"] === "1") writeFileSync(path, text);
    expect(readFileSync(path, "utf8"), "npm run interop-table writes it").toBe(text);
  });
});
