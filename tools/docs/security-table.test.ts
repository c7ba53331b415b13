// SPDX-License-Identifier: Apache-2.0
// The security table of docs/sign-in.md: each answer names tests that exist, and breaks that these tests notice.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../cli/root.ts";
import { readMutations } from "../mutations.ts";
import { listFiles } from "./repository.ts";

const page = readFileSync(join(ROOT, "docs/sign-in.md"), "utf8");
const files = listFiles().filter((file) => file.endsWith(".test.ts"));
const mutations = readMutations(ROOT);

interface Row {
  readonly point: string;
  /** Files of tests, each with parts of its tests' titles. */
  readonly tests: readonly { readonly file: string; readonly titles: readonly string[] }[];
  readonly breaks: readonly string[];
}

/** Reads `| point | answer | tests | breaks |`. */
const ROWS: readonly Row[] = (page.split("| point | answer | test | break |")[1]?.split("\n\n")[0] ?? "")
  .split("\n")
  .slice(2)
  .map((line) => {
    const [point = "", , tests = "", breaks = ""] = line.replaceAll("\\|", "").split("|").slice(1, -1);
    return {
      point: point.trim(),
      tests: tests.split(";").map((part) => ({
        file: /`([^`]+\.test\.ts)`(?: of \w+)?/.exec(part)?.[1] ?? "",
        titles: Array.from(part.matchAll(/\*([^*]+)\*/g), ([, title = ""]) => title),
      })),
      breaks: Array.from(breaks.matchAll(/`([^`]+)`/g), ([, name = ""]) => name),
    };
  });

it("has a row for each point", () => expect(ROWS.length).toBeGreaterThan(30));

it.each(ROWS)("$point", ({ tests, breaks }) => {
  for (const { file, titles } of tests) {
    const texts = files.filter((one) => basename(one) === file).map((one) => readFileSync(join(ROOT, one), "utf8"));
    expect([file, texts.length > 0]).toEqual([file, true]);
    for (const title of titles)
      for (const part of title.split("…")) {
        const isThere = texts.some((text) => text.includes(part.trim()));
        expect([file, part, isThere]).toEqual([file, part, true]);
      }
  }
  for (const name of breaks) {
    const mutation = mutations.find((one) => one.name === name);
    expect([name, mutation !== undefined]).toEqual([name, true]);
  }
});
