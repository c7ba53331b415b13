// SPDX-License-Identifier: Apache-2.0
// Names of Object.prototype ("constructor", "__proto__") are members of every object literal. A table into which text
// from outside looks must not have them: it is a Map, or its reader asks Object.hasOwn first.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../cli/root.ts";

const FILES = globSync("{shared,workers,web,cli,local}/**/*.ts", { cwd: ROOT }).filter(
  (path) => !path.endsWith(".test.ts"),
);

/** A constant whose type lets any text be looked up. */
const TABLE = /^(?:export )?const (\w+): (?:Readonly<)?Record<string,/gm;

/** The tables of a source text that are looked into without Object.hasOwn. */
function unguardedTables(source: string): readonly string[] {
  const names = Array.from(source.matchAll(TABLE), ([, name = ""]) => name);
  return names.filter((name) => source.includes(`${name}[`) && !source.includes(`Object.hasOwn(${name},`));
}

describe("tables of arbitrary names", () => {
  it.each(FILES)("are Maps, or guarded by Object.hasOwn, in %s", (path) => {
    expect(unguardedTables(readFileSync(join(ROOT, path), "utf8"))).toEqual([]);
  });

  it("are found where they are not", () => {
    const table = "const HASHES: Readonly<Record<string, number>> = { a: 1 };\n";
    expect(unguardedTables(`${table}HASHES[text]`)).toEqual(["HASHES"]);
    expect(unguardedTables(`export ${table}Object.hasOwn(HASHES, text) ? HASHES[text] : 0`)).toEqual([]);
    expect(unguardedTables(`${table}Object.entries(HASHES)`)).toEqual([]);
  });
});
