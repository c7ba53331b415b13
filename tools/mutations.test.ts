// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";
import { applyMutation, readMutations } from "./mutations.ts";

describe("every mutation", () => {
  it.each(readMutations(ROOT))("applies to the sources, each hunk exactly once: $name", (mutation) => {
    const applied = applyMutation(mutation, ROOT);
    expect(applied.ok ? [] : applied.error).toEqual([]);
    expect(mutation.tests.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe("docs/log.md", () => {
  const [, section = ""] = readFileSync(join(ROOT, "docs/log.md"), "utf8").split("## Why the invariants hold\n");
  const rows = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => /^\| [\d–]/.test(line));
  const groups = rows.flatMap((row) => {
    const [, name = "", , mutations = ""] = row.split(/ ?\| ?/);
    const [invariant = ""] = name.split(" ");
    return Array.from(mutations.matchAll(/`([a-z0-9]+-)\*`/g), ([, prefix = ""]) => ({ invariant, prefix }));
  });

  it.each(readMutations(ROOT))("names the mutation $name once, beside the invariant that it breaks", (mutation) => {
    const named = groups.filter(({ prefix }) => mutation.name.startsWith(prefix));
    const expected = /^\d+$/.test(mutation.invariant) ? mutation.invariant : "–";
    expect(named.map(({ invariant }) => invariant)).toEqual([expected]);
  });

  it("names no mutation that does not exist", () => {
    const names = readMutations(ROOT).map(({ name }) => name);
    expect(groups.filter(({ prefix }) => !names.some((name) => name.startsWith(prefix)))).toEqual([]);
    expect(groups.length).toBeGreaterThan(11);
  });
});
